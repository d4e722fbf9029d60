"""What is known of all providers, for the API and the console."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from core.kernel import errors
from core.providers import guard, health, registry, states
from core.providers.contract import Capability
from core.providers.models import HealthMinute
from core.resilience import breaker


@dataclass(frozen=True, slots=True, kw_only=True)
class Period:
    """What a provider did at one operation in a stretch of time. ``success_rate`` is None when it did nothing."""

    start: datetime
    calls: int
    failures: int
    success_rate: float | None
    p50_ms: float
    p95_ms: float


@dataclass(frozen=True, slots=True, kw_only=True)
class OperationView:
    """One operation of a provider: its health now, its breaker, its last hour."""

    operation: str
    breaker: str
    health: health.Health
    last_hour: Period


@dataclass(frozen=True, slots=True, kw_only=True)
class ProviderView:
    """One provider as it is now."""

    code: str
    name: str
    mode: states.Mode
    capabilities: tuple[Capability, ...]
    operations: tuple[OperationView, ...]


def overview(*, now: datetime) -> list[ProviderView]:
    """List every known provider with capabilities, mode, breaker, health and last hour, by code."""
    modes = states.current()
    hours = _periods(since=now - timedelta(hours=1), width=timedelta(hours=1))
    return [
        ProviderView(
            code=adapter.code,
            name=adapter.name,
            mode=modes.get(adapter.code, states.Mode.ENABLED),
            capabilities=adapter.capabilities,
            operations=tuple(
                _operation(adapter.code, name, hours.get((adapter.code, name), []), now=now)
                for name in operations_of(adapter.capabilities)
            ),
        )
        for adapter in map(registry.get, registry.codes())
    ]


def bars(*, now: datetime, hours: int = 48) -> Mapping[tuple[str, str], Sequence[Period]]:
    """Return the hours with traffic of each (provider, operation), oldest first."""
    return _periods(since=now - timedelta(hours=hours), width=timedelta(hours=1))


def condition() -> str:
    """Say in a few words how the providers are, for the health of the platform.

    Raises: ConnectionFault naming every breaker that is not closed.
    """
    names = [
        guard.breaker_name(provider=code, operation=operation)
        for code in registry.codes()
        for operation in operations_of(registry.get(code).capabilities)
    ]
    ill = [name for name in names if breaker.view(name=name).state != breaker.State.CLOSED]
    if ill:
        raise errors.ConnectionFault(code="provider_breaker_open", detail=", ".join(ill))
    return f"{len(registry.codes())} providers, all breakers closed"


def operations_of(capabilities: Sequence[Capability]) -> list[str]:
    """List the names under which a provider's calls are guarded: what it executes, then reading and probing."""
    return [*dict.fromkeys(capability.operation.value for capability in capabilities), "status", "probe"]


def _operation(provider: str, operation: str, hour: Sequence[Period], *, now: datetime) -> OperationView:
    return OperationView(
        operation=operation,
        breaker=breaker.Breaker(name=guard.breaker_name(provider=provider, operation=operation)).state(),
        health=health.snapshot(provider=provider, operation=operation),
        last_hour=hour[-1] if hour else _period(start=now - timedelta(hours=1), tally=health.Tally()),
    )


def _periods(*, since: datetime, width: timedelta) -> dict[tuple[str, str], list[Period]]:
    """Add minutes up into stretches of ``width`` that are counted from ``since``."""
    sums: dict[tuple[str, str], dict[int, health.Tally]] = defaultdict(lambda: defaultdict(health.Tally))
    for row in HealthMinute.objects.filter(minute__gte=since):
        index = int((row.minute - since) / width)
        health.add(sums[row.provider, row.operation][index], health.tally_of(row))
    return {
        pair: [_period(start=since + index * width, tally=tally) for index, tally in sorted(stretches.items())]
        for pair, stretches in sums.items()
    }


def _period(*, start: datetime, tally: health.Tally) -> Period:
    calls = tally.good + tally.bad
    return Period(
        start=start,
        calls=calls,
        failures=tally.bad,
        success_rate=round(tally.good / calls, 4) if calls else None,
        p50_ms=tally.percentile_ms(0.5),
        p95_ms=tally.percentile_ms(0.95),
    )
