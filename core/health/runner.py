"""Runs all checks side by side and never waits for one that hangs.

A check that has not answered in time is ill. It goes on in its thread and is not started a second time meanwhile, so a
part that hangs costs one thread, however often health is asked for. Results are kept for a second, so that whoever asks
a thousand times a second asks the parts once.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from concurrent.futures import TimeoutError as NotInTime
from dataclasses import dataclass
from enum import StrEnum

from django.db import connections

from core.resilience import checks
from core.resilience.checks import Component

TIMEOUT_S = 2.0
KEEP_S = 1.0
_THREADS = 6  # fewer than a process has database connections: requests need some too
_pool = ThreadPoolExecutor(max_workers=_THREADS, thread_name_prefix="health")
_lock = threading.Lock()
_running: dict[str, Future[Component]] = {}
_kept: dict[str, tuple[float, Component]] = {}


class Status(StrEnum):
    """OK: all well. DEGRADED: something is ill and work goes on. DOWN: something is ill without which nothing goes."""

    OK = "ok"
    DEGRADED = "degraded"
    DOWN = "down"


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """All components by name, and what they mean together."""

    components: tuple[Component, ...]

    @property
    def status(self) -> Status:
        ill = [component for component in self.components if not component.ok]
        if any(component.critical for component in ill):
            return Status.DOWN
        return Status.DEGRADED if ill else Status.OK


def run(*, timeout_s: float = TIMEOUT_S) -> Report:
    """Run every registered check."""
    return run_only(names=checks.names(), timeout_s=timeout_s)


def run_critical(*, timeout_s: float = TIMEOUT_S) -> Report:
    """Run the checks of the parts without which nothing goes."""
    return run_only(names=[name for name in checks.names() if checks.is_critical(name)], timeout_s=timeout_s)


def run_only(*, names: list[str], timeout_s: float = TIMEOUT_S) -> Report:
    """Run these checks side by side; together they take at most ``timeout_s``."""
    deadline = time.monotonic() + timeout_s
    asked = {name: _ask(name) for name in names}
    return Report(components=tuple(answer(deadline, timeout_s) for answer in asked.values()))


def forget() -> None:
    """Drop what is kept. For tests."""
    with _lock:
        _kept.clear()


def _ask(name: str) -> Callable[[float, float], Component]:
    """Start a check unless it runs already or was just run; return how to wait for its answer."""
    with _lock:
        kept = _kept.get(name)
        if kept is not None and time.monotonic() - kept[0] < KEEP_S:
            return lambda *_: kept[1]
        future = _running.get(name)
        if future is None:
            future = _running[name] = _pool.submit(_check, name)
    return lambda deadline, timeout_s: _wait(name, future, deadline=deadline, timeout_s=timeout_s)


def _check(name: str) -> Component:
    try:
        component = checks.run(name)
        with _lock:
            _kept[name] = (time.monotonic(), component)
        return component
    finally:
        connections.close_all()
        with _lock:
            _running.pop(name, None)


def _wait(name: str, future: Future[Component], *, deadline: float, timeout_s: float) -> Component:
    try:
        return future.result(timeout=max(0.0, deadline - time.monotonic()))
    except NotInTime:
        return Component(
            name=name,
            ok=False,
            critical=checks.is_critical(name),
            detail=f"no answer within {timeout_s:g} s",
            took_ms=timeout_s * 1000,
        )
