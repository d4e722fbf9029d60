"""Kraken's adapter against the pretend exchange: exact money, partial fills, lost answers, and what its book counts."""

from __future__ import annotations

import dataclasses
import secrets
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from core.kernel import assets
from core.kernel.clock import SYSTEM, FixedClock
from core.kernel.money import Money
from core.providers import calls, contract
from core.providers.contract import Operation, Order, Report, Stage
from core.resilience import locks
from investing.providers import turns
from investing.providers.kraken import sizing
from investing.providers.kraken.adapter import Credentials, KrakenAdapter
from tests.contracts import subjects
from tests.contracts.subjects import IMPATIENT, LIMITS, LOOPBACK
from tests.sandbox import rig
from tests.sandbox.rig import Sandbox, eventually

pytestmark = pytest.mark.django_db


@pytest.fixture
def exchange(sandbox: Sandbox) -> Iterator[Sandbox]:
    """The exchange with a bitcoin at 100,000 dollars and 100,000 dollars on each level."""
    sandbox.control("POST", "kraken/depth", {"pair": "XBTUSD", "levels": 5, "size": 100_000, "spread": 500})
    sandbox.control("POST", "kraken/price", {"pair": "XBTUSD", "price": "100000.0"})
    yield sandbox
    sandbox.control("POST", "kraken/market", {"status": "online"})


@pytest.fixture
def adapter(exchange: Sandbox) -> KrakenAdapter:
    return subjects.kraken(url=exchange.url, limits=LIMITS)


def buy(cents: int = 1_000_00, *, limit: str | None = "101000.0", key: str = "") -> Order:
    return _order(Money.of(cents, "USD"), side="buy", target="BTC:bitcoin", limit=limit, key=key)


def sell(sats: int = 1_000_000, *, limit: str | None = "99000.0") -> Order:
    return _order(Money.of(sats, "BTC:bitcoin"), side="sell", target="USD", limit=limit, key="")


def _order(amount: Money, *, side: str, target: str, limit: str | None, key: str) -> Order:
    name = key or f"txn_{secrets.token_hex(6)}:order:kraken"
    terms = {"side": side, "pair": "BTC/USD"} | ({"limit_price": limit} if limit else {})
    return Order(
        operation=Operation.ORDER,
        method="spot",
        key=name,
        reference=name.partition(":")[0],
        amount=amount,
        instrument={},
        target=assets.get(target),
        terms=terms,
    )


def ask(adapter: KrakenAdapter, order: Order, *, ref: str = "") -> Report:
    report = adapter.status(subjects.query(order, provider_ref=ref, with_order=not ref))
    assert report is not None
    return report


def there(exchange: Sandbox, order: Order) -> list[dict[str, Any]]:
    """Return what the exchange's own book has under an order's name, with its trades."""
    name = sizing.client_order_id(order.key)
    found: list[dict[str, Any]] = exchange.control("GET", "kraken/orders", cl_ord_id=name)["orders"]
    return found


def fault(exchange: Sandbox, order: Order, kind: str, **more: object) -> None:
    name = sizing.client_order_id(order.key)
    exchange.fault(provider="kraken", operation="order", fault=kind, reference=name, times=1, **more)


def omnibus(exchange: Sandbox) -> dict[str, Decimal]:
    account = exchange.control("GET", "kraken")["accounts"]["omnibus"]
    return {coin: Decimal(text) for coin, text in account.items()}


def total(parts: list[Money]) -> int:
    return sum(part.units for part in parts)


@pytest.mark.parametrize("limit", ["101000.0", None])
def test_a_buy_spends_nearly_all_and_never_more(adapter: KrakenAdapter, exchange: Sandbox, limit: str | None) -> None:
    order, before = buy(1_000_00, limit=limit), omnibus(exchange)

    placed = adapter.submit(order)
    report = ask(adapter, order, ref=placed.provider_ref)

    assert (placed.stage, placed.key, placed.reference, placed.amount) == (
        Stage.ACCEPTED,
        order.key,
        order.reference,
        order.amount,
    )
    assert (report.stage, report.provider_ref, report.reason) == (Stage.SETTLED, placed.provider_ref, "")
    assert report.spent is not None
    assert report.received is not None
    assert 998_00 <= report.spent.units <= order.amount.units
    moved = {coin: now - before[coin] for coin, now in omnibus(exchange).items() if now != before[coin]}
    assert moved["XBT"] == report.received.decimal
    assert 0 <= report.spent.decimal + moved["USD"] < Decimal("0.01")
    row = there(exchange, order)[0]
    assert -moved["USD"] == Decimal(row["cost"]) + Decimal(row["fee"])


