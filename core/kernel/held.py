"""A value that is read rarely and used often, held in memory for a few seconds: schedules, weights, limits, lists."""

from __future__ import annotations

import threading
import time
import weakref
from collections.abc import Callable
from typing import Any, Generic, TypeVar

T = TypeVar("T")
HOLD_S = 5.0


class Held(Generic[T]):
    """Loads on first use and again when the copy is older than ``seconds``. A failing load is raised, never cached."""

    def __init__(self, load: Callable[[], T], *, seconds: float = HOLD_S) -> None:
        self._load = load
        self._seconds = seconds
        self._lock = threading.Lock()
        self._copy: tuple[float, T] | None = None
        _all.add(self)

    def get(self) -> T:
        """Return the copy, at most ``seconds`` old."""
        copy = self._copy
        if copy is not None and time.monotonic() < copy[0]:
            return copy[1]
        with self._lock:
            copy = self._copy
            if copy is None or time.monotonic() >= copy[0]:
                copy = self._copy = (time.monotonic() + self._seconds, self._load())
            return copy[1]

    def forget(self) -> None:
        """Drop the copy: the next use loads."""
        self._copy = None


def forget_all() -> None:
    """Drop every copy in this process, after reference data was changed under it."""
    for one in list(_all):
        one.forget()


_all: weakref.WeakSet[Held[Any]] = weakref.WeakSet()
