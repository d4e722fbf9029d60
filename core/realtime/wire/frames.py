"""The frames that we send, as the contract words them. Pure: what goes in is what is said."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from uuid import UUID

from core.kernel import clock, ids
from core.realtime.feed import Head, Row
from core.realtime.limits import LiveLimits

Json = Mapping[str, object]


def _frame(type_: str, **fields: object) -> str:
    return json.dumps({"v": 1, "type": type_, **fields}, separators=(",", ":"), ensure_ascii=False)


def _epoch(epoch: UUID | None) -> str | None:
    return None if epoch is None else epoch.hex


def welcome(
    *, at: datetime, auth_until: datetime, channels: Sequence[str], limits: LiveLimits, req_id: str | None = None
) -> str:
    """Say that the socket is open, what may be followed, and the rules; also the answer to ``auth``."""
    return _frame(
        "welcome",
        req_id=req_id,
        at=clock.rfc3339(at),
        channels=list(channels),
        heartbeat_s=limits.heartbeat_s,
        silence_s=limits.silence_s,
        subscribe_s=limits.subscribe_s,
        auth_expires_at=clock.rfc3339(auth_until),
    )


def subscribed(*, req_id: str | None, channel: str, head: Head, mode: str) -> str:
    """Confirm a subscription. ``mode`` is ``snapshot`` (one follows) or ``resumed`` (the missed events follow)."""
    return _frame("subscribed", req_id=req_id, channel=channel, mode=mode, epoch=_epoch(head.epoch), seq=head.seq)


def unsubscribed(*, req_id: str | None, channel: str) -> str:
    """Confirm the end of a subscription."""
    return _frame("unsubscribed", req_id=req_id, channel=channel)


def snapshot(*, channel: str, head: Head, at: datetime, data: Sequence[Json]) -> str:
    """Give the state of a channel as of ``head``; events after that number follow."""
    return _frame(
        "snapshot", channel=channel, epoch=_epoch(head.epoch), seq=head.seq, at=clock.rfc3339(at), data=list(data)
    )


def event(*, channel: str, epoch: UUID, row: Row, data: Json) -> str:
    """Give one numbered row. The id is the event's where the row tells of one, else the row's own."""
    return _frame(
        "event",
        channel=channel,
        epoch=epoch.hex,
        seq=row.seq,
        id=ids.render(ids.Prefix.EVENT, row.ref or row.id),
        at=clock.rfc3339(row.created_at),
        data={"type": row.type, **data},
    )


def heartbeat(*, at: datetime, heads: Mapping[str, Head], req_id: str | None = None) -> str:
    """Say the last number of every channel that this socket follows; also the answer to ``ping``."""
    told = {channel: {"epoch": _epoch(head.epoch), "seq": head.seq} for channel, head in heads.items()}
    return _frame("heartbeat", req_id=req_id, at=clock.rfc3339(at), heads=told)


def resync_required(*, channel: str, reason: str) -> str:
    """Say that the channel cannot go on from where it was: subscribe again and take a snapshot."""
    return _frame("resync_required", channel=channel, reason=reason)


def auth_expiring(*, until: datetime) -> str:
    """Say when the session ends unless ``auth`` brings a fresh ticket."""
    return _frame("auth_expiring", expires_at=clock.rfc3339(until))


def error(*, code: str, detail: str, req_id: str | None = None) -> str:
    """Say what was wrong."""
    return _frame("error", req_id=req_id, code=code, detail=detail)
