"""Ask every provider now and then whether it is well, and remember the minutes of health."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

import structlog

from core.providers import calls, fanout, guard, health, queries, registry
from core.providers.contract import Adapter, ProviderError

KEEP = timedelta(hours=49)
_log = structlog.get_logger(__name__)


def probe_all() -> dict[str, str]:
    """Make one read-only call to each provider, side by side, and return what was found by code: ``ok`` or an error.

    It goes through the breaker of the operation ``probe``, so a dead provider is asked once a minute, not more, and
    opens no breaker of an operation that moves money.
    """
    adapters = [registry.get(code) for code in registry.codes()]
    with calls.collect():
        answers = fanout.run([_job(adapter) for adapter in adapters])
    return {adapter.code: _word(adapter, answer) for adapter, answer in zip(adapters, answers, strict=True)}


def remember(*, now: datetime) -> None:
    """Write the counters of Redis down, and drop what is older than the console shows."""
    pairs = [
        (code, operation)
        for code in registry.codes()
        for operation in [*queries.operations_of(registry.get(code).capabilities), "cancel"]
    ]
    health.remember(pairs=pairs, now=now)
    health.forget(before=now - KEEP)


def _job(adapter: Adapter) -> Callable[[], None]:
    return lambda: guard.guarded(adapter=adapter, operation="probe", fn=adapter.probe)


def _word(adapter: Adapter, answer: Exception | None) -> str:
    if answer is None:
        return "ok"
    if isinstance(answer, ProviderError):
        return answer.code
    _log.error("providers.probe_failed", provider=adapter.code, exc_info=answer)
    return "defect"
