"""Kraken's orders in our words: stages, reasons, and money that is exact in our coarser units."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.kernel.money import Money
from core.providers.contract import Operation, Query, Report, Stage
from core.providers.transport.wire import Doc, Malformed
from investing.providers.kraken import mapping

NAME = "6d1b345e-2821-40e2-ad83-4ecb18a06876"


def order(**changes: Any) -> Doc:
    fields: dict[str, Any] = {
        "status": "closed",
        "reason": None,
        "cl_ord_id": NAME,
        "opentm": Decimal("1795359477.4913"),
        "closetm": Decimal("1795359477.492"),
        "descr": {"pair": "XBTUSD", "type": "buy", "ordertype": "limit", "price": "100000.0"},
        "vol": "0.01000000",
        "vol_exec": "0.01000000",
        "cost": "1000.0000",
        "fee": "4.0000",
        "price": "100000.0",
        "oflags": "fciq",
    }
    return Doc({**fields, **changes})


def trade(vol: str = "0.01000000", cost: str = "1000.0000", fee: str = "4.0000", at: str = "1795359477.4915") -> Doc:
    return Doc({"vol": vol, "cost": cost, "fee": fee, "price": "100000.0", "time": Decimal(at)})


def read(found: Doc, *trades: Doc, amount: Money | None = None) -> Report:
    query = Query(operation=Operation.ORDER, key="key", reference="txn_1", amount=amount or Money.of(1_005_00, "USD"))
    named = {f"T{place}": one for place, one in enumerate(trades)}
    return mapping.report("OREF", found, trades=named, query=query, name=NAME)


def test_a_filled_order_is_settled_with_all_its_money() -> None:
    report = read(order(), trade())

    assert (report.stage, report.key, report.reference, report.provider_ref) == (Stage.SETTLED, "key", "txn_1", "OREF")
    assert (report.spent, report.received) == (Money.of(1_004_00, "USD"), Money.of(10**6, "BTC:bitcoin"))
    assert (report.fills[0].fee, report.fills[0].price) == (Money.of(4_00, "USD"), "100000.0")
    assert report.occurred_at == datetime(2026, 11, 22, 14, 57, 57, 492_000, tzinfo=UTC)
    assert report.facts == {"order_id": "OREF", "price": "100000.0", "cost": "1000.0000", "fee": "4.0000"}


@pytest.mark.parametrize(
    ("changes", "trades", "stage", "reason"),
    [
        ({"status": "pending", "vol_exec": "0", "cost": "0"}, 0, Stage.ACCEPTED, ""),
        ({"status": "open", "vol_exec": "0", "cost": "0"}, 0, Stage.ACCEPTED, ""),
        ({"status": "open", "vol": "0.02"}, 1, Stage.SUBMITTED, ""),
        ({"status": "closed"}, 0, Stage.EXECUTED, ""),
        ({"status": "closed"}, 1, Stage.SETTLED, ""),
        ({"status": "canceled", "vol_exec": "0", "cost": "0"}, 0, Stage.CANCELED, "price_moved"),
        (
            {"status": "canceled", "vol_exec": "0", "cost": "0", "reason": "User requested"},
            0,
            Stage.CANCELED,
            "order_canceled",
        ),
        ({"status": "expired", "vol_exec": "0", "cost": "0"}, 0, Stage.CANCELED, "order_expired"),
        ({"status": "canceled", "vol": "0.02"}, 0, Stage.EXECUTED, "partially_filled"),
        ({"status": "canceled", "vol": "0.02"}, 1, Stage.SETTLED, "partially_filled"),
        ({"status": "on the moon"}, 1, Stage.UNMAPPED, ""),
    ],
)
def test_stages_and_reasons(changes: dict[str, Any], trades: int, stage: Stage, reason: str) -> None:
    report = read(order(**changes), *[trade() for _ in range(trades)], amount=Money.of(3_000_00, "USD"))

    assert (report.stage, report.reason) == (stage, reason)
    assert (report.spent is not None) == (stage is Stage.SETTLED)
    assert len(report.fills) == trades


def test_no_fill_is_told_while_another_is_missing() -> None:
    report = read(order(vol="0.02", vol_exec="0.02"), trade())

    assert (report.stage, report.fills) == (Stage.EXECUTED, ())


def test_an_order_of_another_name_is_not_ours() -> None:
    report = read(order(cl_ord_id="another"), trade())

    assert (report.key, report.reference) == ("", "")


def test_a_sale_brings_cost_less_fee_rounded_down() -> None:
    sold = order(descr={"pair": "XBTUSD", "type": "sell", "ordertype": "limit", "price": "99000.0"})

    report = read(sold, trade(cost="1000.0099", fee="4.0001"), amount=Money.of(10**6, "BTC:bitcoin"))

    assert (report.spent, report.received) == (Money.of(10**6, "BTC:bitcoin"), Money.of(996_00, "USD"))


@pytest.mark.parametrize(
    ("changes", "amount"),
    [
        ({}, Money.of(1_005_00, "USD")),
        ({"vol": "0.02"}, Money.of(2_000_00, "USD")),  # more than was asked
        (
            {"descr": {"pair": "XBTUSDC", "type": "buy", "ordertype": "limit", "price": "100000.0"}},
            Money.of(1_000_000_000, "USDC:ethereum"),
        ),
        (
            {"descr": {"pair": "XBTUSD", "type": "sell", "ordertype": "limit", "price": "1.0"}},
            Money.of(10**6, "BTC:bitcoin"),
        ),
    ],
)
def test_another_order_than_the_one_that_was_asked_shows_it(changes: dict[str, Any], amount: Money) -> None:
    assert read(order(**changes), trade()).amount == amount


@pytest.mark.parametrize(
    "changes",
    [
        {"descr": {"pair": "DOGEUSD", "type": "buy", "ordertype": "limit", "price": "1"}},
        {"descr": {"pair": "XBTUSD", "type": "hold", "ordertype": "limit", "price": "1"}},
        {"vol": "a lot"},
        {"vol_exec": None},
        {"opentm": "yesterday", "closetm": 0},
    ],
)
def test_what_is_not_an_order_of_kraken_s_is_malformed(changes: dict[str, Any]) -> None:
    with pytest.raises(Malformed):
        read(order(**changes), trade())


FILL = st.tuples(st.integers(1, 10**9), st.integers(0, 10**10), st.integers(0, 10**7))


@given(st.lists(FILL, min_size=1, max_size=30), st.sampled_from(["buy", "sell"]))
def test_fills_add_up_and_differ_from_the_exchange_by_less_than_a_unit(
    parts: list[tuple[int, int, int]], side: str
) -> None:
    trades = [
        trade(
            *(f"{Decimal(units).scaleb(-digits):f}" for units, digits in zip(part, (8, 4, 4), strict=True)),
            at=str(1795359477 + place),
        )
        for place, part in enumerate(parts)
    ]
    whole = {"vol": sum(part[0] for part in parts), "vol_exec": sum(part[0] for part in parts)}
    texts = {name: f"{Decimal(units).scaleb(-8):f}" for name, units in whole.items()}
    found = order(**texts, descr={"pair": "XBTUSD", "type": side, "ordertype": "limit", "price": "1.0"})

    report = read(found, *trades, amount=Money.of(10**30, "USD" if side == "buy" else "BTC:bitcoin"))

    assert report.spent is not None
    assert report.received is not None
    assert sum(fill.paid.units for fill in report.fills) == report.spent.units
    assert sum(fill.received.units for fill in report.fills) == report.received.units
    assert all(fill.paid.units >= 0 for fill in report.fills)
    cost, fee = Fraction(sum(part[1] for part in parts), 100), Fraction(sum(part[2] for part in parts), 100)
    if side == "buy":
        assert 0 <= report.spent.units - (cost + fee) < 1
    else:
        assert 0 <= (cost - fee) - report.received.units < 1
    more = read(found, *trades, amount=Money.of(10**30, "USD" if side == "buy" else "BTC:bitcoin"))
    assert more.fills == report.fills


def test_pairs_that_we_do_not_keep_are_left_out() -> None:
    pair = {
        "altname": "XBTUSD",
        "base": "XXBT",
        "quote": "ZUSD",
        "pair_decimals": 1,
        "lot_decimals": 8,
        "fees": [[0, Decimal("0.4")], [50_000, Decimal("0.35")]],
        "ordermin": "0.00005",
        "costmin": "0.505",
        "status": "post_only",
    }

    found = mapping.markets(Doc({"XXBTZUSD": pair, "XXDGZUSD": {**pair, "base": "XXDG"}}))

    assert [(one.altname, one.listing.pair) for one in found] == [("XBTUSD", "BTC/USD")]
    listing = found[0].listing
    assert (listing.minimum, listing.minimum_cost) == (Money.of(5_000, "BTC:bitcoin"), Money.of(51, "USD"))
    assert (listing.taker_fee, listing.is_open) == (Fraction(1, 250), False)
    with pytest.raises(Malformed):
        mapping.markets(Doc({"XXBTZUSD": {**pair, "fees": []}}))
