"""Figures that are dear to compute, kept in the process for a few seconds, however many people look."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import Any, TypeVar

T = TypeVar("T")
_lock = threading.Lock()
_kept: dict[str, tuple[float, Any]] = {}


def kept(name: str, *, ttl_s: float, fn: Callable[[], T]) -> T:
    """Return what ``fn`` gave at most ``ttl_s`` ago, else ask it again."""
    now = time.monotonic()
    with _lock:
        found = _kept.get(name)
    if found is not None and now - found[0] < ttl_s:
        return found[1]  # type: ignore[no-any-return]  # a name belongs to one function
    value = fn()
    with _lock:
        _kept[name] = (time.monotonic(), value)
    return value


def forget() -> None:
    """Drop what is kept. For tests."""
    with _lock:
        _kept.clear()
