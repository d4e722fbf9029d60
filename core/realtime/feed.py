"""Reads numbered streams for the live feed: many at once, and one when it is opened. The only SQL of the feed.

A stream has no gaps, so whoever has number n needs n+1 next: if that row is not there although the head is past it, it
has been cleaned away, and only a snapshot helps.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby
from operator import itemgetter
from pathlib import Path
from typing import Any
from uuid import UUID

from django.db import connection, transaction

from core.outbox import snapshots
from core.realtime.wire.inbound import Resume

Json = dict[str, object]
PUBLIC = snapshots.PUBLIC
PAGE = 200
_READ = (Path(__file__).parent / "sql" / "read_streams.sql").read_text()


@dataclass(frozen=True, slots=True)
class Head:
    """The last number of a stream; no epoch and zero before its first row."""

    epoch: UUID | None
    seq: int


NO_HEAD = Head(None, 0)


@dataclass(frozen=True, slots=True)
class Cursor:
    """One stream, and the number after which to read."""

    customer_id: UUID
    channel: str
    after: int


@dataclass(frozen=True, slots=True)
class Row:
    """One numbered row; ``data`` is already completed by the channel's source."""

    seq: int
    id: UUID
    type: str
    ref: UUID | None
    data: Json
    created_at: datetime


@dataclass(frozen=True, slots=True)
class Slice:
    """What one cursor found: the head, and up to a page of rows after the cursor."""

    head: Head
    rows: tuple[Row, ...]

    def is_broken(self, *, after: int, epoch: UUID | None) -> bool:
        """Tell whether the number after ``after`` is lost, or the numbering started anew."""
        if epoch is not None and self.head.epoch != epoch:
            return True
        if self.head.seq <= after:
            return self.head.seq < after
        return not self.rows or self.rows[0].seq != after + 1


@dataclass(frozen=True, slots=True)
class Opening:
    """How a subscription starts: rows after ``head`` follow; no ``snapshot`` when that is the client's own number."""

    head: Head
    snapshot: list[Json] | None


def read(*, cursors: Sequence[Cursor], page: int = PAGE) -> dict[Cursor, Slice]:
    """Read every cursor's next rows in one statement (and one more per channel that completes its rows).

    Shape: one Slice per cursor; rows rise by one from the cursor.
    """
    if not cursors:
        return {}
    params: dict[str, Any] = {
        "customers": [c.customer_id for c in cursors],
        "channels": [c.channel for c in cursors],
        "after": [c.after for c in cursors],
        "page": page,
    }
    with connection.cursor() as cur:
        cur.execute(_READ, params)
        lines = cur.fetchall()
    found = {}
    for place, group in groupby(lines, key=itemgetter(0)):
        found[cursors[place - 1]] = _slice(list(group))
    return _complete(found)


def _slice(lines: list[tuple[Any, ...]]) -> Slice:
    _, epoch, seq, *_ = lines[0]
    head = NO_HEAD if epoch is None else Head(epoch, seq)
    rows = (
        Row(line[3], line[4], line[5], line[6], json.loads(line[7]), line[8]) for line in lines if line[3] is not None
    )
    return Slice(head, tuple(rows))


def _complete(found: dict[Cursor, Slice]) -> dict[Cursor, Slice]:
    """Let each channel's source complete its rows, all rows of a channel in one call."""
    for channel in {cursor.channel for cursor, part in found.items() if part.rows}:
        complete = snapshots.get(channel).complete
        if complete is None:
            continue
        places = [(c, row) for c, part in found.items() if c.channel == channel for row in part.rows]
        datas = iter(complete([(cursor.customer_id, row.data) for cursor, row in places]))
        for cursor in dict.fromkeys(cursor for cursor, _ in places):
            part = found[cursor]
            rows = (Row(r.seq, r.id, r.type, r.ref, next(datas), r.created_at) for r in part.rows)
            found[cursor] = Slice(part.head, tuple(rows))
    return found


def open_stream(
    *, customer_id: UUID, channel: str, params: Mapping[str, object], resume: Resume | None, max_backlog: int
) -> Opening:
    """Start a subscription: from the client's number if every row after it is still there, else with a snapshot.

    Snapshot and head are read in one repeatable-read transaction: the snapshot is the state as of exactly that number.
    Raises: snapshots.UnknownChannel.
    """
    source = snapshots.get(channel)
    owner = PUBLIC if source.is_public else customer_id
    if resume is not None:
        part = read(cursors=[Cursor(owner, channel, resume.seq)], page=1)[Cursor(owner, channel, resume.seq)]
        if _may_resume(part, resume, max_backlog):
            return Opening(Head(part.head.epoch, resume.seq), None)
    with transaction.atomic():
        _freeze()
        head = read(cursors=[Cursor(owner, channel, 2**62)])[Cursor(owner, channel, 2**62)].head
        return Opening(head, source.snapshot(customer_id, params))


def _may_resume(part: Slice, resume: Resume, max_backlog: int) -> bool:
    if resume.epoch is None and resume.seq > 0:
        return False
    return not part.is_broken(after=resume.seq, epoch=resume.epoch) and part.head.seq - resume.seq <= max_backlog


def _freeze() -> None:
    """Make this transaction see one moment only. Not possible inside another one, as in most tests."""
    if len(connection.savepoint_ids) == 0:
        with connection.cursor() as cur:
            cur.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
