"""Outcomes through the one door: late, doubled, reordered, contradicting, lying."""

from uuid import UUID

import pytest

from core.identity.customers import CustomerView
from core.kernel import assets
from core.kernel.money import Money
from core.orchestration import outcomes
from core.orchestration.models import DeadLetter, Transaction
from core.orchestration.outcomes import Reported, Result
from core.providers import states
from core.providers.contract import Operation, Order, OutcomeUnknown, Query, Report, Stage, Unavailable
from tests.core.orchestration import fakes, world
from tests.core.orchestration.fakes import said

pytestmark = pytest.mark.django_db
USD = assets.get("USD")


def _sent_withdrawal(bank: fakes.FakeProvider, *, stage: Stage = Stage.ACCEPTED) -> tuple[CustomerView, UUID]:
    ana = world.customer("ana", units=10_000)
    world.cover()
    bank.submits = [said(stage)]
    made = world.start(ana, world.wish("withdrawal", "20.00", by=world.bank(ana)))
    world.work()
    return ana, made


def _news(made: UUID, stage: Stage, *, units: int | None = None, destination: str = "", reason: str = "") -> Reported:
    (attempt,) = world.attempts(made)
    report = Report(
        operation=Operation(attempt.operation),
        stage=stage,
        provider_ref=attempt.provider_ref or "ref_1",
        key=attempt.key,
        amount=None if units is None else Money(units, USD),
        destination=destination,
        reason=reason,
    )
    return Reported(provider=attempt.provider, source="webhook", report=report)


def test_a_settlement_heard_five_times_is_posted_once(bank: fakes.FakeProvider) -> None:
    ana, made = _sent_withdrawal(bank)
    news = _news(made, Stage.SETTLED)

    results = outcomes.apply([news] * 5)

    assert results == [Result.APPLIED] + [Result.DUPLICATE] * 4
    assert world.see(made).state == "COMPLETED"
    assert world.figures(ana) == (8_000, 0, 0)


def test_older_news_after_newer_changes_nothing(bank: fakes.FakeProvider) -> None:
    ana, made = _sent_withdrawal(bank)

    results = outcomes.apply([_news(made, Stage.SETTLED), _news(made, Stage.SUBMITTED), _news(made, Stage.ACCEPTED)])

    assert results == [Result.APPLIED, Result.STALE, Result.STALE]
    assert world.figures(ana) == (8_000, 0, 0)


def test_a_webhook_before_our_own_answer_is_applied_and_the_answer_is_then_old(bank: fakes.FakeProvider) -> None:
    ana = world.customer("ana", units=10_000)
    world.cover()

    def answers_after_the_webhook(asked: Order | Query) -> Report:
        row = Transaction.objects.get()
        assert outcomes.apply([_news(row.id, Stage.SETTLED)]) == [Result.APPLIED]
        return said(Stage.ACCEPTED)(asked)

    bank.submits = [answers_after_the_webhook]
    made = world.start(ana, world.wish("withdrawal", "20.00", by=world.bank(ana)))
    world.work()

    assert world.see(made).state == "COMPLETED"
    assert world.figures(ana) == (8_000, 0, 0)
    assert world.attempts(made)[0].state == "SUCCEEDED"


def test_news_of_something_we_never_asked_is_unknown(bank: fakes.FakeProvider) -> None:
    _, made = _sent_withdrawal(bank)
    stranger = Report(operation=Operation.PAYOUT, stage=Stage.SETTLED, provider_ref="ref_other", key="other")

    results = outcomes.apply([Reported(provider="increase", source="webhook", report=stranger)])

    assert results == [Result.UNKNOWN_OPERATION]
    assert world.see(made).state == "PROVIDER_PROCESSING"


def test_another_provider_cannot_speak_about_this_attempt(bank: fakes.FakeProvider) -> None:
    _, made = _sent_withdrawal(bank)
    news = _news(made, Stage.SETTLED)

    results = outcomes.apply([Reported(provider="stripe", source="webhook", report=news.report)])

    assert results == [Result.UNKNOWN_OPERATION]
    assert world.see(made).state == "PROVIDER_PROCESSING"


