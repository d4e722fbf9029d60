"""Numbered streams: what a customer's channel says, in order, without a gap."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.db import connection
from django.db.backends.utils import CursorWrapper

from core.kernel import errors
from core.resilience import statements

KEEP_AT_LEAST = timedelta(hours=24)
_keep: dict[str, timedelta] = {}


class Expired(errors.Conflict):
    """The rows after this number are no longer kept, or the numbering started anew: take a snapshot instead."""

    default_code = "resync_required"


@dataclass(frozen=True, slots=True, kw_only=True)
class StreamEntry:
    """One piece of news to append. ``ref`` is the event it tells of, where there is one."""

    customer_id: UUID
    channel: str
    type: str
    data: Mapping[str, Any] = field(default_factory=dict)
    ref: UUID | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One numbered row as a consumer sees it."""

    id: UUID
    seq: int
    type: str
    ref: UUID | None
    data: dict[str, Any]
    created_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Head:
    """Where a stream stands."""

    epoch: UUID
    seq: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """Rows that follow a number without a gap, and where the stream stood at that moment (None: never written)."""

    head: Head | None
    rows: tuple[Row, ...]


def encode(*, rows: Sequence[StreamEntry]) -> str:
    """Return the JSON that the SQL function ``outbox_append`` takes, for callers that run it inside their own."""
    return json.dumps(
        [
            {
                "customer": row.customer_id.hex,
                "channel": row.channel,
                "type": row.type,
                "ref": row.ref.hex if row.ref else None,
                "data": row.data,
            }
            for row in rows
        ],
        separators=(",", ":"),
    )


def append(*, rows: Sequence[StreamEntry]) -> None:
    """Append rows to their streams, numbered in this order, in one statement.

    Needs: an open transaction, and every other lock taken before: heads are the last thing that is locked.
    """
    if not rows:
        return
    if not connection.in_atomic_block:
        raise errors.SystemFault(detail="A stream row is written with the change that it tells of: open a transaction.")
    statements.fetch("SELECT outbox_append(%s::jsonb)", [encode(rows=rows)])


_READ = """
    SELECT h.epoch, h.seq, r.id, r.seq, r.type, r.ref, r.data, r.created_at
    FROM outbox_streamhead h
    LEFT JOIN LATERAL (
        SELECT * FROM outbox_streamrow s
        WHERE s.customer_id = h.customer_id AND s.channel = h.channel AND s.seq > %(after)s
        ORDER BY s.seq LIMIT %(limit)s
    ) r ON true
    WHERE h.customer_id = %(customer)s AND h.channel = %(channel)s
    ORDER BY r.seq
"""


def read(*, customer_id: UUID, channel: str, after_seq: int, limit: int = 200) -> Page:
    """Return what follows ``after_seq``, oldest first, with the head, in one statement.

    Raises: Expired when rows after that number have been cleaned up, or the number was never given out.
    """
    values: dict[str, Any] = {"after": after_seq, "limit": limit, "customer": customer_id, "channel": channel}
    with connection.cursor() as cursor:
        cursor.execute(_READ, values)
        found = cursor.fetchall()
    if not found:
        if after_seq > 0:
            raise Expired(detail="This stream has no rows.")
        return Page(head=None, rows=())
    head = Head(epoch=found[0][0], seq=found[0][1])
    rows = tuple(_row(one[2:]) for one in found if one[2] is not None)
    follows = rows[0].seq == after_seq + 1 if rows else head.seq == after_seq
    if not follows:
        raise Expired(detail=f"Rows after {after_seq} are not kept any more.")
    return Page(head=head, rows=rows)


def heads(*, customer_id: UUID) -> dict[str, Head]:
    """Return where each channel of a customer stands, by channel."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT channel, epoch, seq FROM outbox_streamhead WHERE customer_id = %s", [customer_id])
        return {channel: Head(epoch=epoch, seq=seq) for channel, epoch, seq in cursor.fetchall()}


def keep(*, channel: str, period: timedelta) -> None:
    """Keep the rows of a channel for longer than a day.

    Raises: ValueError for less than 24 hours, which is what clients are promised.
    """
    if period < KEEP_AT_LEAST:
        raise ValueError("clients are promised 24 hours")
    _keep[channel] = period


_CLEAN = """
    DELETE FROM outbox_streamrow WHERE id IN (
        SELECT id FROM outbox_streamrow
        WHERE id < %(floor)s AND created_at < clock_timestamp() - coalesce(
            (SELECT (value || ' seconds')::interval FROM jsonb_each_text(%(keep)s::jsonb) WHERE key = channel),
            make_interval(secs => %(least)s))
        ORDER BY id LIMIT %(limit)s FOR UPDATE SKIP LOCKED)
"""


def cleanup(*, limit: int = 5000) -> int:
    """Delete rows that are older than their channel keeps them; return how many. Heads stay, so numbers go on."""
    with connection.cursor() as cursor:
        values: dict[str, Any] = {
            "floor": _floor(cursor, KEEP_AT_LEAST),
            "keep": json.dumps({channel: period.total_seconds() for channel, period in _keep.items()}),
            "least": KEEP_AT_LEAST.total_seconds(),
            "limit": limit,
        }
        cursor.execute(_CLEAN, values)
        return int(cursor.rowcount)


def _floor(cursor: CursorWrapper, age: timedelta) -> UUID:
    """Return the smallest id that a row of this age can have, by the database's clock; ids begin with milliseconds."""
    cursor.execute(
        "SELECT (extract(epoch FROM clock_timestamp() - make_interval(secs => %s)) * 1000)::bigint",
        [age.total_seconds()],
    )
    return UUID(int=cursor.fetchone()[0] << 80)


def _row(values: tuple[Any, ...]) -> Row:
    row_id, seq, type_, ref, data, created_at = values
    return Row(id=row_id, seq=seq, type=type_, ref=ref, data=json.loads(data), created_at=created_at)
