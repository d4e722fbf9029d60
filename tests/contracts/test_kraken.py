"""Kraken's adapter against the pretend exchange: exact money, partial fills, cancels, what its own book counts."""

from __future__ import annotations

import dataclasses
from decimal import Decimal

import pytest

from core.kernel import assets
from core.kernel.money import Money
from core.providers import contract
from core.providers.contract import Stage
from investing.providers.kraken.adapter import KrakenAdapter
from tests.contracts import subjects
from tests.contracts.trading import ask, buy, fault, omnibus, sell, there, total
from tests.sandbox.rig import Sandbox, eventually

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("limit", ["101000.0", None])
def test_a_buy_spends_nearly_all_and_never_more(kraken: KrakenAdapter, exchange: Sandbox, limit: str | None) -> None:
    order, before = buy(1_000_00, limit=limit), omnibus(exchange)

    placed = kraken.submit(order)
    report = ask(kraken, order, ref=placed.provider_ref)

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


def test_a_sell_brings_what_the_exchange_paid_less_its_fee(kraken: KrakenAdapter, exchange: Sandbox) -> None:
    order, before = sell(1_234_567), omnibus(exchange)

    report = ask(kraken, order, ref=kraken.submit(order).provider_ref)

    assert (report.stage, report.spent) == (Stage.SETTLED, order.amount)
    assert report.received is not None
    gained = omnibus(exchange)["USD"] - before["USD"]
    assert gained == Decimal("1229.0139")  # 1233.9497 less 4.9358, and what is under a cent stays at the exchange
    assert report.received == Money.of(1229_01, "USD")
    assert report.fills[0].fee == Money.of(4_94, "USD")


def test_several_fills_sum_to_the_whole_in_our_units(kraken: KrakenAdapter, exchange: Sandbox) -> None:
    order = buy(333_333_33, limit="110000.0")

    report = ask(kraken, order, ref=kraken.submit(order).provider_ref)

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


def test_a_price_beyond_the_limit_is_not_even_sent(kraken: KrakenAdapter, exchange: Sandbox) -> None:
    for order in (buy(limit="100049.9"), sell(limit="99950.1")):
        with pytest.raises(contract.Rejected) as caught:
            kraken.submit(order)

        assert caught.value.code == "price_moved"
        assert there(exchange, order) == []


def test_a_price_that_moves_on_the_way_executes_nothing(kraken: KrakenAdapter, exchange: Sandbox) -> None:
    order, before = buy(), omnibus(exchange)
    fault(exchange, order, "price_move", bps=300)

    report = ask(kraken, order, ref=kraken.submit(order).provider_ref)

    assert (report.stage, report.reason, report.fills, report.spent) == (Stage.CANCELED, "price_moved", (), None)
    assert omnibus(exchange) == before


def test_what_the_limit_does_not_give_is_left_over(kraken: KrakenAdapter, exchange: Sandbox) -> None:
    order = buy(500_000_00, limit="100160.0")

    report = ask(kraken, order, ref=kraken.submit(order).provider_ref)

    assert (report.stage, report.reason, len(report.fills)) == (Stage.SETTLED, "partially_filled", 2)
    assert report.spent is not None
    assert report.spent < order.amount
    assert max(Decimal(fill.price) for fill in report.fills) == Decimal("100150.1")


def test_a_part_is_filled_then_it_stalls_and_is_cancelled(kraken: KrakenAdapter, exchange: Sandbox) -> None:
    order = buy()
    fault(exchange, order, "partial_fill", percent=40)
    ref = kraken.submit(order).provider_ref

    stalled = ask(kraken, order, ref=ref)
    ended = kraken.cancel(subjects.query(order, provider_ref=ref, with_order=False))

    assert (stalled.stage, len(stalled.fills), stalled.spent) == (Stage.SUBMITTED, 1, None)
    assert (ended.stage, ended.reason, ended.fills) == (Stage.SETTLED, "partially_filled", stalled.fills)
    assert ended.spent == stalled.fills[0].paid
    assert ended.received == stalled.fills[0].received
    row = there(exchange, order)[0]
    assert (row["status"], row["vol_exec"]) == ("canceled", ended.received.text)


def test_an_order_that_never_moves_is_cancelled_without_a_trace(kraken: KrakenAdapter, exchange: Sandbox) -> None:
    order, before = buy(), omnibus(exchange)
    fault(exchange, order, "never_settle")
    ref = kraken.submit(order).provider_ref

    assert ask(kraken, order, ref=ref).stage is Stage.ACCEPTED
    ended = kraken.cancel(subjects.query(order, provider_ref=ref))

    assert (ended.stage, ended.reason, ended.fills) == (Stage.CANCELED, "order_canceled", ())
    assert omnibus(exchange) == before


def test_a_cancel_that_comes_too_late_tells_what_was_executed(kraken: KrakenAdapter, exchange: Sandbox) -> None:
    order = buy()
    kraken.submit(order)

    report = kraken.cancel(subjects.query(order))

    assert (report.stage, report.reason) == (Stage.SETTLED, "")
    assert len(there(exchange, order)[0]["fills"]) == len(report.fills)


def test_trades_that_are_listed_late_are_executed_and_not_settled(kraken: KrakenAdapter, exchange: Sandbox) -> None:
    order = buy()
    fault(exchange, order, "late_trades", delay_ms=400)
    ref = kraken.submit(order).provider_ref

    first = ask(kraken, order, ref=ref)
    assert (first.stage, first.fills, first.spent) == (Stage.EXECUTED, (), None)
    settled = eventually(lambda: report if (report := ask(kraken, order, ref=ref)).stage is Stage.SETTLED else None)
    assert len(settled.fills) == 1


def test_a_pair_that_is_not_traded_is_refused_here(kraken: KrakenAdapter) -> None:
    order = dataclasses.replace(buy(), terms={"side": "buy", "pair": "BTC/EUR"})

    with pytest.raises(contract.Rejected) as caught:
        kraken.submit(order)

    assert caught.value.code == "pair_unknown"


def test_the_pair_follows_from_the_two_assets(kraken: KrakenAdapter, exchange: Sandbox) -> None:
    order = dataclasses.replace(
        buy(), amount=Money.of(25_000_000, "USDC:ethereum"), target=assets.get("SUI:sui"), terms={"side": "buy"}
    )

    report = ask(kraken, order, ref=kraken.submit(order).provider_ref)

    assert report.stage is Stage.SETTLED
    assert there(exchange, order)[0]["descr"]["pair"] == "SUIUSDC"
    assert report.spent is not None
    assert 24_990_000 < report.spent.units <= 25_000_000


def test_nothing_comes_by_webhook(kraken: KrakenAdapter) -> None:
    assert list(kraken.parse_webhook(contract.Delivery(body=b"{}", headers={}))) == []
