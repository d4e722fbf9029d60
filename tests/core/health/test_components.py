"""What each check sees."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from django.db import connection, transaction

from core.audit import books
from core.health import components, results, tasks
from core.health.models import HealthResult
from core.outbox import effects
from core.resilience import breaker, checks, connections, heartbeats
from core.resilience.models import BreakerState, Heartbeat
from diboas import schedule

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def empty() -> None:
    BreakerState.objects.all().delete()
    Heartbeat.objects.all().delete()


def _effects(age_s: int, *, state: str = "pending") -> None:
    with transaction.atomic():
        effects.add(rows=[effects.EffectEntry(topic="t", payload={})])
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE outbox_effect SET state = %s, due_at = clock_timestamp() - make_interval(secs => %s)",
            [state, age_s],
        )


def test_the_database_says_its_version() -> None:
    assert components.database().startswith("PostgreSQL ")


def test_redis_answers_and_its_absence_is_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    there = components.redis()
    monkeypatch.setattr(connections, "url", lambda: "redis://127.0.0.1:1/2")

    with pytest.raises(connections.Unavailable):
        components.redis()
    assert there == "answers"


def test_the_broker_counts_what_waits() -> None:
    assert sorted(components.queue_depths()) == sorted(schedule.QUEUES)
    assert components.broker().startswith("banking ")


@pytest.mark.parametrize(("age_s", "state", "ok"), [(5, "pending", True), (31, "pending", False), (0, "dead", False)])
def test_effects_must_be_carried_out_in_time(age_s: int, state: str, ok: bool) -> None:
    _effects(age_s, state=state)

    if ok:
        assert components.outbox() == f"1 due, oldest {age_s} s, 0 given up"
    else:
        with pytest.raises(components.Ill):
            components.outbox()


def test_no_work_is_no_lag() -> None:
    assert components.oldest_work() == (0.0, 0)
    assert components.work() == "0 due, oldest 0 s"


def test_an_open_breaker_is_named_and_one_held_closed_is_not() -> None:
    assert components.breakers() == "all closed"

    breaker.Breaker(name="health-test:charge").force_closed(actor="staff:1", reason="test")
    held_closed = components.breakers()
    breaker.Breaker(name="health-test:charge").force_open(actor="staff:1", reason="test")

    with pytest.raises(components.Ill, match="health-test:charge forced_open"):
        components.breakers()
    assert held_closed == "all closed"


def test_every_queue_needs_a_worker() -> None:
    with pytest.raises(heartbeats.Silent):
        components.scheduler()
    for queue in components.queues():
        if queue != "webhooks":
            tasks.pulse(queue=queue)
    with pytest.raises(heartbeats.Silent, match="worker:webhooks was never heard of"):
        components.workers()

    tasks.pulse(queue="webhooks")

    assert components.workers().startswith("banking 0.")
    assert "pid" in components.scheduler()


def test_an_old_pulse_is_none() -> None:
    for queue in components.queues():
        tasks.pulse(queue=queue)
    with connection.cursor() as cursor:
        cursor.execute("UPDATE resilience_heartbeat SET at = at - interval '101 seconds'")

    with pytest.raises(heartbeats.Silent):
        components.workers()
    with pytest.raises(heartbeats.Silent):
        components.scheduler()


def test_the_books_are_as_the_last_run_found_them(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(books, "_checks", {"ledger": list})
    before = components.books()
    tasks.check_books()
    clean = components.books()
    found = [books.Break(check="ledger", subject="entry 7", detail="sums to 1 USD")]
    monkeypatch.setattr(books, "_checks", {"ledger": lambda: found})
    tasks.check_books()

    with pytest.raises(components.Ill, match=r"1 breaks\. ledger: entry 7: sums to 1 USD"):
        components.books()
    assert (before, clean) == ("not checked yet", "no breaks")
    assert results.find(name="books").figure == 1  # type: ignore[union-attr]  # it is there


def test_the_last_result_replaces_the_one_before() -> None:
    ill = checks.Component(name="x", ok=False, critical=False, detail="bad", took_ms=1.0)
    well = checks.Component(name="x", ok=True, critical=False, detail="good", took_ms=2.0)

    results.store(components=[ill])
    results.store(components=[well])

    row = HealthResult.objects.get(name="x")
    assert (row.ok, row.detail, row.took_ms) == (True, "good", 2.0)
    assert row.checked_at <= datetime.now(UTC)


def test_every_part_is_registered() -> None:
    assert {
        "database", "redis", "broker", "outbox", "work", "scheduler", "workers", "breakers", "books", "relay", "emails",
    } <= set(checks.names())  # fmt: skip
    assert [name for name in checks.names() if checks.is_critical(name)] == ["database"]
