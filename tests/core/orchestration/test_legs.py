"""Transactions of several legs: in order, each with its own attempts, undone by calls, insisted on past the pivot."""

from __future__ import annotations

from uuid import UUID

import pytest

from core.identity import customers
from core.identity.customers import CustomerView
from core.identity.models import CustomerStatus
from core.kernel.money import Money
from core.orchestration import outcomes
from core.orchestration.hands import deadletters
from core.orchestration.models import AttemptState, DeadLetter
from core.providers import contract
from core.providers.contract import Operation, Stage
from tests.core.orchestration import fakes, journeys, world
from tests.core.orchestration.fakes import said

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("journey")]
ETH = "ETH:ethereum"


def test_legs_are_done_in_order_and_each_posts_what_it_did(
    treasury: fakes.FakeProvider, pool: fakes.FakeProvider
) -> None:
    treasury.submits = [said(Stage.SETTLED, ref="t1"), said(Stage.SETTLED, ref="t2")]
    pool.submits = [said(Stage.SETTLED, ref="p1")]

    ana, made = journeys.start()
    world.work()

    assert world.path(made)[-4:] == ["SENT_TO_PROVIDER", "PROVIDER_PROCESSING", "PROVIDER_CONFIRMING", "COMPLETED"]
    assert [(one.leg, one.number, str(one.state)) for one in world.attempts(made)] == [
        ("out", 1, "SUCCEEDED"),
        ("work", 2, "SUCCEEDED"),
        ("home", 3, "SUCCEEDED"),
    ]
    assert [order.operation for order in treasury.orders] == [Operation.CUSTODY_OUT, Operation.CUSTODY_IN]
    seen = world.see(made)
    assert (seen.leg, seen.results) == ("home", {"out": "done", "work": "done", "received": "1975"})
    assert seen.receive_units == 1975
    assert seen.fees is not None
    assert seen.fees["schedule_version"] == 0
    assert world.figures(ana) == (9_975, 0, 0)


def test_a_refusal_after_a_done_leg_is_undone_by_a_call_and_gas_stays_ours(
    treasury: fakes.FakeProvider, pool: fakes.FakeProvider
) -> None:
    gas = Money.of(21_000, ETH)
    treasury.submits = [said(Stage.SETTLED, ref="t1"), said(Stage.SETTLED, ref="t2")]
    pool.submits = [said(Stage.DECLINED, ref="p1", reason="reverted", costs=(gas,))]

    ana, made = journeys.start()
    world.work()

    assert world.path(made)[-2:] == ["COMPENSATING", "COMPENSATED"]
    assert world.see(made).reason == "reverted"
    assert [one.leg for one in world.attempts(made)] == ["out", "work", "undo:out"]
    assert treasury.orders[-1].operation is Operation.CUSTODY_IN
    assert world.figures(ana) == (10_000, 0, 0)
    assert world.system("ext:chain:treasury") == 0
    assert {row.name: row.total.units for row in world.queries.trial_balance() if row.asset == ETH} == {
        "ext:chain:gas": 21_000,
        "cost:network": -21_000,
    }


def test_an_undo_that_is_silent_is_asked_about_and_one_that_is_refused_is_tried_again(
    treasury: fakes.FakeProvider, pool: fakes.FakeProvider
) -> None:
    treasury.submits = [said(Stage.SETTLED, ref="t1"), contract.OutcomeUnknown(), said(Stage.SETTLED, ref="t3")]
    treasury.statuses = [said(Stage.DECLINED, ref="t2", reason="reverted")]
    pool.submits = [contract.Rejected(code="no_liquidity")]

    ana, made = journeys.start()
    world.work()
    assert world.see(made).state == "COMPENSATING"
    assert world.attempts(made)[-1].state == AttemptState.UNKNOWN
    world.due_now(made)
    world.work()

    assert world.see(made).state == "COMPENSATED"
    back = [one for one in world.attempts(made) if one.leg == "undo:out"]
    assert [str(one.state) for one in back] == ["REJECTED", "SUCCEEDED"]
    assert back[0].key != back[1].key
    assert world.figures(ana) == (10_000, 0, 0)


