"""From an order of a customer to the exchange's own book and back into ours: real adapter, real HTTP, real engine."""

from __future__ import annotations

import time
from collections.abc import Iterator
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest

from core.audit import books
from core.identity.customers import CustomerView
from core.kernel.assets import Asset
from core.kernel.money import Money
from core.ledger import funding
from core.market import book
from core.orchestration.models import Attempt
from core.providers import registry
from investing.models import Holding, InvestingFill, Pair
from investing.providers.kraken import sizing
from investing.services import pairs
from tests.contracts import subjects
from tests.core.market.factories import quoted
from tests.core.orchestration import world as engine
from tests.investing import world
from tests.investing.world import BTC, USD, USDC
from tests.sandbox.rig import Sandbox

pytestmark = pytest.mark.django_db
# What the exchange's omnibus account begins with.
COVER = (Money.of(50_000_000_00, "USD"), Money.of(500 * 10**8, "BTC:bitcoin"), Money.of(5 * 10**13, "USDC:ethereum"))


@pytest.fixture
def exchange(sandbox: Sandbox, own_memory: None) -> Iterator[Sandbox]:
    """The exchange with a bitcoin at 100,000 dollars, our books opened with what lies there, proven afterwards."""
    sandbox.control("POST", "kraken/market", {"status": "online"})
    for pair, price in (("XBTUSD", "100000.0"), ("XBTUSDC", "100000.00"), ("USDCUSD", "1.0000")):
        sandbox.control("POST", "kraken/depth", {"pair": pair, "levels": 5, "size": 100_000, "spread": 500})
        sandbox.control("POST", "kraken/price", {"pair": pair, "price": price})
    for pair, price in (("BTC/USD", "100000"), ("USDC/USD", "1")):
        quoted(pair, price)
    for amount in COVER:
        funding.open(provider="kraken", amount=amount)
    with registry.replaced(subjects.kraken(url=sandbox.url, limits=subjects.LIMITS)):
        yield sandbox
    book.forget()
    assert [str(one) for one in books.run()] == []


def omnibus(exchange: Sandbox) -> dict[str, Decimal]:
    account = exchange.control("GET", "kraken")["accounts"]["omnibus"]
    return {coin: Decimal(text) for coin, text in account.items()}


def ours(asset: Asset) -> Decimal:
    """Return what our books say lies on the exchange."""
    return -Money(world.system("ext:kraken:available", asset), asset).decimal


def until_settled(made: UUID) -> None:
    for _ in range(40):
        world.work(made)
        if engine.see(made).completed_at is not None:
            return
        time.sleep(0.05)
    raise AssertionError(f"it stays {engine.see(made).state}")


def there(exchange: Sandbox, made: UUID) -> list[dict[str, Any]]:
    """Return every order that the exchange has under the names of this transaction's attempts."""
    return [
        order
        for attempt in Attempt.objects.filter(transaction_id=made)
        for order in exchange.control("GET", "kraken/orders", cl_ord_id=sizing.client_order_id(attempt.key))["orders"]
    ]


def rich(handle: str = "ana") -> CustomerView:
    return engine.customer(handle, units=1_000_000)


def fault_of(exchange: Sandbox, kind: str, **more: object) -> None:
    exchange.fault(provider="kraken", operation="order", fault=kind, times=1, **more)


def test_a_purchase_and_a_sale_agree_with_the_exchanges_own_book(exchange: Sandbox) -> None:
    ana, before = rich(), omnibus(exchange)

    bought = world.buy(ana, "1000.00")
    until_settled(bought)
    coins = world.figures(ana, BTC)[0]
    sold = world.sell(ana, Money(coins, BTC).text)
    until_settled(sold)

    assert [engine.see(made).state for made in (bought, sold)] == ["COMPLETED", "COMPLETED"]
    assert world.figures(ana, BTC) == (0, 0)
    moved = {coin: now - before[coin] for coin, now in omnibus(exchange).items()}
    assert ours(BTC) - COVER[1].decimal == moved["XBT"]
    assert abs(ours(USD) - COVER[0].decimal - moved["USD"]) < Decimal("0.02")
    held_now = Holding.objects.get(customer_id=ana.id)
    assert (held_now.basis.quantity, held_now.basis.cost) == (0, 0)
    # There and back costs half a percent to us, nearly one to the exchange, and its spread.
    assert -2_000 < held_now.basis.profit < -1_200
    assert world.figures(ana, USD)[0] == 1_000_000 + held_now.basis.profit


def test_dollar_coins_become_bitcoin(exchange: Sandbox) -> None:
    ana, before = rich(), omnibus(exchange)
    until_settled(world.buy(ana, "1000.00", coin=USDC))
    coins = world.figures(ana, USDC)[0]
    assert 993_000_000 < coins < 998_000_000

    made = world.buy(ana, "500.000000", money=USDC)
    until_settled(made)

    assert engine.see(made).state == "COMPLETED"
    assert 490_000 < world.figures(ana, BTC)[0] < 500_000
    assert abs(ours(USDC) - COVER[2].decimal - (omnibus(exchange)["USDC"] - before["USDC"])) < Decimal("0.000002")


