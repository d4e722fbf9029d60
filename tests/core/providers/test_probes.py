"""Asking every provider whether it is well."""

from datetime import UTC, datetime

import pytest

from core.providers import contract, probes, registry, tasks
from core.providers.models import HealthMinute
from core.resilience import breaker
from tests.core.providers.fakes import Fake, failing

pytestmark = pytest.mark.django_db


def test_each_provider_is_asked_once_and_one_that_is_ill_stops_no_other() -> None:
    well, ill, broken = Fake(), Fake(), Fake()
    ill.answer = failing(contract.Unavailable())
    broken.answer = failing(KeyError("a defect"))

    with registry.replaced(well, ill, broken):
        found = probes.probe_all()

    assert found == {well.code: "ok", ill.code: "provider_unavailable", broken.code: "defect"}
    assert (well.calls, ill.calls, broken.calls) == (1, 1, 1)


def test_a_dead_provider_opens_the_breaker_of_probes_and_no_other() -> None:
    ill = Fake()
    ill.answer = failing(contract.Unavailable())

    with registry.replaced(ill):
        results = [probes.probe_all()[ill.code] for _ in range(7)]

    assert results == ["provider_unavailable"] * 5 + ["breaker_open"] * 2
    assert breaker.Breaker(f"{ill.code}:charge").state() == "closed"


def test_the_task_probes_and_writes_health_down() -> None:
    fake = Fake()

    with registry.replaced(fake):
        tasks.probe()

    row = HealthMinute.objects.get(provider=fake.code)
    assert (row.operation, row.good, row.bad) == ("probe", 1, 0)
    assert row.minute <= datetime.now(UTC)
