"""Moments are told in UTC with microseconds, always."""

from datetime import UTC, datetime, timedelta, timezone

import pytest

from core.kernel import clock


def test_the_system_clock_has_a_zone() -> None:
    assert clock.SYSTEM.now().tzinfo is UTC
    assert abs((clock.SYSTEM.now() - datetime.now(UTC)).total_seconds()) < 5


def test_a_fixed_clock_moves_only_when_it_is_moved() -> None:
    at = datetime(2026, 2, 28, 23, 59, 59, tzinfo=UTC)
    fixed = clock.FixedClock(at)

    assert fixed.now() == fixed.now() == at
    fixed.move(timedelta(seconds=1))
    assert fixed.now() == datetime(2026, 3, 1, tzinfo=UTC)


@pytest.mark.parametrize(
    ("at", "text"),
    [
        (datetime(2026, 11, 22, 11, 0, tzinfo=UTC), "2026-11-22T11:00:00.000000Z"),
        (datetime(2026, 11, 22, 11, 0, 0, 7, tzinfo=UTC), "2026-11-22T11:00:00.000007Z"),
        (datetime(2026, 11, 22, 0, 30, tzinfo=timezone(timedelta(hours=2))), "2026-11-21T22:30:00.000000Z"),
        (datetime(2028, 2, 29, 23, 59, 59, 999999, tzinfo=UTC), "2028-02-29T23:59:59.999999Z"),
    ],
)
def test_a_moment_is_written_in_utc_with_microseconds(at: datetime, text: str) -> None:
    assert clock.rfc3339(at) == text
