"""Orders have a time in force, and may be cancelled while they wait for a market: neither is ever sent again."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from core.orchestration.engine import claims
from core.orchestration.hands import cancel, recheck
from core.orchestration.models import AttemptState
from core.providers import contract
from core.providers.contract import Stage
from tests.core.orchestration import fakes, journeys, world
from tests.core.orchestration.fakes import said

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("journey")]


def test_an_order_past_its_time_in_force_is_cancelled_at_the_provider(
    treasury: fakes.FakeProvider, pool: fakes.FakeProvider
) -> None:
    patient = journeys.Journey()
    patient.legs = (journeys.OUT, replace(journeys.WORK, cancel_after=timedelta(seconds=60)), journeys.HOME)
    treasury.submits = [said(Stage.SETTLED, ref="t1"), said(Stage.SETTLED, ref="t2")]
    pool.submits = [said(Stage.ACCEPTED, ref="p1")]
    pool.statuses = [said(Stage.ACCEPTED, ref="p1")]
    pool.cancels = [said(Stage.CANCELED, ref="p1")]
    with journeys.registered(patient):
        ana, made = journeys.start()
        world.work()
        world.due_now(made)
        world.work()
        assert world.see(made).state == "PROVIDER_PROCESSING"

        world.past_deadline(made)
        world.work()

    assert world.see(made).state == "COMPENSATED"
    assert world.see(made).reason == "deadline_passed"
    assert world.figures(ana) == (10_000, 0, 0)


def test_a_customer_may_cancel_what_waits_for_a_market(treasury: fakes.FakeProvider, pool: fakes.FakeProvider) -> None:
    patient = journeys.Journey()
    patient.legs = (replace(journeys.WORK, cancel_after=timedelta(seconds=60)),)
    pool.submits = [said(Stage.ACCEPTED, ref="p1")]
    pool.cancels = [said(Stage.CANCELED, ref="p1")]
    with journeys.registered(patient):
        ana, made = journeys.start()
        world.work()

        cancel.request(transaction_id=made, customer_id=ana.id, actor="customer:x")
        world.work()

    assert (world.see(made).state, world.see(made).reason) == ("FAILED", "canceled_by_customer")
    assert world.figures(ana) == (10_000, 0, 0)


@pytest.mark.parametrize("by_hand", ["cancelled", "rechecked"])
def test_nobody_takes_what_a_worker_has_because_of_a_persons_wish(
    treasury: fakes.FakeProvider, pool: fakes.FakeProvider, by_hand: str
) -> None:
    """Its order may still be on its way: whoever asked now would hear of nothing and believe it."""
    patient = journeys.Journey()
    patient.legs = (replace(journeys.WORK, cancel_after=timedelta(seconds=60)),)
    pool.submits = [said(Stage.ACCEPTED, ref="p1")]
    with journeys.registered(patient):
        ana, made = journeys.start()
        world.work()
        world.due_now(made)
        assert [one.id for one in claims.claim(domain="banking")] == [made]

        if by_hand == "cancelled":
            cancel.request(transaction_id=made, customer_id=ana.id, actor="customer:x")
        else:
            recheck.now(transaction_id=made, actor="staff:1", reason="The customer asks.")

        assert claims.claim(domain="banking") == []


def test_what_a_customer_cancelled_is_not_sent_once_more(
    treasury: fakes.FakeProvider, pool: fakes.FakeProvider
) -> None:
    """It was certainly not executed, so there is nothing to cancel at the provider, and nothing to send any more."""
    patient = journeys.Journey()
    patient.legs = (replace(journeys.WORK, cancel_after=timedelta(seconds=60)),)
    pool.submits = [contract.Unavailable(), said(Stage.SETTLED, ref="p1")]
    with journeys.registered(patient):
        ana, made = journeys.start()
        world.work()
        assert world.attempts(made)[0].state == AttemptState.PREPARED

        cancel.request(transaction_id=made, customer_id=ana.id, actor="customer:x")
        world.due_now(made)
        world.work()

    assert len(pool.orders) == 1
    assert (world.see(made).state, world.see(made).reason) == ("FAILED", "canceled_by_customer")
    assert [str(one.state) for one in world.attempts(made)] == ["NOT_EXECUTED"]
    assert world.figures(ana) == (10_000, 0, 0)


def test_an_order_whose_time_in_force_is_over_is_not_sent_once_more(
    treasury: fakes.FakeProvider, pool: fakes.FakeProvider
) -> None:
    patient = journeys.Journey()
    patient.legs = (replace(journeys.WORK, cancel_after=timedelta(seconds=60)),)
    pool.submits = [contract.OutcomeUnknown(), said(Stage.SETTLED, ref="p1")]
    pool.statuses = [None]
    with journeys.registered(patient):
        ana, made = journeys.start()
        world.work()

        world.past_deadline(made)
        world.work()

    assert len(pool.orders) == 1
    assert (world.see(made).state, world.see(made).reason) == ("EXPIRED", "deadline_passed")
    assert world.figures(ana) == (10_000, 0, 0)
