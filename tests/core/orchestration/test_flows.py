"""The life of each kind, from accepted to its end, with every figure."""

from datetime import timedelta

import pytest

from core.kernel import clock
from core.providers.contract import (
    Operation,
    Order,
    OutcomeUnknown,
    Query,
    RateLimited,
    Rejected,
    Report,
    Stage,
    Unavailable,
)
from tests.core.orchestration import fakes, world
from tests.core.orchestration.fakes import said

pytestmark = pytest.mark.django_db


def test_a_transfer_moves_the_amount_and_the_fee_at_once() -> None:
    ana, bruno = world.customer("ana", units=1_000), world.customer("bruno")

    made = world.start(ana, world.wish("transfer", "5.25", to=bruno))
    world.work()

    assert world.path(made) == [
        "INITIATED",
        "VALIDATING",
        "KYC_VERIFICATION",
        "COMPLIANCE_CHECK",
        "BALANCE_RESERVED",
        "COMPLETED",
    ]
    assert world.figures(ana) == (475, 0, 0)
    assert world.figures(bruno) == (500, 0, 0)
    assert world.system("fee:platform") == 25


def test_a_card_deposit_is_posted_as_money_md_works_it_out(bank: fakes.FakeProvider) -> None:
    ana = world.customer("ana")
    bank.submits = [said(Stage.SETTLED)]

    made = world.start(ana, world.wish("deposit", "100.00", by=world.card(ana)))
    world.work()

    assert world.see(made).state == "COMPLETED"
    assert world.figures(ana) == (9_630, 0, 0)
    assert world.system("ext:increase:pending") == -10_000
    assert (world.system("fee:platform"), world.system("fee:provider")) == (50, 320)
    assert [order.amount.text for order in bank.orders] == ["100.00"]


def test_a_deposit_under_way_shows_as_incoming_and_is_not_spendable(bank: fakes.FakeProvider) -> None:
    ana = world.customer("ana")
    bank.submits = [said(Stage.ACCEPTED)]

    made = world.start(ana, world.wish("deposit", "100.00", by=world.card(ana)))
    world.work()

    assert world.see(made).state == "PROVIDER_PROCESSING"
    assert world.figures(ana) == (0, 0, 9_630)


def test_a_withdrawal_goes_through_the_bank_and_is_paid_when_settled(bank: fakes.FakeProvider) -> None:
    ana = world.customer("ana", units=10_000)
    world.cover()
    bank.submits = [said(Stage.ACCEPTED)]
    bank.statuses = [said(Stage.SUBMITTED), said(Stage.SETTLED)]

    made = world.start(ana, world.wish("withdrawal", "20.00", side="target", by=world.bank(ana)))
    world.work()
    fees = int(world.see(made).debit_units or 0) - 2_000
    assert world.figures(ana) == (10_000, 2_000 + fees, 0)
    assert world.system("ext:increase:in_transit") == -2_000
    for _ in range(2):
        world.due_now(made)
        world.work()

    assert world.path(made)[5:] == [
        "SENT_TO_PROVIDER",
        "PROVIDER_PROCESSING",
        "BANK_PROCESSING",
        "CLEARING",
        "PROVIDER_CONFIRMING",
        "COMPLETED",
    ]
    assert world.figures(ana) == (10_000 - 2_000 - fees, 0, 0)
    assert world.system("ext:increase:in_transit") == 0
    assert world.system("ext:increase:available") == -(10_000_000 - 2_000)


def test_a_declined_card_ends_failed_with_the_reason_and_nothing_expected(bank: fakes.FakeProvider) -> None:
    ana = world.customer("ana")
    bank.submits = [Rejected(code="card_declined")]

    made = world.start(ana, world.wish("deposit", "100.00", by=world.card(ana)))
    world.work()

    assert (world.see(made).state, world.see(made).reason) == ("FAILED", "card_declined")
    assert world.figures(ana) == (0, 0, 0)
    assert [attempt.state for attempt in world.attempts(made)] == ["REJECTED"]


def test_a_provider_that_is_down_is_tried_three_times_and_then_the_money_is_free(bank: fakes.FakeProvider) -> None:
    ana = world.customer("ana", units=10_000)
    world.cover()
    bank.submits = [Unavailable(), Unavailable(), Unavailable()]

    made = world.start(ana, world.wish("withdrawal", "20.00", by=world.bank(ana)))
    world.work()
    for _ in range(3):
        world.due_now(made)
        world.work()

    assert (world.see(made).state, world.see(made).reason) == ("FAILED", "provider_unavailable")
    assert world.figures(ana) == (10_000, 0, 0)
    assert len(bank.orders) == 3
    assert len({order.key for order in bank.orders}) == 1


def test_a_rate_limit_is_waited_out_and_not_held_against_the_transaction(bank: fakes.FakeProvider) -> None:
    ana = world.customer("ana")
    bank.submits = [RateLimited(retry_after_s=30), said(Stage.SETTLED)]

    made = world.start(ana, world.wish("deposit", "100.00", by=world.card(ana)))
    world.work()
    assert len(bank.orders) == 1
    world.due_now(made)
    world.work()

    assert world.see(made).state == "COMPLETED"


def test_a_provider_that_is_asked_too_often_is_left_alone_for_as_long_as_it_says(bank: fakes.FakeProvider) -> None:
    ana = world.customer("ana", units=10_000)
    world.cover()
    bank.submits = [said(Stage.ACCEPTED)]
    bank.statuses = [RateLimited(retry_after_s=900)]
    made = world.start(ana, world.wish("withdrawal", "20.00", by=world.bank(ana)))
    world.work()

    world.due_now(made)
    world.work()

    due_at = world.see(made).due_at
    assert due_at is not None
    assert due_at > clock.SYSTEM.now() + timedelta(seconds=800)


