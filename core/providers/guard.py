"""The way every provider call goes: outside a transaction, through the breaker, seen by health."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Protocol, TypeVar

from core.providers import calls, durable, health, states
from core.providers.contract import OutcomeUnknown, RateLimited, Rejected, Unavailable
from core.resilience import breaker

T = TypeVar("T")


class Callee(Protocol):
    """Who is called: an adapter, or a source that only tells."""

    code: str
    name: str


def guarded(*, adapter: Callee, operation: str, fn: Callable[[], T]) -> T:
    """Call a provider and return its answer.

    ``operation`` names the breaker and the health figures: an ``Operation`` for what executes, ``status``, ``cancel``
    or ``probe`` for the rest. A decline and a bad request say that the provider is well; being too fast says nothing.
    Needs: no open database transaction.
    Raises: Rejected, RateLimited, OutcomeUnknown, Unavailable (also as ``breaker_open`` and ``provider_disabled``).
    """
    durable.require()
    if states.current().get(adapter.code) is states.Mode.DISABLED:
        raise Unavailable(code="provider_disabled", detail=f"{adapter.name} is switched off.")
    gate = breaker.Breaker(name=breaker_name(provider=adapter.code, operation=operation))
    if not gate.allow():
        raise Unavailable(code="breaker_open", detail=f"{adapter.name} failed too often at {operation}.")
    started = time.perf_counter()
    try:
        answer = fn()
    except RateLimited:
        raise
    except Rejected:
        _note(gate, adapter, operation, started, good=True)
        raise
    except (Unavailable, OutcomeUnknown):
        _note(gate, adapter, operation, started, good=False)
        raise
    _note(gate, adapter, operation, started, good=True)
    return answer


def breaker_name(*, provider: str, operation: str) -> str:
    """Return the name of the breaker of this provider and operation."""
    return f"{provider}:{operation}"


def _note(gate: breaker.Breaker, adapter: Callee, operation: str, started: float, *, good: bool) -> None:
    if good:
        gate.success()
    else:
        gate.failure()
    calls.observe(
        health.Observation(
            provider=adapter.code,
            operation=operation,
            good=good,
            duration_ms=(time.perf_counter() - started) * 1000,
        )
    )
