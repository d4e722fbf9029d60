"""A breaker among real processes: whatever the number of callers, one probe; whatever Redis does, one truth."""

import multiprocessing
from multiprocessing.synchronize import Barrier
from typing import Any

import pytest
from django.db import connections as databases

from core.resilience import connections
from core.resilience.breaker import Breaker
from core.resilience.breaker_machine import Policy
from core.resilience.models import BreakerEvent
from tests.core.resilience.conftest import Valkey, forget_outages

NAME = "stripe:charge"
OVER = Policy(open_ms=0, probe_ms=600_000)  # the minute is over, and a probe has all the time
PROCESSES, CALLS = 6, 15
_fork = multiprocessing.get_context("fork")


def _ask(start: Barrier, answers: Any, number: int) -> None:
    forget_outages()
    start.wait()
    answers.put((number, sum(Breaker(NAME, policy=OVER).allow() for _ in range(CALLS))))
    databases.close_all()


def _fail(start: Barrier, answers: Any, number: int) -> None:
    forget_outages()
    start.wait()
    Breaker(NAME).failure()
    answers.put((number, 1))
    databases.close_all()


def _run(work: Any, count: int) -> list[int]:
    """Run ``work`` in that many real processes, all at once, and return what each answered."""
    databases.close_all()
    start, answers = _fork.Barrier(count), _fork.Queue()
    children = [_fork.Process(target=work, args=(start, answers, number)) for number in range(count)]
    for child in children:
        child.start()
    found = dict(answers.get(timeout=60) for _ in children)
    for child in children:
        child.join()
    return [found[number] for number in range(count)]


@pytest.mark.parametrize("redis_is_up", [True, False])
def test_one_probe_is_shared_by_all_processes(valkey: Valkey, committed_db: object, redis_is_up: bool) -> None:
    if not redis_is_up:
        valkey.stop()
    for _ in range(5):
        Breaker(NAME).failure()

    passed = _run(_ask, PROCESSES)

    assert sorted(passed) == [0] * (PROCESSES - 1) + [1]
    changes = list(BreakerEvent.objects.order_by("id").values_list("before", "after"))
    assert changes == [("closed", "open"), ("open", "half_open")]


@pytest.mark.parametrize("redis_is_up", [True, False])
def test_failures_of_five_processes_add_up(valkey: Valkey, committed_db: object, redis_is_up: bool) -> None:
    if not redis_is_up:
        valkey.stop()

    _run(_fail, 5)

    assert not Breaker(NAME).allow()
    assert list(BreakerEvent.objects.values_list("before", "after")) == [("closed", "open")]


def test_after_a_flush_no_process_passes(valkey: Valkey, committed_db: object) -> None:
    steady = Policy(open_ms=60_000)
    for _ in range(5):
        Breaker(NAME, policy=steady).failure()
    connections.client().flushall()

    def ask(start: Barrier, answers: Any, number: int) -> None:
        forget_outages()
        start.wait()
        answers.put((number, sum(Breaker(NAME, policy=steady).allow() for _ in range(CALLS))))
        databases.close_all()

    assert _run(ask, PROCESSES) == [0] * PROCESSES
