"""Doing outside calls side by side."""

import threading
import time
from collections.abc import Callable
from contextvars import ContextVar

from core.providers import fanout

WHO: ContextVar[str] = ContextVar("who", default="nobody")


def test_results_come_in_the_order_of_the_jobs_with_failures_in_their_places() -> None:
    def fail() -> int:
        raise ValueError("job 1")

    jobs: list[Callable[[], int]] = [lambda: 0, fail, lambda: 2]

    results = fanout.run(jobs)

    assert (results[0], results[2]) == (0, 2)
    assert isinstance(results[1], ValueError)


def test_jobs_run_at_the_same_time() -> None:
    barrier = threading.Barrier(4, timeout=5)

    assert fanout.run([barrier.wait] * 4)


def test_more_jobs_than_threads_all_run() -> None:
    assert fanout.run([lambda: time.sleep(0.001)] * 100) == [None] * 100


def test_the_context_goes_along() -> None:
    WHO.set("drain 7")

    assert fanout.run([WHO.get, WHO.get]) == ["drain 7", "drain 7"]


def test_no_jobs_are_no_results_and_one_needs_no_thread() -> None:
    assert fanout.run([]) == []
    assert fanout.run([threading.current_thread]) == [threading.current_thread()]
