"""What a client may say, read strictly: a frame either is one of four or closes the socket."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from uuid import UUID

from core.realtime.wire.closing import CloseCode, Refusal

Json = Mapping[str, object]
_MAX_TEXT = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class Resume:
    """The last number that the client has. ``epoch`` is None for a stream that had no row yet."""

    epoch: UUID | None
    seq: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Subscribe:
    """Follow a channel, from a snapshot or from where one left off."""

    req_id: str | None
    channel: str
    params: Json = field(default_factory=dict)
    resume: Resume | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Unsubscribe:
    """Follow a channel no more."""

    req_id: str | None
    channel: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Ping:
    """Say that one is still there; answered with the heads."""

    req_id: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Auth:
    """Renew the session with a fresh ticket."""

    req_id: str | None
    ticket: str


Message = Subscribe | Unsubscribe | Ping | Auth


def parse(text: str) -> Message:
    """Read one text frame.

    Raises: Refusal (4400) that says what is wrong with it.
    """
    try:
        body = json.loads(text)
    except (ValueError, RecursionError):
        raise _bad("A frame is one JSON object.") from None
    if not isinstance(body, dict):
        raise _bad("A frame is one JSON object.")
    op = body.get("op")
    reader = _READERS.get(op) if isinstance(op, str) else None
    if reader is None:
        raise _bad("op is one of subscribe, unsubscribe, ping, auth.")
    return reader(body)


def _bad(detail: str) -> Refusal:
    return Refusal(CloseCode.BAD_MESSAGE, code="bad_message", detail=detail)


def _text(body: Json, name: str) -> str:
    value = body.get(name)
    if not isinstance(value, str) or not 0 < len(value) <= _MAX_TEXT:
        raise _bad(f"{name} is a text of 1 to {_MAX_TEXT} characters.")
    return value


def _req_id(body: Json) -> str | None:
    return None if body.get("req_id") is None else _text(body, "req_id")


def _resume(value: object) -> Resume | None:
    if value is None:
        return None
    if not isinstance(value, dict):
        raise _bad("resume is an object with epoch and seq.")
    seq = value.get("seq")
    if isinstance(seq, bool) or not isinstance(seq, int) or not 0 <= seq < 2**63:
        raise _bad("resume.seq is a whole number from zero.")
    epoch = value.get("epoch")
    if epoch is None:
        return Resume(epoch=None, seq=seq)
    try:
        return Resume(epoch=UUID(epoch), seq=seq)
    except (ValueError, AttributeError, TypeError):
        raise _bad("resume.epoch is the epoch of the channel as we sent it.") from None


def _subscribe(body: Json) -> Message:
    params = body.get("params", {})
    if not isinstance(params, dict):
        raise _bad("params is an object.")
    return Subscribe(
        req_id=_req_id(body), channel=_text(body, "channel"), params=params, resume=_resume(body.get("resume"))
    )


def _unsubscribe(body: Json) -> Message:
    return Unsubscribe(req_id=_req_id(body), channel=_text(body, "channel"))


def _ping(body: Json) -> Message:
    return Ping(req_id=_req_id(body))


def _auth(body: Json) -> Message:
    return Auth(req_id=_req_id(body), ticket=_text(body, "ticket"))


_READERS: dict[str, Callable[[Json], Message]] = {
    "subscribe": _subscribe,
    "unsubscribe": _unsubscribe,
    "ping": _ping,
    "auth": _auth,
}
