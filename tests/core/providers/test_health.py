"""Health figures: what is counted, how minutes weigh, what is left when Redis is gone."""

import secrets
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
from pytest_django import Settings

from core.providers import health
from core.providers.health import Observation, Tally
from core.providers.models import HealthMinute

pytestmark = pytest.mark.django_db


@pytest.fixture
def provider() -> Iterator[str]:
    health._cache.clear()
    yield f"fake{secrets.token_hex(4)}"
    health._cache.clear()


def seen(provider: str, *, good: int = 0, bad: int = 0, ms: float = 100) -> None:
    results = [True] * good + [False] * bad
    health.observe(
        [Observation(provider=provider, operation="charge", good=result, duration_ms=ms) for result in results]
    )


def snapshot(provider: str) -> health.Health:
    health._cache.clear()
    return health.snapshot(provider=provider, operation="charge")


def test_nothing_known_is_the_neutral_prior(provider: str) -> None:
    assert snapshot(provider) == health.Health(success_rate=0.95, p50_ms=0.0, p95_ms=0.0, samples=0)


def test_what_is_seen_moves_the_rate_away_from_the_prior(provider: str) -> None:
    seen(provider, good=6, bad=2)

    found = snapshot(provider)

    assert found.samples == 8
    # (0.95 * 2 + 6) / (2 + 8), when the clock does not turn a minute in between.
    assert found.success_rate == pytest.approx(0.79, abs=0.02)


def test_operations_are_counted_apart(provider: str) -> None:
    seen(provider, good=3)

    assert health.snapshot(provider=provider, operation="payout").samples == 0


def test_percentiles_are_at_most_a_bin_too_high(provider: str) -> None:
    seen(provider, good=94, ms=100)
    seen(provider, good=6, ms=1000)

    found = snapshot(provider)

    assert 100 <= found.p50_ms <= 115
    assert 1000 <= found.p95_ms <= 1150


@pytest.mark.parametrize(("ms", "expected"), [(0, 0), (1, 0), (1.01, 1), (1.15, 1), (1.16, 2), (100, 33), (10**9, 80)])
def test_bins_are_logarithmic_and_bounded(ms: float, expected: int) -> None:
    assert health.bin_of(ms) == expected


def test_old_minutes_weigh_less_and_all_of_them_fade_to_the_prior() -> None:
    fresh = health.summarise({0: Tally(bad=10)}).success_rate
    five_minutes = health.summarise({5: Tally(bad=10)}).success_rate
    hours = health.summarise({120: Tally(bad=10)}).success_rate

    assert fresh == pytest.approx(1.9 / 12, abs=1e-4)
    assert five_minutes == pytest.approx(1.9 / 7, abs=1e-4)
    assert hours == pytest.approx(0.95, abs=1e-4)


def test_good_news_after_bad_restores_the_rate() -> None:
    assert health.summarise({10: Tally(bad=20), 0: Tally(good=20)}).success_rate > 0.8


def test_minutes_are_remembered_and_written_over(provider: str) -> None:
    now = datetime.now(UTC)
    seen(provider, good=2, bad=1)
    health.remember(pairs=[(provider, "charge")], now=now)
    seen(provider, good=1)
    health.remember(pairs=[(provider, "charge")], now=now)

    rows = HealthMinute.objects.filter(provider=provider)

    assert sum(row.good for row in rows) == 3
    assert sum(row.bad for row in rows) == 1
    assert sum(sum(row.bins.values()) for row in rows) == 4
    health.forget(before=now + timedelta(minutes=2))
    assert not HealthMinute.objects.filter(provider=provider).exists()


def test_without_redis_the_database_remembers(provider: str, settings: Settings) -> None:
    now = datetime.now(UTC)
    HealthMinute.objects.create(
        provider=provider,
        operation="charge",
        minute=now.replace(second=0, microsecond=0),
        good=10,
        bad=0,
        bins={"33": 10},
    )
    settings.REDIS_LOCKS_URL = "redis://127.0.0.1:1/2"

    found = snapshot(provider)

    assert found.samples == 10
    assert found.success_rate > 0.98
    assert 100 <= found.p50_ms <= 115


def test_without_redis_counting_is_given_up_quietly(provider: str, settings: Settings) -> None:
    settings.REDIS_LOCKS_URL = "redis://127.0.0.1:1/2"

    seen(provider, good=1)

    assert snapshot(provider).samples == 0


def test_an_empty_tally_has_no_percentile() -> None:
    assert Tally().percentile_ms(0.5) == 0.0
    assert Tally(bins=Counter({0: 1})).percentile_ms(0.5) == 1.0