def _stranded(treasury: fakes.FakeProvider, pool: fakes.FakeProvider) -> tuple[CustomerView, UUID]:
    """Let a second leg fail whose first one nobody takes back."""
    refused = contract.Rejected(code="wallet_frozen")
    treasury.submits = [said(Stage.SETTLED, ref="t1"), refused, refused, refused]
    pool.submits = [contract.Rejected(code="no_liquidity")]
    ana, made = journeys.start()
    world.work()
    return ana, made


def test_an_undo_that_nobody_carries_out_goes_to_a_person_and_what_it_rests_on_stays_held(
    treasury: fakes.FakeProvider, pool: fakes.FakeProvider
) -> None:
    """What was held before the money went out cannot be given back while it is out."""
    ana, made = _stranded(treasury, pool)

    seen = world.see(made)
    assert (seen.state, seen.undo, seen.due_at) == ("COMPENSATING", ["limits", "reserved", "leg:out"], None)
    assert world.figures(ana) == (10_000, 2_000, 0)
    assert [(one.source, one.error) for one in DeadLetter.objects.all()] == [("undo", "wallet_frozen")]


def test_an_undo_that_a_person_replays_is_tried_again(treasury: fakes.FakeProvider, pool: fakes.FakeProvider) -> None:
    ana, made = _stranded(treasury, pool)
    letter = DeadLetter.objects.get(transaction_id=made)
    treasury.submits = [contract.Rejected(code="wallet_frozen"), said(Stage.SETTLED, ref="t9")]

    deadletters.replay(letter_id=letter.id, actor="staff:1", reason="The wallet is free again.")
    world.work()

    assert world.see(made).state == "COMPENSATED"
    assert world.figures(ana) == (10_000, 0, 0)
    assert world.system("ext:chain:treasury") == 0


def test_what_could_not_be_undone_comes_back_to_a_person_who_threw_it_away(
    treasury: fakes.FakeProvider, pool: fakes.FakeProvider
) -> None:
    _, made = _stranded(treasury, pool)
    deadletters.discard(letter_id=DeadLetter.objects.get().id, actor="staff:1", reason="I see nothing.")

    world.due_now(made)
    world.work()
    world.due_now(made)
    world.work()

    assert [one.state for one in DeadLetter.objects.order_by("id")] == ["DISCARDED", "OPEN"]
    assert len(treasury.orders) == 4


def test_an_undo_waits_for_as_long_as_nobody_can_be_reached_and_a_person_is_told_once(
    treasury: fakes.FakeProvider, pool: fakes.FakeProvider
) -> None:
    """An outage is no refusal: the coins lie at the customer's address until the chain can be reached again."""
    treasury.submits = [said(Stage.SETTLED, ref="t1"), *[contract.Unavailable()] * 15, said(Stage.SETTLED, ref="t2")]
    pool.submits = [contract.Rejected(code="no_liquidity")]
    ana, made = journeys.start()
    for _ in range(20):
        world.breaker.Breaker("treasury:custody_in").force_closed(actor="test", reason="test")
        world.work()
        world.due_now(made)
    world.work()

    assert world.see(made).state == "COMPENSATED"
    assert DeadLetter.objects.filter(transaction_id=made).count() == 1
    assert world.figures(ana) == (10_000, 0, 0)


def test_past_the_pivot_a_leg_is_tried_until_it_succeeds_and_a_person_is_told_once(
    treasury: fakes.FakeProvider, pool: fakes.FakeProvider
) -> None:
    treasury.submits = [
        said(Stage.SETTLED, ref="t1"),
        contract.Rejected(code="node_confused"),
        contract.Rejected(code="node_confused"),
        said(Stage.SETTLED, ref="t4"),
    ]
    pool.submits = [said(Stage.SETTLED, ref="p1")]

    ana, made = journeys.start()
    for _ in range(3):
        world.work()
        world.due_now(made)

    assert world.see(made).state == "COMPLETED"
    assert DeadLetter.objects.filter(transaction_id=made).count() == 1
    assert [str(one.state) for one in world.attempts(made)][-3:] == ["REJECTED", "REJECTED", "SUCCEEDED"]
    assert world.figures(ana) == (9_975, 0, 0)


