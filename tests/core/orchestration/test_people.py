"""What people do: customers cancel and act, staff release, refuse and replay."""

from uuid import UUID

import pytest

from core.compliance import cases
from core.compliance.models import Case
from core.identity.customers import CustomerView
from core.kernel import errors, ids
from core.orchestration import outcomes
from core.orchestration.engine import sweeps
from core.orchestration.hands import cancel, deadletters, holdups
from core.orchestration.models import DeadLetter, Transaction
from core.orchestration.states import State
from core.providers.contract import Operation, OutcomeUnknown, Report, Stage
from tests.core.orchestration import fakes, world
from tests.core.orchestration.fakes import said

pytestmark = pytest.mark.django_db


def _cancel(owner: CustomerView, made: UUID) -> None:
    cancel.request(transaction_id=made, customer_id=owner.id, actor=f"customer:{owner.id.hex}")


def test_a_transaction_that_has_not_begun_is_cancelled_at_once() -> None:
    ana, bruno = world.customer("ana", units=1_000), world.customer("bruno")
    made = world.start(ana, world.wish("transfer", "5.25", to=bruno))

    _cancel(ana, made)
    world.work()

    assert (world.see(made).state, world.see(made).reason) == ("FAILED", "canceled_by_customer")
    assert world.figures(ana) == (1_000, 0, 0)


def test_what_a_provider_has_cannot_be_cancelled(bank: fakes.FakeProvider) -> None:
    ana = world.customer("ana", units=10_000)
    world.cover()
    bank.submits = [said(Stage.ACCEPTED)]
    made = world.start(ana, world.wish("withdrawal", "20.00", by=world.bank(ana)))
    world.work()

    with pytest.raises(cancel.TooLateToCancel):
        _cancel(ana, made)

    assert world.figures(ana) == (10_000, 2_000, 0)


def test_nobody_cancels_what_has_happened(bank: fakes.FakeProvider) -> None:
    """A charge-back is posted whatever its customer, or staff, would like."""
    ana = world.customer("ana")
    bank.submits = [said(Stage.SETTLED)]
    made = world.start(ana, world.wish("deposit", "100.00", by=world.card(ana)))
    world.work()
    (attempt,) = world.attempts(made)
    disputed = Report(operation=Operation.CHARGE, stage=Stage.DISPUTED, provider_ref="ref_1", key=attempt.key)
    outcomes.apply([outcomes.Reported(provider="increase", source="webhook", report=disputed)])
    child = Transaction.objects.get(parent_id=made)

    with pytest.raises(cancel.TooLateToCancel):
        _cancel(ana, child.id)
    with pytest.raises(cancel.TooLateToCancel):
        cancel.by_staff(transaction_id=child.id, actor="staff:1", reason="a friend of mine")
    world.work()

    assert world.see(child.id).state == "COMPLETED"
    assert world.figures(ana) == (0, 0, 0)


def test_nobody_cancels_what_is_somebody_elses() -> None:
    ana, bruno = world.customer("ana", units=1_000), world.customer("bruno")
    made = world.start(ana, world.wish("transfer", "5.25", to=bruno))

    with pytest.raises(errors.NotFound):
        _cancel(bruno, made)


def test_a_payment_that_waits_for_the_customer_is_cancelled_through_the_provider(bank: fakes.FakeProvider) -> None:
    ana = world.customer("ana")
    bank.submits = [said(Stage.ACTION_REQUIRED, action={"type": "redirect", "url": "https://bank.example/3ds"})]
    bank.cancels = [said(Stage.CANCELED)]
    made = world.start(ana, world.wish("deposit", "100.00", by=world.card(ana)))
    world.work()
    assert world.see(made).status == "requires_action"
    assert world.see(made).next_action == {"type": "redirect", "url": "https://bank.example/3ds"}

    _cancel(ana, made)
    world.work()

    assert (world.see(made).state, world.see(made).reason) == ("FAILED", "canceled_by_customer")
    assert world.figures(ana) == (0, 0, 0)


def test_a_payment_that_nobody_confirms_expires_when_the_provider_has_let_go(bank: fakes.FakeProvider) -> None:
    ana = world.customer("ana")
    bank.submits = [said(Stage.ACTION_REQUIRED, action={"type": "redirect", "url": "https://bank.example/3ds"})]
    bank.cancels = [said(Stage.CANCELED)]
    made = world.start(ana, world.wish("deposit", "100.00", by=world.card(ana)))
    world.work()

    world.past_deadline(made)
    world.work()

    assert (world.see(made).state, world.see(made).reason) == ("EXPIRED", "deadline_passed")
    assert world.figures(ana) == (0, 0, 0)


