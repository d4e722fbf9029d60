"""Ask every source for all prices and keep what is believed. Beat starts it every few seconds; any round may be lost.

A source that is away, slow or wrong leaves its last prices as they are: they grow old, and whoever reads them sees it.
"""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from decimal import Decimal

import structlog
from django.db import connection, transaction

from core.market import feed, judging, sources
from core.market.models import LatestPrice, Pair, PricePoint
from core.market.sources import Source, Tick
from core.providers import guard
from core.providers.contract import ProviderError

OPERATION = "market"
_STORED = ("price", "bid", "ask", "observed_at", "refused_price", "refused_why", "refused_since", "refused_at")
_FORGET = "DELETE FROM market_pricepoint WHERE observed_at < clock_timestamp() - make_interval(secs => %s)"
_MOST = Decimal(10) ** 20
_log = structlog.get_logger(__name__)


def observe() -> int:
    """Take one round of prices from every source and return how many were believed.

    Needs: no open database transaction.
    """
    pairs = {pair.code: pair for pair in Pair.objects.filter(is_active=True)}
    return sum(_from(source, pairs) for source in sources.current())


def forget(*, older_than: timedelta) -> int:
    """Delete history past its age and return how many points it was."""
    with connection.cursor() as cursor:
        cursor.execute(_FORGET, [older_than.total_seconds()])
        return int(cursor.rowcount)


def _from(source: Source, pairs: Mapping[str, Pair]) -> int:
    started = time.monotonic()
    try:
        ticks = guard.guarded(adapter=source, operation=OPERATION, fn=lambda: source.ticks(sorted(pairs)))
    except ProviderError as error:
        _log.warning("market.source_failed", source=source.code, code=error.code, detail=error.detail)
        return 0
    # As old as the question: it may have been true at any time since, and no later.
    return keep(source=source.code, ticks=ticks, pairs=pairs, age=timedelta(seconds=time.monotonic() - started))


@transaction.atomic
def keep(*, source: str, ticks: Sequence[Tick], pairs: Mapping[str, Pair], age: timedelta) -> int:
    """Judge what a source said ``age`` ago, write it down, and return how many prices were believed."""
    at = _now() - age
    known = {
        row.pair_id: row
        for row in LatestPrice.objects.filter(source=source, pair__in=list(pairs)).select_for_update().order_by("pk")
    }
    before = {code: row.price for code, row in known.items()}
    judged = [
        _judged(source, tick, pairs[tick.pair], known.get(tick.pair), at)
        for tick in ticks
        if tick.pair in pairs and not _is_late(known.get(tick.pair), at)
    ]
    rows = [row for row in judged if row is not None]
    believed = [row for row in rows if row.observed_at == at]
    LatestPrice.objects.bulk_create(
        rows, update_conflicts=True, unique_fields=["pair", "source"], update_fields=_STORED
    )
    PricePoint.objects.bulk_create(
        PricePoint(pair_id=row.pair_id, source=source, price=row.price, observed_at=at) for row in believed
    )
    feed.tell([row.pair_id for row in believed if row.price != before.get(row.pair_id)])
    return len(believed)


def _judged(source: str, tick: Tick, pair: Pair, known: LatestPrice | None, at: datetime) -> LatestPrice | None:
    """Return the row to write; None for a wrong answer where there was never a right one."""
    rules = judging.Rules(band_bps=pair.band_bps, believe_after=timedelta(seconds=pair.believe_after_s))
    verdict = judging.judge(tick=tick, known=_known(known), rules=rules, at=at)
    if verdict.why is None:
        return LatestPrice(
            pair_id=pair.code, source=source, price=verdict.price, bid=tick.bid, ask=tick.ask, observed_at=at
        )
    _log.warning("market.price_refused", source=source, pair=pair.code, why=verdict.why, price=str(verdict.price))
    if known is None:
        return None
    known.refused_price = _storable(verdict.price)
    known.refused_why, known.refused_since, known.refused_at = verdict.why.value, verdict.since, at
    return LatestPrice(pair_id=pair.code, source=source, **{name: getattr(known, name) for name in _STORED})


def _known(row: LatestPrice | None) -> judging.Known | None:
    if row is None:
        return None
    if row.refused_why != judging.Why.JUMP:
        return judging.Known(price=row.price)
    return judging.Known(price=row.price, doubted=row.refused_price, doubted_since=row.refused_since)


def _is_late(row: LatestPrice | None, at: datetime) -> bool:
    """Whether another round has been faster with something newer."""
    return row is not None and max(row.observed_at, row.refused_at or row.observed_at) >= at


def _storable(price: Decimal) -> Decimal | None:
    """Return a refused price as far as the column can hold it; what cannot be held is in the log."""
    return round(price, 18) if abs(price) < _MOST else None


def _now() -> datetime:
    with connection.cursor() as cursor:
        cursor.execute("SELECT clock_timestamp()")
        now: datetime = cursor.fetchone()[0]
    return now