def test_a_sell_brings_what_the_exchange_paid_less_its_fee(adapter: KrakenAdapter, exchange: Sandbox) -> None:
    order, before = sell(1_234_567), omnibus(exchange)

    report = ask(adapter, order, ref=adapter.submit(order).provider_ref)

    assert (report.stage, report.spent) == (Stage.SETTLED, order.amount)
    assert report.received is not None
    gained = omnibus(exchange)["USD"] - before["USD"]
    assert gained == Decimal("1229.0139")  # 1233.9497 less 4.9358, and what is under a cent stays at the exchange
    assert report.received == Money.of(1229_01, "USD")
    assert report.fills[0].fee == Money.of(4_94, "USD")


def test_several_fills_sum_to_the_whole_in_our_units(adapter: KrakenAdapter, exchange: Sandbox) -> None:
    order = buy(333_333_33, limit="110000.0")

    report = ask(adapter, order, ref=adapter.submit(order).provider_ref)

    row = there(exchange, order)[0]
    assert len(report.fills) == len(row["fills"]) > 2
    assert [fill.trade_id for fill in report.fills] == [fill["id"] for fill in row["fills"]]
    assert report.spent is not None
    assert report.received is not None
    assert total([fill.paid for fill in report.fills]) == report.spent.units
    assert total([fill.received for fill in report.fills]) == report.received.units
    exact = sum(Decimal(fill["cost"]) + Decimal(fill["fee"]) for fill in row["fills"])
    assert 0 <= report.spent.decimal - exact < Decimal("0.01")
    assert sum(Decimal(fill["vol"]) for fill in row["fills"]) == report.received.decimal


def test_a_price_beyond_the_limit_is_not_even_sent(adapter: KrakenAdapter, exchange: Sandbox) -> None:
    for order in (buy(limit="100049.9"), sell(limit="99950.1")):
        with pytest.raises(contract.Rejected) as caught:
            adapter.submit(order)

        assert caught.value.code == "price_moved"
        assert there(exchange, order) == []


def test_a_price_that_moves_on_the_way_executes_nothing(adapter: KrakenAdapter, exchange: Sandbox) -> None:
    order, before = buy(), omnibus(exchange)
    fault(exchange, order, "price_move", bps=300)

    report = ask(adapter, order, ref=adapter.submit(order).provider_ref)

    assert (report.stage, report.reason, report.fills, report.spent) == (Stage.CANCELED, "price_moved", (), None)
    assert omnibus(exchange) == before


def test_what_the_limit_does_not_give_is_left_over(adapter: KrakenAdapter, exchange: Sandbox) -> None:
    order = buy(500_000_00, limit="100160.0")

    report = ask(adapter, order, ref=adapter.submit(order).provider_ref)

    assert (report.stage, report.reason, len(report.fills)) == (Stage.SETTLED, "partially_filled", 2)
    assert report.spent is not None
    assert report.spent < order.amount
    assert max(Decimal(fill.price) for fill in report.fills) == Decimal("100150.1")


def test_a_part_is_filled_then_it_stalls_and_is_cancelled(adapter: KrakenAdapter, exchange: Sandbox) -> None:
    order = buy()
    fault(exchange, order, "partial_fill", percent=40)
    ref = adapter.submit(order).provider_ref

    stalled = ask(adapter, order, ref=ref)
    ended = adapter.cancel(subjects.query(order, provider_ref=ref, with_order=False))

    assert (stalled.stage, len(stalled.fills), stalled.spent) == (Stage.SUBMITTED, 1, None)
    assert (ended.stage, ended.reason, ended.fills) == (Stage.SETTLED, "partially_filled", stalled.fills)
    assert ended.spent == stalled.fills[0].paid
    assert ended.received == stalled.fills[0].received
    row = there(exchange, order)[0]
    assert (row["status"], row["vol_exec"]) == ("canceled", ended.received.text)


def test_an_order_that_never_moves_is_cancelled_without_a_trace(adapter: KrakenAdapter, exchange: Sandbox) -> None:
    order, before = buy(), omnibus(exchange)
    fault(exchange, order, "never_settle")
    ref = adapter.submit(order).provider_ref

    assert ask(adapter, order, ref=ref).stage is Stage.ACCEPTED
    ended = adapter.cancel(subjects.query(order, provider_ref=ref))

    assert (ended.stage, ended.reason, ended.fills) == (Stage.CANCELED, "order_canceled", ())
    assert omnibus(exchange) == before


