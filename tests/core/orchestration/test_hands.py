"""What is in a person's hands comes back to a person, and what somebody froze meanwhile does not leave."""

from uuid import UUID

import pytest

from core.identity import customers
from core.identity.customers import CustomerView
from core.identity.models import CustomerStatus
from core.ledger import posting
from core.ledger.movements import Movement, ReleaseHold
from core.orchestration import outcomes
from core.orchestration.engine import compensation, dispatch
from core.orchestration.hands import deadletters
from core.orchestration.models import DeadLetter
from core.providers.contract import Operation, OutcomeUnknown, Report, Stage, Unavailable
from tests.core.orchestration import fakes, world
from tests.core.orchestration.fakes import said

pytestmark = pytest.mark.django_db
REASON = "looked into it"


def _again(made: UUID, times: int) -> None:
    for _ in range(times):
        world.open_breakers()
        world.due_now(made)
        world.work()


def _freeze(owner: CustomerView) -> None:
    customers.set_status(customer_id=owner.id, status=CustomerStatus.FROZEN, actor="staff:1", reason=REASON)


def _withdrawal(bank: fakes.FakeProvider, *answers: fakes.Step) -> tuple[CustomerView, UUID]:
    ana = world.customer("ana", units=10_000)
    world.cover()
    bank.submits = list(answers)
    made = world.start(ana, world.wish("withdrawal", "20.00", by=world.bank(ana)))
    world.work()
    return ana, made


def test_a_provider_that_falls_silent_after_many_answers_is_put_before_a_person(bank: fakes.FakeProvider) -> None:
    _, made = _withdrawal(bank, said(Stage.ACCEPTED))
    bank.statuses = [said(Stage.ACCEPTED)] * 15 + [OutcomeUnknown()] * 12

    _again(made, 15)
    assert DeadLetter.objects.count() == 0
    _again(made, 12)

    assert [letter.error for letter in DeadLetter.objects.all()] == ["outcome_unknown"]


def test_a_provider_that_answers_for_ever_and_never_ends_it_is_put_before_a_person_once(
    bank: fakes.FakeProvider,
) -> None:
    ana, made = _withdrawal(bank, said(Stage.ACCEPTED))
    bank.statuses = [said(Stage.ACCEPTED)] * 4
    _again(made, 1)
    assert DeadLetter.objects.count() == 0

    world.made_long_ago(made)
    _again(made, 2)

    (letter,) = DeadLetter.objects.all()
    assert (letter.error, letter.source) == ("late_at_provider", "outcome")
    assert world.see(made).due_at is not None
    bank.statuses = [said(Stage.SETTLED)]
    _again(made, 1)
    assert world.see(made).state == "COMPLETED"
    assert world.figures(ana) == (8_000, 0, 0)


def test_a_replayed_question_that_stays_open_comes_back_to_a_person(bank: fakes.FakeProvider) -> None:
    _, made = _withdrawal(bank, OutcomeUnknown())
    bank.statuses = [OutcomeUnknown()] * 30
    _again(made, 11)
    letter = DeadLetter.objects.get()

    deadletters.replay(letter_id=letter.id, actor="staff:1", reason=REASON)
    _again(made, 12)

    assert [one.state for one in DeadLetter.objects.order_by("id")] == ["REPLAYED", "OPEN"]


def test_what_could_not_be_undone_comes_back_when_its_letter_is_thrown_away(bank: fakes.FakeProvider) -> None:
    ana, made = _withdrawal(bank, said(Stage.ACCEPTED))
    freed = ReleaseHold(hold_id=world.see(made).reservation_id or made)
    posting.post(movements=[Movement(ref=made, operations=(freed,))])
    (attempt,) = world.attempts(made)
    canceled = Report(operation=Operation.PAYOUT, stage=Stage.CANCELED, provider_ref="ref_1", key=attempt.key)
    outcomes.apply([outcomes.Reported(provider="increase", source="webhook", report=canceled)])
    world.work()
    first = DeadLetter.objects.get()

    deadletters.discard(letter_id=first.id, actor="staff:1", reason=REASON)
    for _ in range(3):
        compensation.compensate(world.see(made), [])

    assert [(one.error, one.state) for one in DeadLetter.objects.order_by("id")] == [
        ("hold_not_open", "DISCARDED"),
        ("undo_failed", "OPEN"),
    ]
    assert world.see(made).state == "COMPENSATING"
    assert world.figures(ana) == (10_000, 0, 0)


def test_a_customer_frozen_between_reserving_and_sending_pays_nothing_out(
    bank: fakes.FakeProvider, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as died:
        died.setattr(dispatch, "dispatch", lambda *_: [])
        ana, made = _withdrawal(bank)
    assert world.see(made).state == "BALANCE_RESERVED"
    _freeze(ana)

    world.due_now(made)
    world.work()

    assert (world.see(made).state, world.see(made).reason) == ("FAILED", "account_frozen")
    assert bank.orders == []
    assert world.figures(ana) == (10_000, 0, 0)


def test_a_customer_frozen_before_a_second_send_pays_nothing_out(bank: fakes.FakeProvider) -> None:
    ana, made = _withdrawal(bank, Unavailable())
    assert world.attempts(made)[0].state == "PREPARED"
    _freeze(ana)

    world.due_now(made)
    world.work()

    assert (world.see(made).state, world.see(made).reason) == ("FAILED", "account_frozen")
    assert [one.state for one in world.attempts(made)] == ["NOT_EXECUTED"]
    assert len(bank.orders) == 1
    assert world.figures(ana) == (10_000, 0, 0)


def test_a_frozen_customer_is_still_asked_about_what_was_sent(bank: fakes.FakeProvider) -> None:
    ana, made = _withdrawal(bank, said(Stage.ACCEPTED))
    _freeze(ana)
    bank.statuses = [said(Stage.SETTLED)]

    world.due_now(made)
    world.work()

    assert world.see(made).state == "COMPLETED"
    assert world.figures(ana) == (8_000, 0, 0)
