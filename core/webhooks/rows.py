"""Claim due events for a worker and write down what became of them, each in one statement."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

import orjson

from core.resilience import statements
from core.webhooks.models import Status

LEASE_S = 60

# The array is made once, whatever plan is chosen; joined, the rows with the limit may be asked for again and again.
_CLAIM = """
UPDATE webhooks_webhookevent AS e
SET lease_until = clock_timestamp() + %s * interval '1 second', fence = e.fence + 1, tries = e.tries + 1
WHERE e.id = ANY (ARRAY(
    SELECT id FROM webhooks_webhookevent
    WHERE due_at <= (SELECT clock_timestamp()) AND (lease_until IS NULL OR lease_until < clock_timestamp())
    ORDER BY due_at LIMIT %s FOR UPDATE SKIP LOCKED))
RETURNING e.id, e.provider, e.event_id, e.body, e.headers::text, e.tries, e.fence, e.correlation_id, e.received_at
"""
_FINISH = """
UPDATE webhooks_webhookevent AS e
SET status = r.status, result = r.result, error = r.error, lease_until = NULL,
    due_at = clock_timestamp() + r.again_s * interval '1 second',
    processed_at = CASE WHEN r.again_s IS NULL THEN clock_timestamp() END
FROM jsonb_to_recordset(%s::jsonb)
    AS r(id uuid, fence integer, status text, result text, error text, again_s double precision)
WHERE e.id = r.id AND e.fence = r.fence
RETURNING e.id
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Claimed:
    """One event in the hands of this worker. ``sealed`` is the encrypted body."""

    id: UUID
    provider: str
    event_id: str
    sealed: str
    headers: Mapping[str, str]
    tries: int
    fence: int
    correlation_id: str
    received_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Finished:
    """What became of one event. ``again_s``: when to come back to it, None for never."""

    id: UUID
    fence: int
    status: Status
    result: str = ""
    error: str = ""
    again_s: float | None = None


def claim(*, limit: int) -> list[Claimed]:
    """Take up to ``limit`` due events, in the order of their arrival. Those of a worker that died come back."""
    found = [
        Claimed(
            id=row[0],
            provider=row[1],
            event_id=row[2],
            sealed=row[3],
            headers=orjson.loads(row[4]),
            tries=row[5],
            fence=row[6],
            correlation_id=row[7],
            received_at=row[8],
        )
        for row in statements.fetch(_CLAIM, [LEASE_S, limit])
    ]
    return sorted(found, key=lambda event: (event.received_at, event.id))


def finish(results: Sequence[Finished]) -> int:
    """Write the results and return how many counted: one whose lease went to another worker does not."""
    if not results:
        return 0
    return len(statements.fetch(_FINISH, [orjson.dumps(results).decode()]))
