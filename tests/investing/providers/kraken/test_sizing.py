"""An order of ours as Kraken's form: the price inside the limit, the volume inside the money."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from fractions import Fraction
from uuid import UUID

import pytest
from hypothesis import given, reject
from hypothesis import strategies as st

from core.kernel import assets
from core.kernel.money import Money
from core.providers import contract
from core.providers.contract import Operation, Order
from core.providers.transport.wire import Doc, Malformed
from investing.providers.kraken import sizing
from investing.providers.kraken.mapping import Market
from investing.providers.kraken.sizing import Level
from investing.providers.listing import Listing

NOW = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
FEE = Fraction(1, 250)


def market(*, fee: Fraction = FEE, ticks: int = 1) -> Market:
    base, quote = assets.get("BTC:bitcoin"), assets.get("USD")
    listing = Listing(
        pair="BTC/USD",
        minimum=Money(5_000, base),
        minimum_cost=Money(50, quote),
        price_decimals=ticks,
        lot_decimals=8,
        taker_fee=fee,
        is_open=True,
    )
    return Market(altname="XBTUSD", base=base, quote=quote, listing=listing)


def order(amount: Money, side: str, limit: str | None = None, *, key: str = "key") -> Order:
    return Order(
        operation=Operation.ORDER,
        method="spot",
        key=key,
        reference="txn_1",
        amount=amount,
        instrument={},
        terms={"side": side, **({"limit_price": limit} if limit else {})},
    )


def level(price: str, volume: str = "1000") -> Level:
    return Level(price=Fraction(price), volume=Fraction(volume))


def form(made: Order, *book: Level) -> dict[str, str]:
    return dict(sizing.fields(made, market=market(), book=book, now=NOW))


def test_a_buy_is_a_limit_order_at_once_a_little_above_the_book() -> None:
    assert form(order(Money.of(1_004_01, "USD"), "buy", "101000"), level("100000")) == {
        "pair": "XBTUSD",
        "type": "buy",
        "ordertype": "limit",
        "price": "100100.0",
        "timeinforce": "IOC",
        "volume": "0.00999000",  # 1004 dollars less the fee, at 100,100
        "oflags": "fciq",
        "cl_ord_id": sizing.client_order_id("key"),
        "deadline": "2026-11-22T12:00:10.000000Z",
    }


def test_the_limit_is_never_passed_and_lies_on_a_tick() -> None:
    assert form(order(Money.of(1_000_00, "USD"), "buy", "100050.07"), level("100000"))["price"] == "100050.0"
    assert form(order(Money.of(10**6, "BTC:bitcoin"), "sell", "99950.01"), level("100000"))["price"] == "99950.1"


def test_a_larger_order_goes_as_deep_as_it_must() -> None:
    book = (level("100000", "0.1"), level("100200", "0.1"), level("100400", "10"))

    assert form(order(Money.of(15_000_00, "USD"), "buy", "110000"), *book)["price"] == "100300.2"
    assert form(order(Money.of(90_000_00, "USD"), "buy", "110000"), *book)["price"] == "100500.4"
    assert form(order(Money.of(90_000_00, "USD"), "buy", "100250"), *book)["price"] == "100250.0"


def test_a_sell_offers_all_its_lots_a_little_below_the_book() -> None:
    made = form(order(Money.of(123_456_789, "BTC:bitcoin"), "sell", "90000"), level("100000"))

    assert (made["volume"], made["price"], made["oflags"]) == ("1.23456789", "99900.0", "fciq")


def test_without_a_limit_a_buy_is_by_cost_and_a_sell_by_volume() -> None:
    bought, sold = form(order(Money.of(1_004_01, "USD"), "buy")), form(order(Money.of(10**8, "BTC:bitcoin"), "sell"))

    assert (bought["ordertype"], bought["volume"], bought["oflags"]) == ("market", "1000.00", "viqc,fciq")
    assert (sold["ordertype"], sold["volume"], sold["oflags"]) == ("market", "1.00000000", "fciq")
    assert "price" not in bought
    assert "timeinforce" not in bought


@pytest.mark.parametrize(("side", "limit"), [("buy", "99999.9"), ("sell", "100000.1")])
def test_a_price_beyond_the_limit_is_refused(side: str, limit: str) -> None:
    amount = Money.of(10_000, "USD") if side == "buy" else Money.of(10**6, "BTC:bitcoin")

    with pytest.raises(contract.Rejected) as caught:
        form(order(amount, side, limit), level("100000"))
    assert caught.value.code == "price_moved"


def test_less_than_a_lot_an_empty_book_and_a_limit_that_is_none_are_refused() -> None:
    with pytest.raises(contract.Rejected, match="order_minimum_not_met"):
        form(order(Money.of(1, "USD"), "buy", "100000"), level("100000"))
    with pytest.raises(contract.Unavailable, match="no_liquidity"):
        form(order(Money.of(100_00, "USD"), "buy", "100000"))
    for limit in ("much", "NaN", "Infinity"):
        with pytest.raises(contract.Rejected, match="price_invalid"):
            form(order(Money.of(100_00, "USD"), "buy", limit), level("100000"))


@given(
    cents=st.integers(1_00, 10**9),
    price=st.integers(1, 10**8),
    above=st.integers(0, 10**6),
    fee=st.sampled_from([Fraction(0), FEE, Fraction(13, 5000)]),
)
def test_a_buy_never_costs_more_than_the_order_has(cents: int, price: int, above: int, fee: Fraction) -> None:
    amount, best = Money.of(cents, "USD"), Fraction(price, 10)
    made = order(amount, "buy", str(Decimal(price + above) / 10))
    try:
        found = dict(
            sizing.fields(made, market=market(fee=fee), book=(Level(price=best, volume=Fraction(1)),), now=NOW)
        )
    except contract.Rejected:  # less than a lot
        reject()

    volume, limit = Fraction(Decimal(found["volume"])), Fraction(Decimal(found["price"]))
    assert best <= limit <= Fraction(price + above, 10)
    assert volume * limit * (1 + fee) <= Fraction(amount.decimal) - Fraction(1, 100)


def test_our_name_for_an_order_is_a_uuid_of_its_key() -> None:
    names = {sizing.client_order_id(key) for key in ("a", "b", "a")}

    assert len(names) == 2
    assert all(str(UUID(name)) == name for name in names)
    assert sizing.client_order_id("txn_1:order:kraken") == sizing.client_order_id("txn_1:order:kraken")


def test_the_side_of_the_book_that_an_order_meets() -> None:
    depth = Doc({"XXBTZUSD": {"asks": [["100.1", "2.5", 1]], "bids": [["99.9", "1", 1]]}})

    assert sizing.levels(depth, side="buy") == [level("100.1", "2.5")]
    assert sizing.levels(depth, side="sell") == [level("99.9", "1")]
    for wrong in ({}, {"XXBTZUSD": {"asks": 1}}, {"XXBTZUSD": {"asks": [1]}}, {"XXBTZUSD": {"asks": [["x", "y"]]}}):
        with pytest.raises(Malformed):
            sizing.levels(Doc(wrong), side="buy")
