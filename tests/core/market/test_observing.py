"""A round of prices: what is believed is kept with its history, what is not leaves the last price to grow old."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

import pytest

from core.market import book, market, observing
from core.market.models import LatestPrice, Pair, PricePoint
from core.providers.contract import Unavailable
from core.resilience import breaker
from tests.core.market.factories import Telling, quoted, tick

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def healthy(source: Telling) -> None:
    """Close the breaker of the source, whatever another test did to it."""
    breaker.Breaker(name=f"{source.code}:market").success()


def _latest(pair: str = "BTC/USD") -> LatestPrice:
    return LatestPrice.objects.get(pair=pair)


def test_a_round_asks_once_for_all_pairs_and_keeps_them_exactly(source: Telling) -> None:
    source.said = [tick("BTC/USD", "97123.4", bid="97123.3", ask="97123.5"), tick("EUR/USD", "1.08431")]

    assert observing.observe() == 2

    assert source.asked == [sorted(Pair.objects.values_list("code", flat=True))]
    row = _latest()
    assert (row.price, row.bid, row.ask, row.source) == (
        Decimal("97123.4"),
        Decimal("97123.3"),
        Decimal("97123.5"),
        "kraken",
    )
    assert list(PricePoint.objects.order_by("pair_id").values_list("pair_id", "price")) == [
        ("BTC/USD", Decimal("97123.4")),
        ("EUR/USD", Decimal("1.08431")),
    ]


def test_the_next_round_replaces_the_price_and_adds_to_the_history(source: Telling) -> None:
    for price in ("100", "101", "102"):
        source.said = [tick("BTC/USD", price)]
        observing.observe()

    assert LatestPrice.objects.count() == 1
    assert _latest().price == Decimal(102)
    assert list(PricePoint.objects.order_by("observed_at").values_list("price", flat=True)) == [
        Decimal(100),
        Decimal(101),
        Decimal(102),
    ]


@pytest.mark.parametrize("wrong", ["0", "-5", "70", "131"])
def test_a_wrong_answer_leaves_the_last_price_and_is_remembered(source: Telling, wrong: str) -> None:
    quoted("BTC/USD", "100", age=timedelta(seconds=30))
    before = _latest().observed_at
    source.said = [tick("BTC/USD", wrong)]

    assert observing.observe() == 0

    row = _latest()
    assert (row.price, row.observed_at, row.refused_price) == (Decimal(100), before, Decimal(wrong))
    assert row.refused_why == ("not_positive" if int(wrong) <= 0 else "jump")
    assert PricePoint.objects.count() == 1


def test_a_first_answer_that_is_wrong_makes_no_price(source: Telling) -> None:
    source.said = [tick("BTC/USD", "0")]

    assert observing.observe() == 0

    assert not LatestPrice.objects.exists()
    with pytest.raises(market.NoPrice):
        market.price(base="BTC")


def test_a_crash_of_the_market_is_believed_after_a_minute(source: Telling) -> None:
    quoted("BTC/USD", "100")
    source.said = [tick("BTC/USD", "60")]
    observing.observe()
    LatestPrice.objects.update(refused_since=_latest().refused_since - timedelta(seconds=61))  # type: ignore[operator]  # it was refused
    source.said = [tick("BTC/USD", "61")]

    assert observing.observe() == 1

    row = _latest()
    assert (row.price, row.refused_why, row.refused_price) == (Decimal(61), "", None)


def test_a_source_that_is_away_leaves_every_price_to_grow_old(source: Telling) -> None:
    quoted("BTC/USD", "100", age=timedelta(seconds=61))
    source.error = Unavailable(detail="away")

    assert observing.observe() == 0

    found = market.price(base="BTC")
    assert (found.value, found.is_stale) == (100, True)
    assert 61 <= found.age_s < 70


def test_an_answer_that_comes_late_does_not_replace_a_newer_one() -> None:
    quoted("BTC/USD", "100", age=timedelta(seconds=1))
    pairs = {"BTC/USD": Pair.objects.get(pk="BTC/USD")}

    assert observing.keep(source="kraken", ticks=[tick("BTC/USD", "99")], pairs=pairs, age=timedelta(seconds=2)) == 0
    assert _latest().price == Decimal(100)


def test_a_pair_that_is_not_watched_is_not_asked_for_and_has_no_price(source: Telling) -> None:
    quoted("SUI/USD", "2")
    Pair.objects.filter(pk="SUI/USD").update(is_active=False)
    source.said = [tick("SUI/USD", "2")]

    assert observing.observe() == 0

    book.forget()
    assert "SUI/USD" not in source.asked[0]  # type: ignore[operator]  # the pairs
    with pytest.raises(market.NoPrice):
        market.price(base="SUI")


def test_history_is_kept_for_a_while_only() -> None:
    quoted("BTC/USD", "100", age=timedelta(days=3))
    quoted("ETH/USD", "10", age=timedelta(hours=1))

    assert observing.forget(older_than=timedelta(days=2)) == 1

    assert PricePoint.objects.get().pair_id == "ETH/USD"
