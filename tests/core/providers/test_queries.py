"""What is shown of providers."""

from datetime import UTC, datetime, timedelta

import pytest

from core.providers import queries, registry, states
from core.providers.models import HealthMinute
from core.resilience import breaker, checks
from tests.core.providers.fakes import Fake

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 11, 22, 12, 0, 30, tzinfo=UTC)


def minute(fake: Fake, ago: timedelta, *, good: int, bad: int = 0) -> None:
    at = (NOW - ago).replace(second=0)
    HealthMinute.objects.create(
        provider=fake.code, operation="charge", minute=at, good=good, bad=bad, bins={"33": good + bad}
    )


def test_the_last_hour_is_added_up_and_older_minutes_are_not() -> None:
    fake = Fake()
    minute(fake, timedelta(minutes=5), good=8, bad=1)
    minute(fake, timedelta(minutes=50), good=1)
    minute(fake, timedelta(minutes=70), good=100)

    with registry.replaced(fake):
        view = queries.overview(now=NOW)[0]

    charge = view.operations[0]
    assert (view.code, view.mode, view.capabilities) == (fake.code, states.Mode.ENABLED, fake.capabilities)
    assert [operation.operation for operation in view.operations] == ["charge", "status", "probe"]
    assert (charge.breaker, charge.health.samples) == ("closed", 0)
    assert (charge.last_hour.calls, charge.last_hour.failures, charge.last_hour.success_rate) == (10, 1, 0.9)
    assert 100 <= charge.last_hour.p50_ms <= 115
    assert (view.operations[1].last_hour.calls, view.operations[1].last_hour.success_rate) == (0, None)


def test_hours_of_the_last_two_days_are_bars() -> None:
    fake = Fake()
    minute(fake, timedelta(minutes=10), good=5)
    minute(fake, timedelta(hours=2, minutes=10), good=3, bad=1)
    minute(fake, timedelta(hours=60), good=7)

    bars = queries.bars(now=NOW)[fake.code, "charge"]

    assert [(bar.calls, bar.failures) for bar in bars] == [(4, 1), (5, 0)]
    assert bars[1].start - bars[0].start == timedelta(hours=2)


def test_an_open_breaker_is_named_to_those_who_watch() -> None:
    fake = Fake()
    with registry.replaced(fake):
        well = checks.run("providers")
        breaker.Breaker(f"{fake.code}:charge").force_open(actor="staff:1", reason="test")
        ill = checks.run("providers")

    assert (well.ok, well.detail) == (True, "1 providers, all breakers closed")
    assert (ill.ok, f"{fake.code}:charge" in ill.detail) == (False, True)


def test_what_is_switched_off_shows_it() -> None:
    fake = Fake()
    states.change(provider=fake.code, mode=states.Mode.DISABLED, actor="staff:1", reason="x")

    with registry.replaced(fake):
        assert queries.overview(now=NOW)[0].mode is states.Mode.DISABLED
