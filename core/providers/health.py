"""How well each provider does each operation: counted per minute in Redis, remembered per minute in the database.

Only what is attributable to the provider counts: an answer, even a decline, is good; no answer is bad; being told to
slow down is neither. Recent minutes weigh more, and without traffic the rate drifts back to a neutral prior, so that no
provider stays bad, or good, for ever.
"""

from __future__ import annotations

import math
import threading
import time
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import redis
import structlog
from django.db import DatabaseError

from core.providers.models import HealthMinute
from core.resilience import connections

_log = structlog.get_logger(__name__)

WINDOW_MINUTES = 15
HALF_LIFE_MINUTES = 5.0
PRIOR_RATE = 0.95
PRIOR_WEIGHT = 2.0
CACHE_S = 1.0
_KEEP_S = 7200
_FIRST_BIN_MS = 1.0
_BIN_GROWTH = 1.15
_LAST_BIN = 80


@dataclass(frozen=True, slots=True, kw_only=True)
class Observation:
    """One attributable outcome of one call."""

    provider: str
    operation: str
    good: bool
    duration_ms: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Health:
    """What is known now. ``samples`` counts the window; with none the figures are the prior and zero."""

    success_rate: float
    p50_ms: float
    p95_ms: float
    samples: int


@dataclass(slots=True)
class Tally:
    """Counts of one minute, or of several together."""

    good: int = 0
    bad: int = 0
    bins: Counter[int] = field(default_factory=Counter)

    def percentile_ms(self, share: float) -> float:
        """Return the upper edge of the bin in which this share of the calls has ended: at most 15 % too high."""
        rank = math.ceil(sum(self.bins.values()) * share)
        seen = 0
        for index in sorted(self.bins):
            seen += self.bins[index]
            if seen >= rank:
                return round(_FIRST_BIN_MS * _BIN_GROWTH**index, 1)
        return 0.0


def bin_of(duration_ms: float) -> int:
    """Return the index of the latency bin: bin 0 ends at 1 ms, each further one is 15 % wider."""
    if duration_ms <= _FIRST_BIN_MS:
        return 0
    return min(math.ceil(math.log(duration_ms / _FIRST_BIN_MS, _BIN_GROWTH)), _LAST_BIN)


def observe(observations: Sequence[Observation]) -> None:
    """Count these observations in this minute, in one round trip. Without Redis they are lost, which harms nothing."""
    if not observations:
        return
    minute = int(time.time()) // 60
    counts: Counter[tuple[str, str]] = Counter()
    for seen in observations:
        key = _key(seen.provider, seen.operation, minute)
        counts[key, "good" if seen.good else "bad"] += 1
        counts[key, f"b{bin_of(seen.duration_ms)}"] += 1
    try:
        connections.ask(lambda client: _count(client, counts))
    except connections.Unavailable:
        _log.warning("providers.health_not_counted", observations=len(observations))


def snapshot(*, provider: str, operation: str) -> Health:
    """Return the health of one provider at one operation over the last minutes, at most a second old."""
    now = time.monotonic()
    with _cache_lock:
        cached = _cache.get((provider, operation))
    if cached is not None and now - cached[0] < CACHE_S:
        return cached[1]
    health = summarise(_minutes(provider=provider, operation=operation, count=WINDOW_MINUTES))
    with _cache_lock:
        _cache[provider, operation] = (now, health)
    return health


def summarise(minutes: Mapping[int, Tally]) -> Health:
    """Weigh minutes by age (0 = the present one) into one figure, pulled to the prior when there is little to go by."""
    good = PRIOR_RATE * PRIOR_WEIGHT
    total = PRIOR_WEIGHT
    whole = Tally()
    for age, tally in minutes.items():
        weight = 0.5 ** (age / HALF_LIFE_MINUTES)
        good += weight * tally.good
        total += weight * (tally.good + tally.bad)
        add(whole, tally)
    return Health(
        success_rate=round(good / total, 4),
        p50_ms=whole.percentile_ms(0.5),
        p95_ms=whole.percentile_ms(0.95),
        samples=whole.good + whole.bad,
    )


def add(into: Tally, tally: Tally) -> None:
    """Add the counts of one tally to another."""
    into.good += tally.good
    into.bad += tally.bad
    into.bins.update(tally.bins)


def remember(*, pairs: Iterable[tuple[str, str]], now: datetime) -> None:
    """Copy the last two minutes of each (provider, operation) from Redis to the database, over the former copy."""
    rows = [
        HealthMinute(
            provider=provider,
            operation=operation,
            minute=now.replace(second=0, microsecond=0) - timedelta(minutes=age),
            good=tally.good,
            bad=tally.bad,
            bins={str(index): count for index, count in tally.bins.items()},
        )
        for provider, operation in pairs
        for age, tally in _from_redis(provider=provider, operation=operation, count=2, now=now).items()
    ]
    HealthMinute.objects.bulk_create(
        rows,
        update_conflicts=True,
        unique_fields=["provider", "operation", "minute"],
        update_fields=["good", "bad", "bins"],
    )


def forget(*, before: datetime) -> None:
    """Delete remembered minutes older than this."""
    HealthMinute.objects.filter(minute__lt=before).delete()


def tally_of(row: HealthMinute) -> Tally:
    """Return a remembered minute as counts."""
    return Tally(good=row.good, bad=row.bad, bins=Counter({int(index): count for index, count in row.bins.items()}))


def _minutes(*, provider: str, operation: str, count: int) -> dict[int, Tally]:
    now = datetime.now(UTC)
    try:
        return _from_redis(provider=provider, operation=operation, count=count, now=now)
    except connections.Unavailable:
        _log.warning("providers.health_from_database", provider=provider, operation=operation)
    try:
        return _from_database(provider=provider, operation=operation, count=count, now=now)
    except DatabaseError:
        return {}


def _count(client: redis.Redis, counts: Mapping[tuple[str, str], int]) -> None:
    with client.pipeline(transaction=False) as pipe:
        for (key, name), count in counts.items():
            pipe.hincrby(key, name, count)
        for key in {key for key, _ in counts}:
            pipe.expire(key, _KEEP_S)
        pipe.execute()


def _read(client: redis.Redis, keys: Sequence[str]) -> list[dict[str, str]]:
    with client.pipeline(transaction=False) as pipe:
        for key in keys:
            pipe.hgetall(key)
        return list(pipe.execute())


def _from_redis(*, provider: str, operation: str, count: int, now: datetime) -> dict[int, Tally]:
    minute = int(now.timestamp()) // 60
    keys = [_key(provider, operation, minute - age) for age in range(count)]
    answers = connections.ask(lambda client: _read(client, keys))
    return {age: _tally(counts) for age, counts in enumerate(answers) if counts}


def _from_database(*, provider: str, operation: str, count: int, now: datetime) -> dict[int, Tally]:
    current = now.replace(second=0, microsecond=0)
    rows = HealthMinute.objects.filter(
        provider=provider, operation=operation, minute__gt=current - timedelta(minutes=count), minute__lte=current
    )
    return {int((current - row.minute).total_seconds()) // 60: tally_of(row) for row in rows}


def _tally(counts: Mapping[str, str]) -> Tally:
    tally = Tally()
    for name, count in counts.items():
        if name == "good":
            tally.good = int(count)
        elif name == "bad":
            tally.bad = int(count)
        else:
            tally.bins[int(name[1:])] = int(count)
    return tally


def _key(provider: str, operation: str, minute: int) -> str:
    return connections.key(f"health:{provider}:{operation}:{minute}")


_cache: dict[tuple[str, str], tuple[float, Health]] = {}
_cache_lock = threading.Lock()
