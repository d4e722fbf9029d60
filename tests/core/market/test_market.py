"""Prices and conversions: exact, with the way they were found, and never stale where they bind."""

from __future__ import annotations

from datetime import timedelta
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.kernel import assets
from core.kernel.money import Money
from core.market import book, market
from core.market.market import Leg
from tests.core.market.factories import quoted

pytestmark = pytest.mark.django_db
USD, EUR, BTC = assets.get("USD"), assets.get("EUR"), assets.get("BTC:bitcoin")


def test_a_pair_is_told_with_source_and_age() -> None:
    quoted("BTC/USD", "97123.4", age=timedelta(seconds=7))

    found = market.price(base=BTC)

    assert (found.value, found.source, found.is_stale) == (Fraction(971234, 10), "kraken", False)
    assert found.path == (Leg(pair="BTC/USD", inverse=False),)
    assert 7 <= found.age_s < 12


def test_a_pair_is_walked_back_exactly() -> None:
    quoted("EUR/USD", "1.08")

    found = market.price(base="USD", quote="EUR")

    assert (found.value, found.path) == (Fraction(100, 108), (Leg(pair="EUR/USD", inverse=True),))


def test_two_assets_without_a_pair_meet_in_dollars() -> None:
    quoted("BTC/USD", "108000", age=timedelta(seconds=20))
    quoted("EUR/USD", "1.08", age=timedelta(seconds=5))

    found = market.price(base="BTC", quote="EUR")

    assert found.value == 100_000
    assert [(leg.pair, leg.inverse) for leg in found.path] == [("BTC/USD", False), ("EUR/USD", True)]
    assert 20 <= found.age_s < 25


def test_an_asset_in_itself_costs_one_on_every_chain() -> None:
    found = market.convert(money=Money.of(5, "USDC:ethereum"), to=assets.get("USDC:solana"))

    assert (found.money, found.price.value, found.price.path) == (Money.of(5, "USDC:solana"), 1, ())


def test_no_price_is_a_refusal_and_never_a_zero() -> None:
    with pytest.raises(market.NoPrice) as caught:
        market.convert(money=Money.of(1, "BTC:bitcoin"), to=USD)

    assert caught.value.code == "price_unavailable"


def test_scaled_units_of_a_protocol_have_no_price() -> None:
    quoted("USDC/USD", "1")

    with pytest.raises(market.NoPrice):
        market.value(money=Money.of(1_000_000, "AUSDC:ethereum"), to=USD)


def test_a_stale_price_is_shown_and_binds_nobody() -> None:
    quoted("BTC/USD", "100000", age=timedelta(seconds=61))
    one = Money.of(10**8, "BTC:bitcoin")

    shown = market.value(money=one, to=USD)

    assert (shown.money, shown.price.is_stale) == (Money.of(10_000_000, "USD"), True)
    with pytest.raises(market.PriceStale) as caught:
        market.convert(money=one, to=USD)
    assert (caught.value.code, caught.value.retryable) == ("price_stale", True)


def test_conversion_rounds_down_to_the_smallest_unit() -> None:
    quoted("BTC/USD", "97123.4")

    assert market.convert(money=Money.of(1, "BTC:bitcoin"), to=USD).money == Money.of(0, "USD")
    assert market.convert(money=Money.of(103, "BTC:bitcoin"), to=USD).money == Money.of(10, "USD")
    assert market.convert(money=Money.of(100, "USD"), to=BTC).money == Money.of(1029, "BTC:bitcoin")
    assert market.convert(money=Money.of(-103, "BTC:bitcoin"), to=USD).money == Money.of(-10, "USD")


def test_many_prices_cost_one_query(django_assert_num_queries: Any) -> None:
    quoted("BTC/USD", "100000")
    quoted("EUR/USD", "1.1")

    with django_assert_num_queries(1):
        for _ in range(50):
            market.price(base="BTC", quote="EUR")


def test_several_sources_are_asked_for_the_one_in_the_middle() -> None:
    quoted("BTC/USD", "100", source="a")
    quoted("BTC/USD", "250", source="b")
    quoted("BTC/USD", "101", source="c")
    quoted("BTC/USD", "7", source="d", age=timedelta(hours=1))

    found = market.price(base="BTC")

    assert (found.value, found.source) == (101, "c")


def test_if_no_source_is_fresh_the_freshest_is_shown() -> None:
    quoted("BTC/USD", "100", source="a", age=timedelta(hours=2))
    quoted("BTC/USD", "250", source="b", age=timedelta(hours=1))

    found = market.price(base="BTC")

    assert (found.value, found.is_stale) == (250, True)


@given(units=st.integers(0, 10**30), cents=st.integers(1, 10**12))
def test_there_and_back_never_makes_money(units: int, cents: int) -> None:
    entry = book.Entry(
        base="BTC",
        quote="USD",
        value=Fraction(cents, 100),
        bid=Fraction(1),
        ask=Fraction(1),
        source="x",
        observed_at=None,  # type: ignore[arg-type]  # not looked at
        stale_after_s=60,
        age_then_s=0,
        read_at=0,
    )
    there = market._along("BTC", "USD", [(entry, False)])
    back = market._along("USD", "BTC", [(entry, True)])

    once = market.at(price=there, money=Money(units, BTC), to=USD)
    again = market.at(price=back, money=once, to=BTC)

    assert 0 <= again.units <= units