def test_a_silent_provider_is_asked_and_the_outcome_applied_once(bank: fakes.FakeProvider) -> None:
    ana = world.customer("ana", units=10_000)
    world.cover()
    bank.submits = [OutcomeUnknown()]
    bank.statuses = [said(Stage.SETTLED)]

    made = world.start(ana, world.wish("withdrawal", "20.00", by=world.bank(ana)))
    world.work()
    assert [attempt.state for attempt in world.attempts(made)] == ["UNKNOWN"]
    assert world.figures(ana) == (10_000, 2_000, 0)
    world.due_now(made)
    world.work()

    assert world.see(made).state == "COMPLETED"
    assert world.figures(ana) == (8_000, 0, 0)
    assert len(bank.orders) == 1


def test_what_is_proven_absent_is_sent_again_under_the_same_key(bank: fakes.FakeProvider) -> None:
    ana = world.customer("ana", units=10_000)
    world.cover()
    bank.submits = [OutcomeUnknown(), said(Stage.SETTLED)]
    bank.statuses = [None]

    made = world.start(ana, world.wish("withdrawal", "20.00", by=world.bank(ana)))
    world.work()
    world.due_now(made)
    world.work()

    assert world.see(made).state == "COMPLETED"
    assert len({order.key for order in bank.orders}) == 1
    assert [attempt.state for attempt in world.attempts(made)] == ["SUCCEEDED"]


def test_a_worker_that_dies_while_sending_again_leaves_an_attempt_that_may_have_been_executed(
    bank: fakes.FakeProvider,
) -> None:
    ana = world.customer("ana", units=10_000)
    world.cover()
    states = []

    def dies(asked: Order | Query) -> Report:
        states.append([attempt.state for attempt in world.attempts(made)])
        raise SystemExit

    bank.submits = [Unavailable(), dies]
    made = world.start(ana, world.wish("withdrawal", "20.00", by=world.bank(ana)))
    world.work()
    world.due_now(made)
    with pytest.raises(SystemExit):
        world.work()

    assert states == [["SENT"]]
    assert [attempt.state for attempt in world.attempts(made)] == ["SENT"]
    assert world.figures(ana) == (10_000, 2_000, 0)


def test_after_sending_again_absence_is_believed_only_when_that_request_cannot_be_on_its_way(
    bank: fakes.FakeProvider,
) -> None:
    ana = world.customer("ana", units=10_000)
    world.cover()
    bank.capabilities = (fakes.capability(Operation.PAYOUT, "ach", proof_after_s=60.0),)
    bank.submits = [Unavailable(), OutcomeUnknown()]
    bank.statuses = [None]
    made = world.start(ana, world.wish("withdrawal", "20.00", by=world.bank(ana)))
    world.work()
    world.sent_long_ago(made)
    world.due_now(made)
    world.work()
    world.due_now(made)
    world.work()

    assert [attempt.state for attempt in world.attempts(made)] == ["UNKNOWN"]
    assert len(bank.orders) == 2


def test_an_old_key_is_looked_up_and_never_sent_again(bank: fakes.FakeProvider) -> None:
    ana = world.customer("ana", units=10_000)
    world.cover()
    bank.submits = [OutcomeUnknown()]
    bank.statuses = [OutcomeUnknown(), said(Stage.SETTLED)]
    made = world.start(ana, world.wish("withdrawal", "20.00", by=world.bank(ana)))
    world.work()
    world.due_now(made)
    world.work()
    world.made_long_ago(made)
    world.due_now(made)
    world.work()

    assert [query.order is not None for query in bank.queries] == [True, False]
    assert world.see(made).state == "COMPLETED"


def test_a_payout_that_the_bank_gives_up_after_accepting_is_compensated(bank: fakes.FakeProvider) -> None:
    ana = world.customer("ana", units=10_000)
    world.cover()
    bank.submits = [said(Stage.ACCEPTED)]
    bank.statuses = [said(Stage.DECLINED, reason="account_closed")]

    made = world.start(ana, world.wish("withdrawal", "20.00", by=world.bank(ana)))
    world.work()
    world.due_now(made)
    world.work()

    assert world.path(made)[-2:] == ["COMPENSATING", "COMPENSATED"]
    assert world.figures(ana) == (10_000, 0, 0)
    assert world.system("ext:increase:in_transit") == 0
    assert world.system("ext:increase:available") == -10_000_000


def test_too_little_money_ends_the_transaction_and_holds_nothing() -> None:
    ana, bruno = world.customer("ana", units=1_000), world.customer("bruno")
    first = world.start(ana, world.wish("transfer", "9.00", to=bruno))
    second = world.start(ana, world.wish("transfer", "8.00", to=bruno))

    world.work()

    assert world.see(first).state == "COMPLETED"
    assert (world.see(second).state, world.see(second).reason) == ("FAILED", "insufficient_funds")
    assert world.figures(ana) == (100, 0, 0)


def test_a_reservation_past_its_deadline_expires_and_the_money_is_free(bank: fakes.FakeProvider) -> None:
    ana = world.customer("ana", units=10_000)
    world.cover()
    made = world.start(ana, world.wish("withdrawal", "20.00", by=world.bank(ana)))
    bank.capabilities = ()
    world.work()
    assert world.see(made).state == "BALANCE_RESERVED"
    assert world.figures(ana) == (10_000, 2_000, 0)

    world.past_deadline(made)
    world.work()

    assert (world.see(made).state, world.see(made).reason) == ("EXPIRED", "deadline_passed")
    assert world.figures(ana) == (10_000, 0, 0)
