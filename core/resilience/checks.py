"""Health components: each package registers how its part is checked, and health asks them all."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass

Check = Callable[[], str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Component:
    """What one check found. One that is not ``critical`` makes the system degraded, not unready."""

    name: str
    ok: bool
    critical: bool
    detail: str
    took_ms: float


_checks: dict[str, tuple[Check, bool]] = {}


def register(name: str, fn: Check, *, critical: bool = False) -> None:
    """Add a check, from an ``AppConfig.ready()``: ``fn`` returns a short detail, or raises when the part is ill."""
    _checks[name] = (fn, critical)


def names() -> list[str]:
    """Return the names of all checks, sorted."""
    return sorted(_checks)


def is_critical(name: str) -> bool:
    """Return whether we are not ready while this check fails."""
    return _checks[name][1]


def run_all() -> list[Component]:
    """Run every check, one after the other."""
    return [run(name) for name in names()]


def run(name: str) -> Component:
    """Run one check; a check that raises is a component that is not well."""
    fn, critical = _checks[name]
    start = time.perf_counter()
    try:
        ok, detail = True, fn()
    except Exception as fault:  # noqa: BLE001 - whatever it is, it is the finding
        ok, detail = False, f"{type(fault).__name__}: {fault}"[:300]
    took_ms = round((time.perf_counter() - start) * 1000, 2)
    return Component(name=name, ok=ok, critical=critical, detail=detail, took_ms=took_ms)
