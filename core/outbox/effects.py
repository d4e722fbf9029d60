"""Effects: what must be done because a transaction committed, at least once, by whoever registered for the topic.

A handler gets a list of payloads, each with its ``effect_id`` added, and must be safe to run twice: a drain that dies
between the handler and the deletion runs it again. A done effect is deleted; one out of tries stays, as ``dead``.
"""

from __future__ import annotations

import json
import random
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import structlog
from django.db import connection, transaction

from core.kernel import errors
from core.resilience import retry, statements, wakeups

Handler = Callable[[list[dict[str, Any]]], None]
TASK = "outbox.drain_effects"
QUEUE = "notifications"
KEY = "outbox.effects"
MAX_TRIES = 8
LEASE = timedelta(seconds=60)
_LONGEST_WAIT_S = 300.0
_handlers: dict[str, Handler] = {}
_rng = random.SystemRandom()
_log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class EffectEntry:
    """One effect to carry out after the commit, at once or from ``due_at`` on."""

    topic: str
    payload: Mapping[str, Any]
    due_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class _Claim:
    """One effect in our hands. ``tries`` is the fencing number: who lost the lease finds a higher one."""

    id: UUID
    tries: int
    payload: dict[str, Any]


def register(topic: str, handler: Handler) -> None:
    """Name the handler of a topic, from an ``AppConfig.ready()``.

    Raises: ValueError when the topic has another handler already.
    """
    if _handlers.setdefault(topic, handler) is not handler:
        raise ValueError(f"topic {topic!r} has a handler already")


def topics() -> list[str]:
    """Return the topics that have a handler in this process."""
    return sorted(_handlers)


def encode(*, rows: Sequence[EffectEntry]) -> str:
    """Return the JSON that the SQL function ``outbox_effects`` takes, for callers that run it inside their own."""
    return json.dumps(
        [
            {"topic": row.topic, "payload": row.payload, "due_at": row.due_at.isoformat() if row.due_at else None}
            for row in rows
        ],
        separators=(",", ":"),
    )


def add(*, rows: Sequence[EffectEntry]) -> None:
    """Add effects in one statement, and wake a worker once we have committed.

    Needs: an open transaction, that of the business rows.
    """
    if not rows:
        return
    if not connection.in_atomic_block:
        raise errors.SystemFault(detail="An effect is written with the change it follows from: open a transaction.")
    statements.fetch("SELECT outbox_effects(%s::jsonb)", [encode(rows=rows)])
    wakeups.wake(task=TASK, queue=QUEUE, key=KEY)


# The array is made once, whatever plan is chosen; joined, the rows with the limit may be asked for again and again.
_CLAIM = """
    WITH moment AS MATERIALIZED (SELECT clock_timestamp() + make_interval(secs => %s) AS free_at)
    UPDATE outbox_effect e
    SET tries = e.tries + 1, lease_until = moment.free_at, due_at = moment.free_at
    FROM moment
    WHERE e.id = ANY (ARRAY(
        SELECT id FROM outbox_effect
        WHERE state = 'pending' AND topic = %s AND due_at <= (SELECT clock_timestamp())
        ORDER BY due_at LIMIT %s FOR UPDATE SKIP LOCKED))
    RETURNING e.id, e.tries, e.payload
"""


def drain(*, limit: int = 100) -> int:
    """Carry out what is due, topic by topic, at most ``limit`` of each; return how many were done.

    Each claim has a lease of a minute. When a set fails it is tried one by one, so that one bad effect harms no other.
    """
    return sum(_drain_topic(topic, limit) for topic in topics())


_DONE = """
    DELETE FROM outbox_effect e USING unnest(%s::uuid[], %s::int[]) AS c (id, tries)
    WHERE e.id = c.id AND e.tries = c.tries
"""


def _drain_topic(topic: str, limit: int) -> int:
    found = statements.fetch(_CLAIM, [LEASE.total_seconds(), topic, limit])
    claims = [_Claim(id_, tries, json.loads(payload)) for id_, tries, payload in found]
    if not claims:
        return 0
    claims.sort(key=lambda claim: claim.id)
    if len(claims) > 1 and _attempt(topic, claims) is None:
        _done(claims)
        return len(claims)
    return sum(_carry_out(topic, claim) for claim in claims)


def _carry_out(topic: str, claim: _Claim) -> int:
    fault = _attempt(topic, [claim])
    if fault is None:
        _done([claim])
        return 1
    _failed(topic, claim, fault)
    return 0


def _attempt(topic: str, claims: list[_Claim]) -> Exception | None:
    payloads = [{**claim.payload, "effect_id": claim.id.hex} for claim in claims]
    try:
        _handlers[topic](payloads)
    except Exception as fault:  # noqa: BLE001 - whatever a handler raises must not stop the effects of others
        return fault
    return None


def _done(claims: list[_Claim]) -> None:
    statements.fetch(_DONE, [[claim.id for claim in claims], [claim.tries for claim in claims]])


_FAIL = """
    UPDATE outbox_effect
    SET state = %(state)s, due_at = clock_timestamp() + make_interval(secs => %(wait)s),
        lease_until = NULL, last_error = %(error)s
    WHERE id = %(id)s AND tries = %(tries)s
"""


def _failed(topic: str, claim: _Claim, fault: Exception) -> None:
    """Schedule the next try with a growing wait, or put the effect aside for a person."""
    dead = claim.tries >= MAX_TRIES
    wait_s = retry.delay_s(tries=claim.tries, rng=_rng, cap_s=_LONGEST_WAIT_S)
    error = f"{type(fault).__name__}: {fault}"[:2000]
    with connection.cursor() as cursor:
        values: dict[str, Any] = {"state": "dead" if dead else "pending", "wait": wait_s, "error": error}
        cursor.execute(_FAIL, {**values, "id": claim.id, "tries": claim.tries})
    _log.warning("outbox.effect_failed", topic=topic, effect_id=claim.id.hex, tries=claim.tries, dead=dead, error=error)


def replay(*, effect_id: UUID) -> bool:
    """Give a dead effect its tries back; return whether there was such a one."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(
            "UPDATE outbox_effect SET state = 'pending', tries = 0, due_at = clock_timestamp()"
            " WHERE id = %s AND state = 'dead'",
            [effect_id],
        )
        revived = int(cursor.rowcount) == 1
        if revived:
            wakeups.wake(task=TASK, queue=QUEUE, key=KEY)
    return revived