def test_a_hint_makes_the_engine_ask_at_once(treasury: fakes.FakeProvider, pool: fakes.FakeProvider) -> None:
    treasury.submits = [said(Stage.ACCEPTED, ref="t1"), said(Stage.SETTLED, ref="t2")]
    treasury.statuses = [said(Stage.SETTLED, ref="t1")]
    pool.submits = [said(Stage.SETTLED, ref="p1")]
    _, made = journeys.start()
    world.work()
    assert world.work() == 0

    outcomes.ask_now([world.attempts(made)[0].key])
    world.work()

    assert world.see(made).state == "COMPLETED"


def test_late_news_of_a_leg_that_is_done_changes_nothing(
    treasury: fakes.FakeProvider, pool: fakes.FakeProvider
) -> None:
    treasury.submits = [said(Stage.SETTLED, ref="t1"), said(Stage.SETTLED, ref="t2")]
    pool.submits = [said(Stage.ACCEPTED, ref="p1")]
    _, made = journeys.start()
    world.work()
    first = world.attempts(made)[0]

    again = contract.Report(operation=Operation.CUSTODY_OUT, stage=Stage.SETTLED, provider_ref="t1", key=first.key)
    results = outcomes.apply([outcomes.Reported(provider="treasury", source="webhook", report=again)])

    assert results == [outcomes.Result.DUPLICATE]
    assert world.see(made).leg == "work"


def test_a_customer_frozen_past_the_pivot_still_gets_his_coins_home(
    treasury: fakes.FakeProvider, pool: fakes.FakeProvider
) -> None:
    treasury.submits = [said(Stage.SETTLED, ref="t1"), contract.Unavailable(), said(Stage.SETTLED, ref="t2")]
    pool.submits = [said(Stage.SETTLED, ref="p1")]
    ana, made = journeys.start()
    world.work()
    assert world.see(made).leg == "home"

    customers.set_status(customer_id=ana.id, status=CustomerStatus.FROZEN, actor="staff:1", reason="A court order.")
    world.due_now(made)
    world.work()

    assert world.see(made).state == "COMPLETED"
    assert [str(one.state) for one in world.attempts(made)] == ["SUCCEEDED"] * 3


def test_a_customer_frozen_before_the_pivot_gets_everything_back(
    treasury: fakes.FakeProvider, pool: fakes.FakeProvider
) -> None:
    treasury.submits = [said(Stage.SETTLED, ref="t1"), said(Stage.SETTLED, ref="t2")]
    pool.submits = [contract.Unavailable()]
    ana, made = journeys.start()
    world.work()

    customers.set_status(customer_id=ana.id, status=CustomerStatus.FROZEN, actor="staff:1", reason="A court order.")
    world.due_now(made)
    world.work()

    assert (world.see(made).state, world.see(made).reason) == ("COMPENSATED", "account_frozen")
    assert world.figures(ana) == (10_000, 0, 0)


def test_what_vanished_after_it_was_final_is_put_before_a_person_once(
    treasury: fakes.FakeProvider, pool: fakes.FakeProvider
) -> None:
    treasury.submits = [said(Stage.SETTLED, ref="t1"), said(Stage.SETTLED, ref="t2")]
    pool.submits = [said(Stage.SETTLED, ref="p1")]
    ana, made = journeys.start()
    world.work()
    key = world.attempts(made)[1].key

    assert (outcomes.vanished([key]), outcomes.vanished([key])) == (1, 0)

    assert world.see(made).state == "COMPLETED"
    letter = DeadLetter.objects.get(transaction_id=made)
    assert letter.error == "vanished_after_completion"
    assert world.figures(ana) == (9_975, 0, 0)
