"""The database refuses every step that the code does not declare."""

import pytest
from django.db import IntegrityError, connection, transaction

from banking.models import BankingTransaction
from core.orchestration import kinds
from core.orchestration.models import Event, Transaction
from core.orchestration.states import State
from tests.core.orchestration import world

pytestmark = pytest.mark.django_db
DECLARED = {(source, target) for source, target, _ in kinds.transitions_of(BankingTransaction)}


def _one() -> Transaction:
    ana, bruno = world.customer("ana", units=1_000), world.customer("bruno")
    return world.see(world.start(ana, world.wish("transfer", "5.25", to=bruno)))


def _refused(sql: str, *params: object) -> bool:
    try:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(sql, list(params))  # type: ignore[arg-type]  # plain values
    except IntegrityError:
        return True
    return False


@pytest.mark.parametrize("target", [state for state in State if (State.INITIATED, state) not in DECLARED])
def test_a_bulk_update_cannot_walk_around_the_states(target: State) -> None:
    row = _one()
    if target is State.INITIATED:
        return

    with pytest.raises(IntegrityError), transaction.atomic():
        Transaction.objects.filter(id=row.id).update(state=target)

    assert world.see(row.id).state == "INITIATED"


def test_a_trail_is_believed_only_hop_by_hop() -> None:
    row = _one()
    jump = "UPDATE orchestration_transaction SET state = %s, trail = %s WHERE id = %s"

    assert _refused(jump, "COMPLETED", ["INITIATED", "COMPLETED"], row.id)
    assert _refused(jump, "COMPLETED", ["BALANCE_RESERVED", "COMPLETED"], row.id)
    assert _refused(jump, "KYC_VERIFICATION", ["INITIATED", "VALIDATING"], row.id)
    assert not _refused(jump, "KYC_VERIFICATION", ["INITIATED", "VALIDATING", "KYC_VERIFICATION"], row.id)


def test_a_transaction_starts_at_the_beginning_and_is_never_deleted() -> None:
    row = _one()
    copy = "INSERT INTO orchestration_transaction SELECT (jsonb_populate_record(t, %s::jsonb)).*"
    copy += " FROM orchestration_transaction t WHERE id = %s"
    other = '{"id": "01a20338-e572-71f1-afbc-c712a6a180fd", "state": "COMPLETED"}'

    assert _refused(copy, other, row.id)
    assert _refused("DELETE FROM orchestration_transaction WHERE id = %s", row.id)


def test_the_timeline_is_append_only() -> None:
    row = _one()

    assert _refused("UPDATE orchestration_event SET actor = 'me' WHERE transaction_id = %s", row.id)
    assert _refused("DELETE FROM orchestration_event WHERE transaction_id = %s", row.id)
    assert Event.objects.filter(transaction_id=row.id).count() == 1


def test_a_row_loaded_as_the_base_cannot_move() -> None:
    row = Transaction.objects.get(id=_one().id)

    assert list(row._meta.get_field("state").get_all_transitions(type(row))) == []  # type: ignore[union-attr]  # an FSM field
    with pytest.raises(AttributeError):
        row.state = "COMPLETED"
