"""Coins that arrive unasked: once each, screened, brought home, gas on us; what is tainted is blocked where it lies."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from uuid import UUID

import pytest
from django.db.models.functions import Now

from banking import tasks
from banking.services import receipts
from core.audit import books
from core.chains import keystore, wallets
from core.chains.following.listeners import ArrivalView
from core.chains.models import Arrival, ArrivalState
from core.compliance import cases
from core.kernel import ids
from core.kernel.money import Money
from core.ledger import queries
from core.orchestration.models import DeadLetter, Transaction
from core.providers import contract, registry
from core.providers.contract import Operation, Stage
from tests.core.orchestration import fakes, world
from tests.core.orchestration.fakes import said

pytestmark = pytest.mark.django_db
USDC, ETH = "USDC:ethereum", "ETH:ethereum"
GAS = Money.of(21_000_000_000_000, ETH)


@pytest.fixture(autouse=True)
def treasury(db: None) -> Iterator[fakes.FakeProvider]:
    able = replace(
        fakes.capability(Operation.CUSTODY_IN, "ethereum"), assets=(USDC, ETH), needs_cover=False, maximum_units=10**30
    )
    made = fakes.FakeProvider(code="treasury", capabilities=(able,))
    with registry.replaced(made):
        for operation in ("custody_in", "status"):
            world.breaker.Breaker(f"treasury:{operation}").force_closed(actor="test", reason="test")
        yield made


def arrival(
    owner: UUID | None, amount: Money, *, state: ArrivalState = ArrivalState.FINAL, index: int = 3
) -> ArrivalView:
    return ArrivalView(
        id=ids.uuid7(),
        chain="ethereum",
        tx_hash="0x" + "ab" * 32,
        log_index=index,
        owner="customer",
        customer_id=owner,
        amount=amount,
        sender="0x" + "11" * 20,
        state=state,
        block_number=7,
    )


def lies(account: str, asset: str) -> int:
    return next((row.total.units for row in queries.trial_balance() if (row.name, row.asset) == (account, asset)), 0)


def pooled(owner: UUID, asset: str) -> tuple[int, int]:
    views = [view for view in queries.balances(customer_id=owner) if view.asset == asset and view.custody == "pooled"]
    return (views[0].posted.units, views[0].held.units) if views else (0, 0)


def test_what_arrives_is_taken_on_once_and_brought_home(treasury: fakes.FakeProvider) -> None:
    ana = world.customer("ana")
    treasury.submits = [said(Stage.SETTLED, ref="0xhome", costs=(GAS,))]
    seen = arrival(ana.id, Money.of(25_000_000, USDC))

    assert (receipts.take([seen]), receipts.take([seen])) == (1, 0)
    world.work()

    made = Transaction.objects.get(kind="receive")
    assert (made.id, made.state, made.domain) == (seen.id, "COMPLETED", "banking")
    assert world.path(made.id)[-4:] == ["SENT_TO_PROVIDER", "PROVIDER_PROCESSING", "PROVIDER_CONFIRMING", "COMPLETED"]
    assert treasury.orders[0].amount == Money.of(25_000_000, USDC)
    assert treasury.orders[0].customer_id == ana.id
    assert pooled(ana.id, USDC) == (25_000_000, 0)
    assert lies("ext:chain:treasury", USDC) == -25_000_000
    assert lies("cost:network", ETH) == -GAS.units
    assert list(books.run()) == []


def test_a_coin_of_investing_comes_home_to_investing(treasury: fakes.FakeProvider) -> None:
    ana = world.customer("ana")
    treasury.submits = [said(Stage.SETTLED, ref="0xhome")]

    receipts.take([arrival(ana.id, Money.of(10**18, ETH), index=-1)])
    world.work()

    (view,) = [view for view in queries.balances(customer_id=ana.id) if view.posted]
    assert (view.domain, view.custody, view.posted.units) == ("investing", "pooled", 10**18)


def test_until_it_is_home_it_is_seen_and_cannot_be_spent(treasury: fakes.FakeProvider) -> None:
    ana = world.customer("ana")
    treasury.submits = [said(Stage.SUBMITTED, ref="0xhome")]

    receipts.take([arrival(ana.id, Money.of(25_000_000, USDC))])
    world.work()

    (view,) = [view for view in queries.balances(customer_id=ana.id) if view.posted]
    assert (view.custody, view.posted.units, view.available.units) == ("wallet", 25_000_000, 0)


def test_a_node_that_refuses_is_asked_again_until_it_is_home(treasury: fakes.FakeProvider) -> None:
    ana = world.customer("ana")
    treasury.submits = [contract.Rejected(code="gas_too_dear"), said(Stage.SETTLED, ref="0xhome")]

    seen = arrival(ana.id, Money.of(25_000_000, USDC))
    receipts.take([seen])
    world.work()
    assert DeadLetter.objects.filter(transaction_id=seen.id).count() == 1
    world.due_now(seen.id)
    world.work()

    assert world.see(seen.id).state == "COMPLETED"
    assert pooled(ana.id, USDC) == (25_000_000, 0)


@pytest.mark.parametrize(
    ("amount", "state"),
    [
        (Money.of(999_999, USDC), ArrivalState.FINAL),
        (Money.of(25_000_000, USDC), ArrivalState.SEEN),
        (Money.of(25_000_000, USDC), ArrivalState.VANISHED),
    ],
)
def test_dust_and_what_is_not_final_stay_where_they_are(amount: Money, state: ArrivalState) -> None:
    ana = world.customer("ana")

    assert receipts.take([arrival(ana.id, amount, state=state)]) == 0
    assert not Transaction.objects.exists()


def test_what_came_to_our_own_wallets_is_no_customers() -> None:
    assert receipts.take([arrival(None, Money.of(25_000_000, USDC))]) == 0


def test_what_a_person_refuses_is_blocked_where_it_lies() -> None:
    tainted = world.customer("baron", name="Baron Maximilian von Schattenfels")
    seen = arrival(tainted.id, Money.of(25_000_000, USDC))
    receipts.take([seen])
    world.work()
    assert world.see(seen.id).state == "COMPLIANCE_CHECK"

    (case,) = cases.for_transaction(seen.id)
    cases.decide(case_id=case.id, decision=cases.Decision.REFUSE, reason="A true match.", actor="staff:7")
    world.work()

    assert world.see(seen.id).state == "FAILED"
    assert lies(f"cust:{tainted.id.hex}:blocked", USDC) in (0, 25_000_000)
    (view,) = [row for row in queries.trial_balance() if row.asset == USDC and "blocked" in row.name]
    assert view.total.units == 25_000_000
    assert pooled(tainted.id, USDC) == (0, 0)
    assert list(books.run()) == []


def test_what_nobody_told_us_of_is_found_in_the_watchers_table() -> None:
    ana = world.customer("ana")
    keystore.ensure()
    kept = Arrival.objects.create(
        chain="ethereum",
        tx_hash="0x" + "cd" * 32,
        log_index=0,
        wallet=wallets.ensure(owner=ana.id, chain="ethereum"),
        asset=USDC,
        units=25_000_000,
        sender="0x" + "11" * 20,
        state=ArrivalState.FINAL,
        block_number=7,
        block_hash="0x" + "ef" * 32,
        seen_at=Now(),
        final_at=Now(),
    )

    tasks.take_arrivals()
    tasks.take_arrivals()

    (made,) = Transaction.objects.filter(kind="receive")
    assert (made.id, made.customer_id, made.money) == (kept.id, ana.id, Money.of(25_000_000, USDC))
