"""What the database remembers of breakers, its history, and the breaker itself while Redis is away."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import structlog
from django.db import connection, transaction

from core.resilience import breaker_machine
from core.resilience.breaker_machine import Memory, Move, Op, Policy
from core.resilience.models import BreakerEvent, BreakerState

_FIELDS = ("state", "mode", "failures", "opened_ms", "probe_until_ms", "probe_token", "version")
_COLUMNS = ", ".join(_FIELDS)
_MACHINE = "system:breaker"
_log = structlog.get_logger(__name__)

_UPSERT = f"""
    INSERT INTO resilience_breakerstate AS s (name, {_COLUMNS}, changed_at)
    VALUES (%(name)s, {", ".join(f"%({field})s" for field in _FIELDS)}, clock_timestamp())
    ON CONFLICT (name) DO UPDATE
    SET {", ".join(f"{field} = excluded.{field}" for field in _FIELDS)}, changed_at = excluded.changed_at
    WHERE s.version < excluded.version
"""  # noqa: S608 - only our own column names are put in


def load(*, name: str) -> Memory:
    """Return what is remembered; a breaker that never changed is closed."""
    found = BreakerState.objects.filter(name=name).values(*_FIELDS).first()
    return Memory(**found) if found else Memory()


def save(*, name: str, move: Move) -> None:
    """Remember a change of state that Redis decided, and write it into the history. An older change is not kept."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(_UPSERT, {"name": name, **_values(move.memory)})
        if cursor.rowcount == 1:
            _tell(name, move.before, move.memory.state, _MACHINE, _why(move))


def apply(*, name: str, op: Op, token: str, policy: Policy) -> Move:
    """Put one question to the breaker under the lock of its row, by the database's clock: Redis is away."""
    with transaction.atomic(), connection.cursor() as cursor:
        memory, now_ms = _lock(cursor, name)
        move = breaker_machine.step(memory=memory, op=op, now_ms=now_ms, token=token, policy=policy)
        if move.memory != memory:
            _write(cursor, name, move.memory)
        if move.changed:
            _tell(name, move.before, move.memory.state, _MACHINE, _why(move))
    return move


def force(*, name: str, mode: str, actor: str, reason: str, known: Memory) -> Memory:
    """Hold a breaker open or closed, or let it decide again from closed; return what is remembered now.

    ``known`` is the newest state that the caller has seen, so that our version is above it.
    """
    with transaction.atomic(), connection.cursor() as cursor:
        stored, _ = _lock(cursor, name)
        latest = known if known.version > stored.version else stored
        memory = replace(latest, mode=mode, version=latest.version + 1)
        if mode == breaker_machine.AUTO:
            memory = replace(memory, state=breaker_machine.CLOSED, failures=0, probe_token="")
        _write(cursor, name, memory)
        _tell(name, f"{latest.state} ({latest.mode})", f"{memory.state} ({mode})", actor, reason)
    return memory


def _lock(cursor: Any, name: str) -> tuple[Memory, int]:
    cursor.execute(_UPSERT, {"name": name, **_values(Memory())})
    cursor.execute(f"SELECT {_COLUMNS} FROM resilience_breakerstate WHERE name = %s FOR UPDATE", [name])  # noqa: S608
    memory = Memory(**dict(zip(_FIELDS, cursor.fetchone(), strict=True)))
    cursor.execute("SELECT (extract(epoch FROM clock_timestamp()) * 1000)::bigint")
    return memory, cursor.fetchone()[0]


def _write(cursor: Any, name: str, memory: Memory) -> None:
    sets = ", ".join(f"{field} = %({field})s" for field in _FIELDS)
    cursor.execute(
        f"UPDATE resilience_breakerstate SET {sets}, changed_at = clock_timestamp() WHERE name = %(name)s",  # noqa: S608
        {"name": name, **_values(memory)},
    )


def _tell(name: str, before: str, after: str, actor: str, reason: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT clock_timestamp()")
        at = cursor.fetchone()[0]
    BreakerEvent.objects.create(name=name, at=at, before=before, after=after, actor=actor, reason=reason)
    _log.warning("breaker.changed", breaker=name, before=before, after=after, actor=actor, reason=reason)


def _why(move: Move) -> str:
    if move.memory.state == breaker_machine.OPEN:
        return "the probe failed" if move.before == breaker_machine.HALF_OPEN else f"{move.memory.failures} failures"
    return "the probe succeeded" if move.memory.state == breaker_machine.CLOSED else "time for a probe"


def _values(memory: Memory) -> dict[str, str | int]:
    return {field: getattr(memory, field) for field in _FIELDS}
