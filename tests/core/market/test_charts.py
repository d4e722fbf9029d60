"""Candles: fetched when due, the newest again because it was not complete, the unsound left out."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from core.market import charts
from core.market.models import Candle, CandleFeed, Interval, Pair
from core.market.sources import Bar
from core.providers.contract import Rejected, Unavailable
from core.resilience import breaker
from tests.core.market.factories import Telling

pytestmark = pytest.mark.django_db
NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)


@pytest.fixture(autouse=True)
def only_bitcoin(source: Telling) -> None:
    """Watch one pair only, with a source that is well."""
    Pair.objects.exclude(pk="BTC/USD").update(is_active=False)
    breaker.Breaker(name=f"{source.code}:candles").success()


def bar(start: datetime, close: str = "101", **more: str) -> Bar:
    values = {"open": "100", "high": "105", "low": "99", "volume": "1.5", **more}
    return Bar(start=start, close=Decimal(close), trades=3, **{k: Decimal(v) for k, v in values.items()})


def test_every_interval_is_fetched_once_and_then_not_before_it_is_due(source: Telling) -> None:
    assert (charts.refresh(), charts.refresh()) == (4, 0)

    assert sorted(source.asked) == [("BTC/USD", seconds, None) for seconds in (60, 300, 3600, 86400)]  # type: ignore[type-var]  # tuples
    CandleFeed.objects.filter(interval=Interval.MINUTE).update(fetched_at=NOON)
    assert charts.refresh() == 1


def test_a_round_takes_no_more_than_it_may_and_the_next_the_rest(source: Telling) -> None:
    assert (charts.refresh(at_most=3), charts.refresh(at_most=3)) == (3, 1)


def test_a_day_that_begins_at_noon_is_none(source: Telling) -> None:
    source.drawn = [bar(NOON)]

    charts.refresh()

    assert {row.interval for row in Candle.objects.all()} == {"1m", "5m", "1h"}


def test_the_newest_candle_is_fetched_again_and_replaced(source: Telling) -> None:
    midnight = datetime(2026, 3, 1, tzinfo=UTC)
    source.drawn = [bar(midnight), bar(midnight + timedelta(days=1))]
    charts.refresh()
    CandleFeed.objects.filter(interval=Interval.DAY).update(fetched_at=NOON)
    source.asked.clear()
    source.drawn = [bar(midnight + timedelta(days=1), close="103")]

    charts.refresh()

    assert source.asked == [("BTC/USD", 86400, midnight)]
    days = Candle.objects.filter(interval=Interval.DAY).order_by("start")
    assert [(each.start, each.close) for each in days] == [
        (midnight, Decimal(101)),
        (midnight + timedelta(days=1), Decimal(103)),
    ]


def test_unsound_candles_are_left_out(source: Telling) -> None:
    source.drawn = [bar(NOON), bar(NOON + timedelta(hours=1), low="200"), bar(NOON + timedelta(hours=2), volume="-1")]

    charts.refresh()

    assert [row.start for row in Candle.objects.filter(interval=Interval.HOUR)] == [NOON]


def test_a_source_that_fails_is_left_alone_until_the_next_round(source: Telling) -> None:
    source.error = Unavailable(detail="away")

    assert charts.refresh() == 0
    assert len(source.asked) == 1
    assert not CandleFeed.objects.exists()


def test_a_pair_that_the_source_does_not_draw_holds_nobody_up(source: Telling) -> None:
    source.error = Rejected(code="unknown_pair")

    assert charts.refresh() == 4
    assert not Candle.objects.exists()


def test_a_chart_is_read_newest_first_and_says_when_it_is_stale(source: Telling) -> None:
    source.drawn = [bar(NOON + timedelta(minutes=number)) for number in range(5)]
    charts.refresh()

    newest = charts.read(pair="BTC/USD", interval="1m", before=None, limit=2)
    older = charts.read(pair="BTC/USD", interval="1m", before=newest.candles[-1].start, limit=9)
    CandleFeed.objects.update(fetched_at=NOON)
    late = charts.read(pair="BTC/USD", interval="1m", before=None, limit=1)
    none = charts.read(pair="ETH/USD", interval="1m", before=None, limit=1)

    assert [row.start.minute for row in [*newest.candles, *older.candles]] == [4, 3, 2, 1, 0]
    assert (newest.is_stale, newest.source, late.is_stale) == (False, "kraken", True)
    assert (none.candles, none.is_stale, none.fetched_at) == ([], True, None)


def test_candles_are_kept_as_long_as_their_interval_says(source: Telling) -> None:
    source.drawn = [bar(datetime(2020, 1, 1, tzinfo=UTC))]
    charts.refresh()

    assert charts.forget() == 3
    assert [row.interval for row in Candle.objects.all()] == ["1d"]
