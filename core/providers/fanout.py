"""Do outside calls side by side, bounded, in threads that live as long as the process."""

from __future__ import annotations

import contextvars
import os
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TypeVar

from django.db import connections

T = TypeVar("T")
WIDTH = 16

_lock = threading.Lock()
_pool: tuple[int, ThreadPoolExecutor] | None = None


def run(jobs: Sequence[Callable[[], T]]) -> list[T | Exception]:
    """Run the jobs at the same time and return each result, or the exception it ended with, in the jobs' order.

    A single job runs in the calling thread. Context variables (correlation id, call log) go along. Jobs speak to
    providers, not to the database; a connection that one opens nevertheless is given back.
    """
    if len(jobs) == 1:
        return [_caught(jobs[0])]
    pool = _executor()
    futures: list[Future[T | Exception]] = [
        pool.submit(contextvars.copy_context().run, _in_thread, job) for job in jobs
    ]
    return [future.result() for future in futures]


def _in_thread(job: Callable[[], T]) -> T | Exception:
    try:
        return _caught(job)
    finally:
        for connection in connections.all(initialized_only=True):
            connection.close()


def _caught(job: Callable[[], T]) -> T | Exception:
    try:
        return job()
    except Exception as error:  # noqa: BLE001 one job's failure is its own result and must not take the others along
        return error


def _executor() -> ThreadPoolExecutor:
    """Return this process's pool: threads do not survive the fork of a worker, so each process makes its own."""
    global _pool  # noqa: PLW0603 one pool per process is the point
    with _lock:
        if _pool is None or _pool[0] != os.getpid():
            _pool = (os.getpid(), ThreadPoolExecutor(max_workers=WIDTH, thread_name_prefix="provider"))
        return _pool[1]
