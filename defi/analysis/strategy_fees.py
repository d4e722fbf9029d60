"""What we take of a strategy, and when: management pro rata of the value, performance of realised yield only."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from fractions import Fraction

from core.kernel.money import Money

DAYS_A_YEAR = 365


@dataclass(frozen=True, slots=True, kw_only=True)
class Taken:
    """The fees of one harvest or stop, and what of the management fee had to be left for the next one."""

    management: Money
    performance: Money
    owed: Money

    @property
    def total(self) -> Money:
        return self.management + self.performance


def management_due(*, rate: Fraction, before: Money, now: Money, since: datetime, until: datetime) -> Money:
    """Return the management fee of the whole days between two moments, accrued daily on the value of each.

    Between the two the value is taken to have grown evenly, as supply interest does between updates: day ``k`` of ``n``
    has ``before + (now - before) * k / n``. Rounded once, half up.
    """
    days = max((until - since).days, 0)
    if days == 0 or not rate:
        return Money.zero(now.asset)
    value_days = Fraction(days * before.units) + Fraction((now.units - before.units) * (days + 1), 2)
    return Money(1, now.asset).fraction(rate * value_days / DAYS_A_YEAR)


def take(*, brought: Money, earned: Money, due: Money, performance_rate: Fraction) -> Taken:
    """Return what is kept of an amount that comes home, of which ``earned`` is realised yield.

    The performance fee is nothing on a loss. Management fee that does not fit into what comes home stays owed.
    """
    performance = max(earned, Money.zero(earned.asset)).fraction(performance_rate)
    performance = min(performance, brought)
    management = min(due, brought - performance)
    return Taken(management=management, performance=performance, owed=due - management)
