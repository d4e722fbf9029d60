"""What we take of a strategy, worked out by hand."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from fractions import Fraction

from hypothesis import given
from hypothesis import strategies as st

from core.kernel import assets
from core.kernel.money import Money
from defi.analysis import strategy_fees

USDC = assets.get("USDC:ethereum")
START = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
HALF_A_PERCENT = Fraction(1, 200)


def _money(units: int) -> Money:
    return Money(units, USDC)


def _due(*, before: int, now: int, after: timedelta) -> int:
    return strategy_fees.management_due(
        rate=HALF_A_PERCENT, before=_money(before), now=_money(now), since=START, until=START + after
    ).units


def test_a_year_on_a_value_that_stands_still_costs_half_a_percent() -> None:
    assert _due(before=1_000_000_000, now=1_000_000_000, after=timedelta(days=365)) == 5_000_000


def test_it_accrues_daily_on_the_value_of_each_day() -> None:
    # Days 1 to 10 are worth 1000.10 to 1001.00: 10,005.50 value-days at 0.5 % / 365 are 0.13706... USDC.
    assert _due(before=1_000_000_000, now=1_001_000_000, after=timedelta(days=10)) == 137_062


def test_a_day_that_is_not_over_costs_nothing() -> None:
    assert _due(before=1_000_000_000, now=1_000_000_000, after=timedelta(hours=23, minutes=59)) == 0
    assert _due(before=1_000_000_000, now=1_000_000_000, after=timedelta(0)) == 0


def test_of_the_yield_a_tenth_is_ours_and_none_of_a_loss() -> None:
    won = strategy_fees.take(
        brought=_money(501_234_567), earned=_money(1_234_567), due=_money(205_479), performance_rate=Fraction(1, 10)
    )
    lost = strategy_fees.take(
        brought=_money(499_000_000), earned=_money(-1_000_000), due=_money(205_479), performance_rate=Fraction(1, 10)
    )

    assert (won.performance.units, won.management.units, won.owed.units) == (123_457, 205_479, 0)
    assert (lost.performance.units, lost.management.units, lost.total.units) == (0, 205_479, 205_479)


def test_management_fee_that_a_small_harvest_cannot_pay_stays_owed() -> None:
    taken = strategy_fees.take(
        brought=_money(1_000), earned=_money(1_000), due=_money(5_000), performance_rate=Fraction(1, 10)
    )

    assert (taken.performance.units, taken.management.units, taken.owed.units) == (100, 900, 4_100)


@given(
    brought=st.integers(0, 10**15),
    earned=st.integers(-(10**15), 10**15),
    due=st.integers(0, 10**12),
    tenth=st.booleans(),
)
def test_never_more_is_kept_than_comes_home_and_nothing_of_it_is_lost(
    brought: int, earned: int, due: int, *, tenth: bool
) -> None:
    taken = strategy_fees.take(
        brought=_money(brought),
        earned=_money(min(earned, brought)),
        due=_money(due),
        performance_rate=Fraction(1, 10) if tenth else Fraction(0),
    )

    assert 0 <= taken.total.units <= brought
    assert (taken.management + taken.owed).units == due
    assert taken.performance.units == (0 if earned <= 0 or not tenth else (min(earned, brought) + 5) // 10)
