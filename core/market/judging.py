"""Whether an answer of a source may be believed. Pure.

A price that is wrong is worse than one that is late: what is not believed leaves the last price where it is, which then
grows old and says so. A jump is believed when its source has kept saying so for a while, because markets do fall.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from enum import StrEnum
from fractions import Fraction

from core.market.sources import Bar, Tick

_WHOLE_BPS = 10_000
_MOST = Decimal(10) ** 20
_PLACES = 18


class Why(StrEnum):
    """Why an answer was refused."""

    NOT_POSITIVE = "not_positive"
    TOO_LONG = "too_long"
    CROSSED = "crossed"
    WIDE = "wide"
    JUMP = "jump"


@dataclass(frozen=True, slots=True, kw_only=True)
class Rules:
    """What is believed of a pair (see ``models.Pair``)."""

    band_bps: int
    believe_after: timedelta


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """What was believed last, and the jump that is being doubted, if one is."""

    price: Decimal
    doubted: Decimal | None = None
    doubted_since: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """``why`` is None for a price that is believed. ``since``: from when on the source has said something like it."""

    price: Decimal
    why: Why | None
    since: datetime


def judge(*, tick: Tick, known: Known | None, rules: Rules, at: datetime) -> Verdict:
    """Return whether this tick's price is believed at ``at``.

    The price is the last trade, but never outside what one could buy and sell at now: in a market where nobody trades
    the last trade may be hours old.
    """
    price = min(max(tick.last, tick.bid), tick.ask)
    flaw = _flaw(tick, rules)
    if flaw is not None:
        return Verdict(price=price, why=flaw, since=at)
    if known is None or not _far(price, known.price, rules):
        return Verdict(price=price, why=None, since=at)
    if known.doubted is None or known.doubted_since is None or _far(price, known.doubted, rules):
        return Verdict(price=price, why=Why.JUMP, since=at)
    is_kept_up = at - known.doubted_since >= rules.believe_after
    return Verdict(price=price, why=None if is_kept_up else Why.JUMP, since=known.doubted_since)


def is_sound(bar: Bar) -> bool:
    """Whether a candle can be: positive prices, the others between low and high, volume not negative."""
    values = (bar.open, bar.high, bar.low, bar.close)
    inside = all(bar.low <= value <= bar.high for value in values)
    return inside and all(map(_fits, values)) and bar.low > 0 and 0 <= bar.volume < _MOST and _fits(bar.volume)


def _flaw(tick: Tick, rules: Rules) -> Why | None:
    values = (tick.bid, tick.ask, tick.last)
    if min(values) <= 0:
        return Why.NOT_POSITIVE
    if not all(map(_fits, values)):
        return Why.TOO_LONG
    if tick.bid > tick.ask:
        return Why.CROSSED
    return Why.WIDE if _far(tick.ask, tick.bid, rules) else None


def _far(price: Decimal, other: Decimal, rules: Rules) -> bool:
    """Whether two prices are further apart than the band, measured from the smaller one."""
    low, high = sorted((Fraction(price), Fraction(other)))
    return (high - low) * _WHOLE_BPS > low * rules.band_bps


def _fits(value: Decimal) -> bool:
    """Whether the database keeps it exactly."""
    exponent = value.as_tuple().exponent
    return isinstance(exponent, int) and -exponent <= _PLACES and value < _MOST
