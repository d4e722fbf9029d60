"""Candles: fetched from the sources when they are due, kept for as long as somebody draws them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from types import MappingProxyType
from typing import Any, Final

import structlog
from django.db import connection, transaction
from django.db.models.functions import Now

from core.market import judging, sources
from core.market.models import Candle, CandleFeed, Interval
from core.market.sources import Bar, Source
from core.providers import guard
from core.providers.contract import ProviderError, Rejected

OPERATION: Final = "candles"
# A source allows about one call a second; what is not fetched in this round is the next one's.
AT_MOST: Final = 10
_FIELDS = ("open", "high", "low", "close", "volume", "trades")
_log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Rhythm:
    """How long a candle lasts, how often candles are fetched, and how long they are kept (None: for good)."""

    lasts: timedelta
    every: timedelta
    kept: timedelta | None


RHYTHMS: Final = MappingProxyType(
    {
        Interval.MINUTE: Rhythm(lasts=timedelta(minutes=1), every=timedelta(minutes=1), kept=timedelta(days=2)),
        Interval.FIVE_MINUTES: Rhythm(lasts=timedelta(minutes=5), every=timedelta(minutes=2), kept=timedelta(days=14)),
        Interval.HOUR: Rhythm(lasts=timedelta(hours=1), every=timedelta(minutes=5), kept=timedelta(days=365)),
        Interval.DAY: Rhythm(lasts=timedelta(days=1), every=timedelta(minutes=15), kept=None),
    }
)

_FORGET = """
DELETE FROM market_candle WHERE interval = %s AND start < clock_timestamp() - make_interval(secs => %s)
"""
# The feed that is most overdue comes first; one that was never fetched before all others.
_DUE = """
SELECT p.code, r.interval, (SELECT max(c.start) FROM market_candle c
                             WHERE c.pair_id = p.code AND c.interval = r.interval AND c.source = %(source)s)
  FROM market_pair p
 CROSS JOIN unnest(%(intervals)s::text[], %(rhythms)s::interval[]) AS r(interval, every)
  LEFT JOIN market_candlefeed f ON f.pair_id = p.code AND f.interval = r.interval AND f.source = %(source)s
 WHERE p.is_active AND (f.fetched_at IS NULL OR f.fetched_at <= clock_timestamp() - r.every)
 ORDER BY coalesce(f.fetched_at, '-infinity'), r.every, p.code LIMIT %(limit)s
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Chart:
    """Candles, newest first. ``fetched_at`` is None if none were ever fetched; ``is_stale`` when a fetch is overdue."""

    source: str
    fetched_at: datetime | None
    is_stale: bool
    candles: list[Candle]


def refresh(*, at_most: int = AT_MOST) -> int:
    """Fetch the candles that are due, at most so many feeds of each source, and return how many feeds were fetched.

    A source that fails is left alone until the next round.
    Needs: no open database transaction.
    """
    return sum(_refresh(source, at_most) for source in sources.current())


def forget() -> int:
    """Delete candles past their age and return how many it was."""
    with connection.cursor() as cursor:
        gone = 0
        for interval, rhythm in RHYTHMS.items():
            if rhythm.kept is not None:
                cursor.execute(_FORGET, [interval, rhythm.kept.total_seconds()])
                gone += cursor.rowcount
        return gone


def read(*, pair: str, interval: str, before: datetime | None, limit: int) -> Chart:
    """Return the candles of a pair that begin before ``before``, newest first, from the feed fetched last."""
    feed = CandleFeed.objects.filter(pair=pair, interval=interval).order_by("-fetched_at").first()
    if feed is None:
        return Chart(source="", fetched_at=None, is_stale=True, candles=[])
    rows = Candle.objects.filter(pair=pair, interval=interval, source=feed.source)
    if before is not None:
        rows = rows.filter(start__lt=before)
    overdue = CandleFeed.objects.filter(pk=feed.pk, fetched_at__lt=Now() - 3 * RHYTHMS[Interval(interval)].every)
    return Chart(
        source=feed.source,
        fetched_at=feed.fetched_at,
        is_stale=overdue.exists(),
        candles=list(rows.order_by("-start")[:limit]),
    )


def _refresh(source: Source, at_most: int) -> int:
    fetched = 0
    for pair, interval, newest in _due(source.code, at_most):
        try:
            bars = _bars(source, pair, RHYTHMS[Interval(interval)].lasts, newest)
        except ProviderError as error:
            _log.warning("market.candles_failed", source=source.code, pair=pair, code=error.code, detail=error.detail)
            return fetched
        _keep(source=source.code, pair=pair, interval=interval, bars=bars)
        fetched += 1
    return fetched


def _due(source: str, at_most: int) -> list[tuple[str, str, datetime | None]]:
    facts: dict[str, Any] = {
        "source": source,
        "intervals": [interval.value for interval in RHYTHMS],
        "rhythms": [rhythm.every for rhythm in RHYTHMS.values()],
        "limit": at_most,
    }
    with connection.cursor() as cursor:
        cursor.execute(_DUE, facts)
        return list(cursor.fetchall())


def _bars(source: Source, pair: str, lasts: timedelta, newest: datetime | None) -> list[Bar]:
    """Ask from the candle before the newest one on: that one was not complete when it was read."""
    since = None if newest is None else newest - lasts
    try:
        bars: list[Bar] = guard.guarded(
            adapter=source,
            operation=OPERATION,
            fn=lambda: source.bars(pair=pair, interval_s=int(lasts.total_seconds()), since=since),
        )
    except Rejected as error:
        _log.warning("market.candles_refused", source=source.code, pair=pair, code=error.code)
        return []
    sound = [bar for bar in bars if judging.is_sound(bar) and bar.start.timestamp() % lasts.total_seconds() == 0]
    if len(sound) < len(bars):
        _log.warning("market.candles_unsound", source=source.code, pair=pair, refused=len(bars) - len(sound))
    return sound


@transaction.atomic
def _keep(*, source: str, pair: str, interval: str, bars: Sequence[Bar]) -> None:
    Candle.objects.bulk_create(
        [
            Candle(
                pair_id=pair,
                source=source,
                interval=interval,
                start=bar.start,
                open=bar.open,
                high=bar.high,
                low=bar.low,
                close=bar.close,
                volume=bar.volume,
                trades=bar.trades,
            )
            for bar in {bar.start: bar for bar in bars}.values()
        ],
        update_conflicts=True,
        unique_fields=["pair", "interval", "source", "start"],
        update_fields=_FIELDS,
    )
    CandleFeed.objects.bulk_create(
        [CandleFeed(pair_id=pair, source=source, interval=interval, fetched_at=Now())],
        update_conflicts=True,
        unique_fields=["pair", "interval", "source"],
        update_fields=["fetched_at"],
    )
