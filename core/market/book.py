"""The prices of this moment, held in memory for a second: one small query however many are asked."""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from fractions import Fraction
from typing import Any

from django.db import connection

from core.kernel.held import Held

HOLD_S = 1.0
_LATEST = """
SELECT p.base, p.quote, p.stale_after_s, l.source, l.price, l.bid, l.ask, l.observed_at,
       extract(epoch FROM clock_timestamp() - l.observed_at)
  FROM market_pair p LEFT JOIN market_latestprice l ON l.pair_id = p.code
 WHERE p.is_active ORDER BY p.code, l.source
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """What one pair costs. ``read_at`` and ``age_then_s`` tell its age by the database's clock, whenever asked."""

    base: str
    quote: str
    value: Fraction
    bid: Fraction
    ask: Fraction
    source: str
    observed_at: datetime
    stale_after_s: int
    age_then_s: float
    read_at: float

    @property
    def age_s(self) -> float:
        return max(0.0, self.age_then_s + time.monotonic() - self.read_at)

    @property
    def is_stale(self) -> bool:
        return self.age_s > self.stale_after_s


@dataclass(frozen=True, slots=True, kw_only=True)
class Book:
    """Every pair that is watched, and the entries of those that have a price."""

    pairs: tuple[tuple[str, str], ...]
    entries: Mapping[tuple[str, str], Entry]

    @property
    def symbols(self) -> list[str]:
        """Every symbol that stands in a pair, sorted."""
        return sorted({symbol for pair in self.pairs for symbol in pair})


def current() -> Book:
    """Return the book, at most a second old."""
    return _held.get()


def _load() -> Book:
    with connection.cursor() as cursor:
        read_at = time.monotonic()
        cursor.execute(_LATEST)
        rows = cursor.fetchall()
    said: dict[tuple[str, str], list[Entry]] = defaultdict(list)
    for row in rows:
        said[row[0], row[1]] += [] if row[3] is None else [_entry(row, read_at)]
    return Book(pairs=tuple(said), entries={pair: agreed(found) for pair, found in said.items() if found})


def _entry(row: tuple[Any, ...], read_at: float) -> Entry:
    base, quote, stale_after_s, source, price, bid, ask, observed_at, age_s = row
    return Entry(
        base=base,
        quote=quote,
        value=Fraction(price),
        bid=Fraction(bid),
        ask=Fraction(ask),
        source=source,
        observed_at=observed_at,
        stale_after_s=stale_after_s,
        age_then_s=float(age_s),
        read_at=read_at,
    )


def agreed(said: Sequence[Entry]) -> Entry:
    """Return what the sources of one pair say together: the one in the middle of those that are fresh.

    Of an even number the older of the two in the middle: a price that somebody really named. If none is fresh, the
    freshest.
    """
    fresh = sorted((each for each in said if not each.is_stale), key=lambda each: each.value)
    if not fresh:
        return min(said, key=lambda each: each.age_s)
    middle = fresh[(len(fresh) - 1) // 2 : len(fresh) // 2 + 1]
    return max(middle, key=lambda each: each.age_s)


_held = Held(_load, seconds=HOLD_S)


def forget() -> None:
    """Drop the copy: the next use reads."""
    _held.forget()
