"""The call log: what was said to providers and what they answered, redacted, written in one INSERT per drain.

It is written outside any business transaction and never decides anything; losing a row loses evidence, not money.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

import orjson
import structlog
from django.db import DatabaseError

from core.kernel import ids
from core.providers import health
from core.providers.models import ProviderCall
from core.resilience import statements

_log = structlog.get_logger(__name__)

_INSERT = """
INSERT INTO providers_providercall (id, at, provider, operation, attempt_key, method, path, status, outcome,
                                    duration_ms, request, response, correlation_id)
SELECT id, at, provider, operation, attempt_key, method, path, status, outcome,
       duration_ms, request, response, correlation_id
FROM jsonb_to_recordset(%s::jsonb) AS r(id uuid, at timestamptz, provider text, operation text, attempt_key text,
    method text, path text, status smallint, outcome text, duration_ms double precision, request text, response text,
    correlation_id text)
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class CallRecord:
    """One HTTP call as it will be logged. ``request`` and ``response`` are excerpts, redacted already."""

    at: datetime
    provider: str
    operation: str
    attempt_key: str
    method: str
    path: str
    status: int | None
    outcome: str
    duration_ms: float
    request: str
    response: str
    correlation_id: str
    id: UUID = field(default_factory=ids.uuid7)


@dataclass(slots=True)
class _Buffer:
    records: list[CallRecord] = field(default_factory=list)
    observations: list[health.Observation] = field(default_factory=list)


_buffer: ContextVar[_Buffer | None] = ContextVar("provider_calls", default=None)


@contextmanager
def collect() -> Iterator[None]:
    """Gather the call records and health observations of a drain and write each kind once, at the end.

    Threads started through ``fanout.run`` inside it write into the same gathering. Nested use joins the outer one.
    """
    if _buffer.get() is not None:
        yield
        return
    buffer = _Buffer()
    token = _buffer.set(buffer)
    try:
        yield
    finally:
        _buffer.reset(token)
        _write(buffer.records)
        health.observe(buffer.observations)


def record(entry: CallRecord) -> None:
    """Log one call: with the drain that is being collected, or at once."""
    buffer = _buffer.get()
    if buffer is None:
        _write([entry])
    else:
        buffer.records.append(entry)


def observe(observation: health.Observation) -> None:
    """Note one observation of health: with the drain that is being collected, or at once."""
    buffer = _buffer.get()
    if buffer is None:
        health.observe([observation])
    else:
        buffer.observations.append(observation)


def of_attempts(*, keys: Sequence[str]) -> list[ProviderCall]:
    """List the calls made for these attempts, oldest first."""
    return list(ProviderCall.objects.filter(attempt_key__in=keys).order_by("id"))


def _write(records: Sequence[CallRecord]) -> None:
    if not records:
        return
    rows = orjson.dumps(records).decode()
    try:
        statements.fetch(_INSERT, [rows])
    except DatabaseError:
        _log.exception("providers.call_log_lost", calls=len(records))