def test_a_customer_without_identity_is_held_up_and_released_by_a_person() -> None:
    ana, bruno = world.customer("ana", units=10_000, kyc_level=0), world.customer("bruno")
    made = world.start(ana, world.wish("transfer", "50.00", to=bruno))
    world.work()
    assert (world.see(made).state, world.see(made).status) == ("KYC_VERIFICATION", "requires_action")
    assert world.figures(ana) == (10_000, 5_000, 0)

    case = Case.objects.get(transaction_id=made)
    cases.decide(case_id=case.id, decision=cases.Decision.APPROVE, reason="Seen in person.", actor="staff:1")
    world.work()

    assert world.see(made).state == "COMPLETED"
    assert world.figures(ana) == (5_000, 0, 0)


def test_a_listed_recipient_stops_the_transfer_without_saying_why() -> None:
    ana, listed = world.customer("ana", units=10_000), world.customer("ximena", name="Ximena Tenebrosa Quimera")
    made = world.start(ana, world.wish("transfer", "50.00", to=listed))
    world.work()
    row = world.see(made)
    assert (row.state, row.status, row.reason) == ("COMPLIANCE_CHECK", "under_review", "")
    assert world.figures(ana) == (10_000, 5_000, 0)

    case = Case.objects.get(transaction_id=made)
    cases.decide(case_id=case.id, decision=cases.Decision.REFUSE, reason="True match.", actor="staff:1")
    world.work()

    assert (world.see(made).state, world.see(made).reason) == ("FAILED", "not_permitted")
    assert world.figures(ana) == (10_000, 0, 0)


def test_a_hold_up_is_decided_once() -> None:
    ana, bruno = world.customer("ana", units=10_000, kyc_level=0), world.customer("bruno")
    made = world.start(ana, world.wish("transfer", "50.00", to=bruno))
    world.work()
    holdups.refuse(transaction_id=made, actor="staff:1", reason="No.")

    with pytest.raises(errors.Conflict):
        holdups.release(transaction_id=made, stage=State.KYC_VERIFICATION, actor="staff:2", reason="Yes.")


def test_a_parked_transaction_goes_on_when_its_letter_is_replayed(bank: fakes.FakeProvider) -> None:
    ana = world.customer("ana", units=10_000)
    world.cover()
    bank.submits = [OutcomeUnknown()]
    bank.statuses = [*(OutcomeUnknown() for _ in range(12)), said(Stage.SETTLED)]
    made = world.start(ana, world.wish("withdrawal", "20.00", by=world.bank(ana)))
    world.work()
    for _ in range(11):
        world.open_breakers()
        world.due_now(made)
        world.work()
    letter = DeadLetter.objects.get()

    deadletters.replay(letter_id=letter.id, actor="staff:1", reason="The bank is back.")
    world.open_breakers()
    world.work()
    world.due_now(made)
    world.work()

    assert world.see(made).state == "COMPLETED"
    assert DeadLetter.objects.get().state == "REPLAYED"
    with pytest.raises(errors.Conflict):
        deadletters.replay(letter_id=letter.id, actor="staff:1", reason="Again.")


def test_a_row_without_a_schedule_gets_one_back() -> None:
    ana, bruno = world.customer("ana", units=1_000), world.customer("bruno")
    made = world.start(ana, world.wish("transfer", "5.25", to=bruno))
    Transaction.objects.filter(id=made).update(due_at=None, updated_at="2026-01-01T00:00:00Z")

    assert sweeps.orphans(limit=10) == 1
    world.work()

    assert world.see(made).state == "COMPLETED"


def test_a_client_reference_is_used_once() -> None:
    ana, bruno = world.customer("ana", units=1_000), world.customer("bruno")
    world.start(ana, world.wish("transfer", "5.25", to=bruno), reference="order-1")

    with pytest.raises(errors.Conflict) as refused:
        world.start(ana, world.wish("transfer", "5.25", to=bruno), reference="order-1")

    assert (refused.value.code, Transaction.objects.count()) == ("client_reference_used", 1)


def test_ids_are_public_with_their_prefix() -> None:
    ana, bruno = world.customer("ana", units=1_000), world.customer("bruno")
    made = world.start(ana, world.wish("transfer", "5.25", to=bruno))

    assert world.see(made).public_id == ids.render(ids.Prefix.TRANSACTION, made)
