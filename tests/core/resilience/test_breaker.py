"""A breaker as one process sees it: opening, the probe, what Redis's loss changes (nothing), and a person's word."""

import time

import pytest
from pytest_django import DjangoAssertNumQueries

from core.resilience import breaker, connections
from core.resilience.breaker import Breaker
from core.resilience.breaker_machine import Policy
from core.resilience.models import BreakerEvent, BreakerState
from tests.core.resilience.conftest import Valkey, forget_outages

pytestmark = pytest.mark.django_db
NAME = "stripe:charge"
OVER = Policy(open_ms=0)  # the minute is over
LOST = Policy(open_ms=0, probe_ms=0)  # and the probe's time, too


def fail(times: int) -> None:
    for _ in range(times):
        Breaker(NAME).failure()


def allowed(policy: Policy | None = None) -> bool:
    return Breaker(NAME, policy=policy).allow()


def history() -> list[tuple[str, str]]:
    return list(BreakerEvent.objects.filter(name=NAME).order_by("id").values_list("before", "after"))


def test_five_failures_in_a_row_open_it(valkey: Valkey) -> None:
    fail(4)
    assert allowed()
    assert history() == []

    fail(1)

    assert not allowed()
    assert Breaker(NAME).state() == "open"
    assert history() == [("closed", "open")]
    assert BreakerState.objects.get(name=NAME).state == "open"
    assert Breaker("increase:payout").allow()


def test_a_success_in_between_starts_the_count_anew(valkey: Valkey) -> None:
    fail(4)
    Breaker(NAME).success()
    fail(4)

    assert allowed()


def test_an_open_breaker_stays_open_for_a_minute(valkey: Valkey) -> None:
    fail(5)

    opened_ms = breaker.view(name=NAME).opened_ms
    assert abs(opened_ms - time.time() * 1000) < 5000
    assert Policy().open_ms == 60_000
    assert not any(allowed() for _ in range(20))


def test_after_its_time_one_probe_passes_and_its_success_closes(valkey: Valkey) -> None:
    fail(5)
    probe = Breaker(NAME, policy=OVER)

    assert probe.allow()
    assert not allowed()
    assert Breaker(NAME).state() == "half_open"
    probe.success()

    assert allowed()
    assert history() == [("closed", "open"), ("open", "half_open"), ("half_open", "closed")]
    assert breaker.view(name=NAME).failures == 0


def test_a_failed_probe_opens_it_again_for_the_whole_time(valkey: Valkey) -> None:
    fail(5)
    first = breaker.view(name=NAME).opened_ms
    time.sleep(0.01)
    probe = Breaker(NAME, policy=OVER)
    assert probe.allow()
    probe.failure()

    assert not allowed()
    assert breaker.view(name=NAME).opened_ms > first
    assert history() == [("closed", "open"), ("open", "half_open"), ("half_open", "open")]
    assert allowed(OVER)


def test_late_news_of_earlier_calls_does_not_decide_a_half_open_breaker(valkey: Valkey) -> None:
    late = Breaker(NAME)
    assert late.allow()
    fail(5)
    late.success()
    assert not allowed()
    probe = Breaker(NAME, policy=OVER)
    assert probe.allow()

    late.success()
    late.failure()

    assert Breaker(NAME).state() == "half_open"


def test_a_probe_that_never_answers_makes_room_for_another(valkey: Valkey) -> None:
    fail(5)
    lost = Breaker(NAME, policy=LOST)
    assert lost.allow()
    second = Breaker(NAME, policy=OVER)

    assert second.allow()
    assert not allowed(OVER)
    lost.success()
    assert Breaker(NAME).state() == "half_open"
    second.success()
    assert Breaker(NAME).state() == "closed"


def test_a_flushed_redis_does_not_close_it(valkey: Valkey) -> None:
    fail(5)
    connections.client().flushall()

    assert not allowed()
    assert Breaker(NAME).state() == "open"


def test_a_restarted_process_after_a_flush_still_finds_it_open(valkey: Valkey) -> None:
    fail(5)
    connections.client().flushall()
    forget_outages()

    assert not allowed()


def test_without_redis_it_is_still_open(valkey: Valkey) -> None:
    fail(5)
    valkey.stop()

    assert not allowed()
    assert Breaker(NAME).state() == "open"


def test_without_redis_it_opens_probes_and_closes_by_the_database(valkey: Valkey) -> None:
    valkey.stop()
    fail(5)
    assert not allowed()
    probe = Breaker(NAME, policy=OVER)

    assert probe.allow()
    assert not allowed()
    probe.success()

    assert allowed()
    assert history() == [("closed", "open"), ("open", "half_open"), ("half_open", "closed")]


def test_a_redis_that_comes_back_empty_learns_that_it_is_open(valkey: Valkey) -> None:
    valkey.stop()
    fail(5)
    valkey.start()
    forget_outages()

    assert not allowed()
    assert connections.client().hget(connections.key(f"breaker:{NAME}"), "state") == "open"


def test_a_redis_that_comes_back_with_an_old_state_is_put_right(valkey: Valkey) -> None:
    assert allowed()
    assert connections.client().hget(connections.key(f"breaker:{NAME}"), "state") == "closed"
    valkey.freeze()
    fail(5)
    valkey.thaw()
    connections._rested_at.clear()

    assert not allowed()


def test_a_change_that_only_redis_saw_reaches_the_database(valkey: Valkey) -> None:
    fail(5)
    BreakerEvent.objects.all().delete()
    BreakerState.objects.all().delete()
    forget_outages()

    assert not allowed()

    assert BreakerState.objects.get(name=NAME).state == "open"
    assert history() == [("closed", "open")]


def test_a_closed_breaker_costs_one_question_and_no_query(
    valkey: Valkey, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    allowed()
    before = connections.client().info("commandstats")

    with django_assert_num_queries(0):
        one = Breaker(NAME)
        one.allow()
        one.success()

    after = connections.client().info("commandstats")
    assert after["cmdstat_evalsha"]["calls"] - before["cmdstat_evalsha"]["calls"] == 1  # type: ignore[index]


@pytest.mark.parametrize("redis_is_up", [True, False])
def test_a_person_can_hold_it_open_closed_and_let_go(valkey: Valkey, redis_is_up: bool) -> None:
    if not redis_is_up:
        valkey.stop()
    Breaker(NAME).force_open(actor="staff:7", reason="incident 12")
    assert not allowed()
    assert Breaker(NAME).state() == "open"

    Breaker(NAME).force_closed(actor="staff:7", reason="false alarm")
    fail(6)
    assert allowed()
    assert Breaker(NAME).state() == "closed"

    Breaker(NAME).auto(actor="staff:8", reason="done")
    assert allowed()
    fail(5)
    assert not allowed()
    told = BreakerEvent.objects.filter(name=NAME, actor__startswith="staff:").order_by("id")
    assert [(one.actor, one.reason) for one in told] == [
        ("staff:7", "incident 12"),
        ("staff:7", "false alarm"),
        ("staff:8", "done"),
    ]


def test_a_persons_word_outlives_redis(valkey: Valkey) -> None:
    Breaker(NAME).force_open(actor="staff:7", reason="incident 12")
    connections.client().flushall()

    assert not allowed()
    valkey.stop()
    assert not allowed()