def test_a_cancel_that_comes_too_late_tells_what_was_executed(adapter: KrakenAdapter, exchange: Sandbox) -> None:
    order = buy()
    adapter.submit(order)

    report = adapter.cancel(subjects.query(order))

    assert (report.stage, report.reason) == (Stage.SETTLED, "")
    assert len(there(exchange, order)[0]["fills"]) == len(report.fills)


def test_trades_that_are_listed_late_are_executed_and_not_settled(adapter: KrakenAdapter, exchange: Sandbox) -> None:
    order = buy()
    fault(exchange, order, "late_trades", delay_ms=400)
    ref = adapter.submit(order).provider_ref

    first = ask(adapter, order, ref=ref)
    assert (first.stage, first.fills, first.spent) == (Stage.EXECUTED, (), None)
    settled = eventually(lambda: report if (report := ask(adapter, order, ref=ref)).stage is Stage.SETTLED else None)
    assert len(settled.fills) == 1


@pytest.mark.parametrize("kind", ["timeout_after", "reset_after", "garbage"])
def test_a_lost_answer_is_found_by_our_own_name_and_was_executed_once(exchange: Sandbox, kind: str) -> None:
    order = buy()
    fault(exchange, order, kind)
    impatient = subjects.kraken(url=exchange.url, limits=IMPATIENT)
    impatient.listings()

    with pytest.raises(contract.OutcomeUnknown):
        impatient.submit(order)
    reports = [ask(impatient, order) for _ in range(3)]

    assert {report.provider_ref for report in reports} == {there(exchange, order)[0]["id"]}
    assert (reports[0].stage, reports[0].key) == (Stage.SETTLED, order.key)
    assert len(there(exchange, order)) == 1


def test_a_look_up_that_finds_nothing_proves_that_a_late_order_will_never_execute(exchange: Sandbox) -> None:
    order = buy()
    fault(exchange, order, "latency", delay_ms=1_000)
    impatient = subjects.kraken(url=exchange.url, limits=IMPATIENT)
    impatient.listings()

    with pytest.raises(contract.OutcomeUnknown):
        impatient.submit(order)
    assert impatient.status(subjects.query(order)) is None
    time.sleep(1.2)

    assert there(exchange, order) == []


def test_one_name_with_two_executions_is_for_a_person(adapter: KrakenAdapter, exchange: Sandbox) -> None:
    order = buy()
    adapter.submit(order)
    adapter.submit(order)

    with pytest.raises(contract.OutcomeUnknown) as caught:
        adapter.status(subjects.query(order))

    assert caught.value.code == "executed_twice"
    assert len(there(exchange, order)) == 2


@pytest.mark.parametrize(
    ("error", "kind", "code"),
    [
        ("EOrder:Insufficient funds", contract.Unavailable, "cover_insufficient"),
        ("EOrder:Orders limit exceeded", contract.Unavailable, "provider_orders_limit"),
        ("EService:Market in post_only mode", contract.Unavailable, "market_closed"),
        ("EOrder:Order minimum not met", contract.Rejected, "order_minimum_not_met"),
        ("EGeneral:Invalid arguments:volume", contract.Rejected, "order_invalid"),
        ("EOrder:Rate limit exceeded", contract.RateLimited, "provider_rate_limited"),
        ("EGeneral:Temporary lockout", contract.RateLimited, "provider_rate_limited"),
        ("EService:Unavailable", contract.OutcomeUnknown, "outcome_unknown"),
        ("EGeneral:Internal error[5]", contract.OutcomeUnknown, "outcome_unknown"),
        ("EOrder:Something new", contract.OutcomeUnknown, "outcome_unknown"),
        ("EOrder:cl_ord_id already in use", contract.OutcomeUnknown, "key_in_use"),
    ],
)
def test_what_each_refusal_means(
    adapter: KrakenAdapter, exchange: Sandbox, error: str, kind: type[contract.ProviderError], code: str
) -> None:
    order = buy()
    fault(exchange, order, "refuse", code=error)

    with pytest.raises(contract.ProviderError) as caught:
        adapter.submit(order)

    assert (type(caught.value), caught.value.code, caught.value.provider_code) == (kind, code, error)
    assert there(exchange, order) == []


