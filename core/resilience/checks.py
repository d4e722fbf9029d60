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


def run_all() -> list[Component]:
    """Run every check; a check that raises is a component that is not well."""
    return [_run(name, *_checks[name]) for name in sorted(_checks)]


def _run(name: str, fn: Check, critical: bool) -> Component:  # noqa: FBT001 - one value of the registry's pair
    start = time.perf_counter()
    try:
        ok, detail = True, fn()
    except Exception as fault:  # noqa: BLE001 - whatever it is, it is the finding
        ok, detail = False, f"{type(fault).__name__}: {fault}"[:300]
    took_ms = round((time.perf_counter() - start) * 1000, 2)
    return Component(name=name, ok=ok, critical=critical, detail=detail, took_ms=took_ms)