@pytest.mark.parametrize("kind", ["timeout_after", "reset_after"])
def test_an_order_that_times_out_after_acceptance_is_executed_once(exchange: Sandbox, kind: str) -> None:
    ana = rich()
    more = {"delay_ms": 3_500} if kind.startswith("timeout") else {}
    fault_of(exchange, kind, **more)

    made = world.buy(ana, "1000.00")
    world.work()
    assert engine.attempts(made)[0].state == "UNKNOWN"
    assert world.figures(ana, USD) == (1_000_000, 100_000)
    until_settled(made)

    (order,) = there(exchange, made)
    assert engine.see(made).state == "COMPLETED"
    assert Money(world.figures(ana, BTC)[0], BTC).decimal == Decimal(order["vol_exec"])
    assert InvestingFill.objects.filter(transaction_id=made).count() == len(order["fills"])


def test_many_fills_are_each_posted_once(exchange: Sandbox) -> None:
    exchange.control("POST", "kraken/depth", {"pair": "XBTUSD", "levels": 50, "size": 1_000, "spread": 50})
    exchange.control("POST", "kraken/price", {"pair": "XBTUSD", "price": "100000.0"})
    ana = rich()

    made = world.buy(ana, "5000.00")
    until_settled(made)

    fills = InvestingFill.objects.filter(transaction_id=made)
    (order,) = there(exchange, made)
    assert fills.count() == len(order["fills"]) > 1
    assert {row.trade_id for row in fills} == {fill["id"] for fill in order["fills"]}
    assert sum(int(row.our_fee) for row in fills) == world.system("fee:platform", USD)


def test_a_price_that_moved_beyond_the_limit_executes_nothing(exchange: Sandbox) -> None:
    ana = rich()
    made = world.buy(ana, "1000.00")
    exchange.control("POST", "kraken/price", {"pair": "XBTUSD", "price": "102000.0"})

    until_settled(made)

    assert (engine.see(made).state, engine.see(made).reason) == ("FAILED", "price_moved")
    assert there(exchange, made) == []
    assert world.figures(ana, USD) == (1_000_000, 0)


def test_what_a_thin_market_cannot_give_is_given_back(exchange: Sandbox) -> None:
    exchange.control("POST", "kraken/depth", {"pair": "XBTUSD", "levels": 1, "size": 400, "spread": 500})
    exchange.control("POST", "kraken/price", {"pair": "XBTUSD", "price": "100000.0"})
    ana = rich()

    made = world.buy(ana, "1000.00")
    until_settled(made)

    row = engine.see(made)
    assert (row.state, row.reason) == ("COMPLETED", "partially_filled")
    assert 58_000 < int(row.results["given_back"]) < 61_000
    assert world.figures(ana, USD) == (1_000_000 - int(row.results["spent"]), 0)
    # A quarter of a percent of what was executed, not of what was asked.
    assert world.system("fee:platform", USD) == round(int(row.results["charged"]) * 250 / 99_750)


def test_trades_that_are_listed_late_are_waited_for(exchange: Sandbox) -> None:
    ana = rich()
    fault_of(exchange, "late_trades", delay_ms=500)

    made = world.buy(ana, "1000.00")
    world.work()
    world.work(made)
    assert engine.see(made).state == "ORDER_FILLED"
    until_settled(made)

    assert engine.see(made).state == "COMPLETED"
    assert world.figures(ana, BTC)[0] == int(Money.parse(there(exchange, made)[0]["vol_exec"], BTC).units)


def test_too_little_cover_on_the_exchange_is_not_the_customers_failure(exchange: Sandbox) -> None:
    ana = rich()
    fault_of(exchange, "refuse", code="EOrder:Insufficient funds")

    made = world.buy(ana, "1000.00")
    world.work()
    assert engine.attempts(made)[0].error == "cover_insufficient"
    until_settled(made)

    assert engine.see(made).state == "COMPLETED"
    assert len(there(exchange, made)) == 1


def test_the_rules_of_pairs_come_from_the_exchange(exchange: Sandbox) -> None:
    Pair.objects.update(minimum=1, is_open=False)

    assert pairs.refresh() == Pair.objects.count()

    row = Pair.objects.get(code="BTC/USD")
    assert (row.is_open, int(row.minimum), row.price_decimals) == (True, 5_000, 1)
    assert str(row.taker_fee) == "0.0040000000"


def test_an_order_that_stalls_in_the_middle_is_canceled_there(exchange: Sandbox) -> None:
    ana = rich()
    fault_of(exchange, "partial_fill", percent=40)
    made = world.buy(ana, "1000.00")
    world.work()
    world.work(made)
    assert engine.see(made).state == "MARKET_ORDER_PLACED"
    executed = world.figures(ana, BTC)[0]
    assert executed > 0

    engine.past_deadline(made)
    world.work()
    until_settled(made)

    (order,) = there(exchange, made)
    assert (engine.see(made).state, engine.see(made).reason) == ("COMPLETED", "partially_filled")
    assert (order["status"], Money.parse(order["vol_exec"], BTC).units) == ("canceled", executed)
    assert world.figures(ana, BTC) == (executed, 0)
    assert world.figures(ana, USD) == (1_000_000 - int(engine.see(made).results["spent"]), 0)


@pytest.mark.parametrize("amount", ["0.01000000", "0.12345678"])
def test_exactly_so_many_coins_are_bought(exchange: Sandbox, amount: str) -> None:
    ana = engine.customer("ana", units=10_000_000)

    made = world.buy_exactly(ana, amount)
    until_settled(made)

    row = engine.see(made)
    assert (row.state, row.reason) == ("COMPLETED", "")
    assert Money(world.figures(ana, BTC)[0], BTC).text == amount
    assert world.figures(ana, USD) == (10_000_000 - int(row.results["spent"]), 0)
    assert int(row.results["given_back"]) > 0