def test_too_little_on_our_account_is_not_the_customers_failure(adapter: KrakenAdapter, exchange: Sandbox) -> None:
    exchange.control("POST", "kraken/funds", {"asset": "SOL", "amount": "99999", "take": True})
    order = dataclasses.replace(
        sell(),
        amount=Money.of(5 * 10**9, "SOL:solana"),
        terms={"side": "sell", "pair": "SOL/USD", "limit_price": "1.00"},
    )

    with pytest.raises(contract.Unavailable) as caught:
        adapter.submit(order)

    assert caught.value.code == "cover_insufficient"
    exchange.control("POST", "kraken/funds", {"asset": "SOL", "amount": "99999"})


def test_an_order_that_arrives_after_its_deadline_is_not_executed(exchange: Sandbox) -> None:
    slow = _adapter(exchange, clock=FixedClock(datetime.now(UTC) - timedelta(minutes=1)))
    order = buy()

    with pytest.raises(contract.Unavailable) as caught:
        slow.submit(order)

    assert caught.value.code == "deadline_elapsed"
    assert there(exchange, order) == []


def test_many_threads_with_one_key_take_turns(exchange: Sandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    # The log of a thread's calls would be committed for good, outside this test's transaction.
    monkeypatch.setattr(calls, "record", lambda _row: None)
    adapters = [subjects.kraken(url=exchange.url, limits=LIMITS) for _ in range(2)]
    orders = [buy(20_00) for _ in range(24)]
    start = threading.Barrier(8)

    def trade(place: int) -> list[Report]:
        start.wait()
        mine = adapters[place % 2]
        return [ask(mine, order, ref=mine.submit(order).provider_ref) for order in orders[place::8]]

    with ThreadPoolExecutor(8) as pool:
        reports = [report for some in pool.map(trade, range(8)) for report in some]

    assert {report.stage for report in reports} == {Stage.SETTLED}
    assert [len(there(exchange, order)) for order in orders] == [1] * 24


@pytest.mark.parametrize("error", [locks.Busy, locks.Unavailable])
def test_without_a_turn_nothing_is_sent(
    exchange: Sandbox, monkeypatch: pytest.MonkeyPatch, error: type[Exception]
) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise error

    adapter, order = subjects.kraken(url=exchange.url, limits=LIMITS), buy()
    monkeypatch.setattr(turns.locks, "hold", refuse)

    with pytest.raises(contract.Unavailable) as caught:
        adapter.submit(order)

    assert caught.value.code == "nonce_unavailable"
    assert there(exchange, order) == []


@pytest.mark.parametrize("mode", ["maintenance", "cancel_only"])
def test_the_probe_sees_that_the_market_is_closed(adapter: KrakenAdapter, exchange: Sandbox, mode: str) -> None:
    adapter.probe()
    exchange.control("POST", "kraken/market", {"status": mode})

    with pytest.raises(contract.Unavailable):
        adapter.probe()


def test_a_pair_that_is_not_traded_is_refused_here(adapter: KrakenAdapter) -> None:
    order = dataclasses.replace(buy(), terms={"side": "buy", "pair": "BTC/EUR"})

    with pytest.raises(contract.Rejected) as caught:
        adapter.submit(order)

    assert caught.value.code == "pair_unknown"


def test_the_pair_follows_from_the_two_assets(adapter: KrakenAdapter, exchange: Sandbox) -> None:
    order = dataclasses.replace(
        buy(), amount=Money.of(25_000_000, "USDC:ethereum"), target=assets.get("SUI:sui"), terms={"side": "buy"}
    )

    report = ask(adapter, order, ref=adapter.submit(order).provider_ref)

    assert report.stage is Stage.SETTLED
    assert there(exchange, order)[0]["descr"]["pair"] == "SUIUSDC"
    assert report.spent is not None
    assert 24_990_000 < report.spent.units <= 25_000_000


def test_nothing_comes_by_webhook(adapter: KrakenAdapter) -> None:
    assert list(adapter.parse_webhook(contract.Delivery(body=b"{}", headers={}))) == []


def _adapter(exchange: Sandbox, *, clock: Any = SYSTEM) -> KrakenAdapter:
    credentials = Credentials(
        base_url=exchange.url, api_key=rig.KRAKEN_KEY, api_secret=rig.KRAKEN_SECRET, allowed_hosts=LOOPBACK
    )
    taken = turns.of(provider="kraken", api_key=f"{rig.KRAKEN_KEY}@{exchange.url}")
    return KrakenAdapter(credentials=credentials, clock=clock, turns=taken, limits=LIMITS)