def test_a_return_days_after_the_end_becomes_a_reversal(bank: fakes.FakeProvider) -> None:
    ana, made = _sent_withdrawal(bank)
    outcomes.apply([_news(made, Stage.SETTLED)])
    receive = int(world.see(made).receive_units or 0)

    results = outcomes.apply([_news(made, Stage.RETURNED, reason="no_account"), _news(made, Stage.RETURNED)])
    world.work()

    assert results == [Result.APPLIED, Result.DUPLICATE]
    parent, child = world.see(made), Transaction.objects.get(parent_id=made)
    assert (parent.state, parent.status) == ("COMPLETED", "reversed")
    assert (child.kind, child.state, child.reason) == ("reversal", "COMPLETED", "no_account")
    assert world.figures(ana) == (8_000 + receive, 0, 0)
    assert world.system("ext:increase:available") == -10_000_000


def test_a_return_before_settlement_is_compensated(bank: fakes.FakeProvider) -> None:
    ana, made = _sent_withdrawal(bank)

    outcomes.apply([_news(made, Stage.RETURNED, reason="no_account")])
    world.work()

    assert world.path(made)[-2:] == ["COMPENSATING", "COMPENSATED"]
    assert world.figures(ana) == (10_000, 0, 0)


def test_late_success_after_an_unavailable_provider_is_posted_and_a_person_told(bank: fakes.FakeProvider) -> None:
    ana = world.customer("ana")
    bank.submits = [Unavailable(), Unavailable(), Unavailable()]
    made = world.start(ana, world.wish("deposit", "100.00", by=world.card(ana)))
    world.work()
    for _ in range(3):
        world.due_now(made)
        world.work()
    assert world.see(made).state == "FAILED"

    results = outcomes.apply([_news(made, Stage.SETTLED)])
    world.work()

    assert results == [Result.BREAK]
    assert world.figures(ana) == (9_630, 0, 0)
    assert [letter.error for letter in DeadLetter.objects.all()] == ["settled_after_failed"]


def test_a_wrong_amount_parks_the_transaction_and_takes_the_provider_out(bank: fakes.FakeProvider) -> None:
    ana, made = _sent_withdrawal(bank)

    results = outcomes.apply([_news(made, Stage.SETTLED, units=999)])

    assert results == [Result.BREAK]
    assert (world.see(made).state, world.see(made).due_at) == ("PROVIDER_PROCESSING", None)
    assert world.figures(ana) == (10_000, 2_000, 0)
    assert [letter.error for letter in DeadLetter.objects.all()] == ["amount_mismatch"]
    assert states.current()["increase"] is states.Mode.DRAINED


def test_a_wrong_destination_parks_the_transaction(bank: fakes.FakeProvider) -> None:
    _, made = _sent_withdrawal(bank)

    assert outcomes.apply([_news(made, Stage.SETTLED, destination="9999")]) == [Result.BREAK]

    assert [letter.error for letter in DeadLetter.objects.all()] == ["destination_mismatch"]


def test_a_status_we_do_not_know_never_settles_money(bank: fakes.FakeProvider) -> None:
    ana, made = _sent_withdrawal(bank)

    assert outcomes.apply([_news(made, Stage.UNMAPPED)]) == [Result.APPLIED]

    assert world.see(made).state == "PROVIDER_PROCESSING"
    assert world.figures(ana) == (10_000, 2_000, 0)


def test_an_answer_we_do_not_understand_still_tells_by_which_id_to_ask(bank: fakes.FakeProvider) -> None:
    ana, made = _sent_withdrawal(bank, stage=Stage.UNMAPPED)
    bank.statuses = [said(Stage.SETTLED)]

    world.due_now(made)
    world.work()

    assert [(query.provider_ref, query.order) for query in bank.queries] == [("ref_1", None)]
    assert world.figures(ana) == (8_000, 0, 0)


def test_a_provider_that_never_says_is_put_before_a_person_with_the_money_held(bank: fakes.FakeProvider) -> None:
    ana = world.customer("ana", units=10_000)
    world.cover()
    bank.submits = [OutcomeUnknown()]
    bank.statuses = [OutcomeUnknown() for _ in range(12)]
    made = world.start(ana, world.wish("withdrawal", "20.00", by=world.bank(ana)))
    world.work()

    for _ in range(11):
        world.open_breakers()
        world.due_now(made)
        world.work()

    assert world.figures(ana) == (10_000, 2_000, 0)
    assert [letter.error for letter in DeadLetter.objects.all()] == ["outcome_unknown"]
    assert world.see(made).due_at is not None
