"""One socket's state, with the clock in hand and without any server."""

from __future__ import annotations

import asyncio
import json
from datetime import UTC, datetime
from uuid import UUID

import pytest

from core.kernel import ids
from core.realtime.feed import PUBLIC, Head, Opening, Row, Slice
from core.realtime.limits import LiveLimits
from core.realtime.session import Session
from core.realtime.wire import frames
from core.realtime.wire.closing import CloseCode, Refusal

EPOCH = UUID("0190f3c0aaaa7000800000000000abcd")
LIMITS = LiveLimits(queue_frames=3, frames_burst=2, frames_per_s=1)


class Wire:
    """Takes what a session sends; ``is_stuck`` plays a client that does not read."""

    def __init__(self) -> None:
        self.sent: list[dict[str, object]] = []
        self.closed: tuple[int, str] | None = None
        self.flows = asyncio.Event()
        self.flows.set()

    async def text(self, text: str) -> None:
        await self.flows.wait()
        self.sent.append(json.loads(text))

    async def close(self, code: int, reason: str) -> None:
        await self.flows.wait()
        self.closed = (code, reason)


def _session(wire: Wire, *, limits: LiveLimits = LIMITS) -> Session:
    return Session(customer_id=ids.uuid7(), limits=limits, now=0.0, send_text=wire.text, send_close=wire.close)


def _rows(*numbers: int) -> tuple[Row, ...]:
    at = datetime(2026, 11, 1, tzinfo=UTC)
    return tuple(Row(n, ids.uuid7(), "test.news", None, {"n": n}, at) for n in numbers)


def _followed(session: Session, seq: int) -> None:
    session.follow(channel="test", opening=Opening(Head(EPOCH, seq), None), is_public=False)


async def _written(session: Session) -> None:
    session.close(CloseCode.TIMEOUT, reason="end of test")
    await asyncio.wait_for(session.write(), 5)


def test_rows_are_sent_once_and_in_order() -> None:
    async def scenario() -> tuple[Wire, Session]:
        wire = Wire()
        session = _session(wire)
        _followed(session, 7)
        assert session.deliver(channel="test", part=Slice(Head(EPOCH, 9), _rows(8, 9)))
        await _written(session)
        return wire, session

    wire, session = asyncio.run(scenario())

    assert [(f["type"], f["seq"]) for f in wire.sent] == [("event", 8), ("event", 9)]
    assert session.subscriptions["test"].head == Head(EPOCH, 9)


@pytest.mark.parametrize(
    "part",
    [
        Slice(Head(EPOCH, 9), _rows(9)),
        Slice(Head(EPOCH, 9), ()),
        Slice(Head(EPOCH, 6), ()),
        Slice(Head(UUID("0190f3c0aaaa7000800000000000ffff"), 8), _rows(8)),
        Slice(Head(None, 0), ()),
    ],
    ids=["gap", "cleaned_away", "went_back", "other_epoch", "gone"],
)
def test_what_cannot_follow_asks_for_a_resync(part: Slice) -> None:
    async def scenario() -> tuple[Wire, Session, bool]:
        wire = Wire()
        session = _session(wire)
        _followed(session, 7)
        goes_on = session.deliver(channel="test", part=part)
        await _written(session)
        return wire, session, goes_on

    wire, session, goes_on = asyncio.run(scenario())

    assert (goes_on, session.subscriptions) == (False, {})
    assert wire.sent == [{"v": 1, "type": "resync_required", "channel": "test", "reason": "history_gone"}]


def test_public_streams_belong_to_nobody() -> None:
    async def scenario() -> UUID:
        session = _session(Wire())
        return session.follow(channel="p", opening=Opening(Head(None, 0), []), is_public=True).owner

    assert asyncio.run(scenario()) == PUBLIC


def test_frames_beyond_the_rate_are_refused_and_tokens_come_back() -> None:
    async def scenario() -> list[str]:
        session = _session(Wire())
        outcome = []
        for now in (0.0, 0.0, 0.0, 0.5, 2.0):
            try:
                session.heard(now=now)
                outcome.append("ok")
            except Refusal as refusal:
                outcome.append(str(refusal.close.value))
        return outcome

    assert asyncio.run(scenario()) == ["ok", "ok", "4429", "4429", "ok"]


def test_a_full_queue_closes_as_slow_and_drops_what_waits() -> None:
    async def scenario() -> Wire:
        wire = Wire()
        session = _session(wire)
        for number in range(5):
            session.send(frames.error(code=str(number), detail=""))
        await asyncio.wait_for(session.write(), 5)
        return wire

    wire = asyncio.run(scenario())

    assert (wire.sent, wire.closed) == ([], (4430, "slow_consumer"))


def test_a_stuck_client_is_overdue_then_given_up() -> None:
    async def scenario() -> list[object]:
        wire = Wire()
        session = _session(wire)
        wire.flows.clear()
        session.send(frames.error(code="x", detail=""))
        writer = asyncio.create_task(session.write())
        await asyncio.sleep(0)
        start = asyncio.get_running_loop().time()
        session.asked()
        session.heard(now=start)
        session.renew(now=start)
        in_time = session.overdue(now=start + 9)
        late = session.overdue(now=start + 11)
        session.abandon()
        session.abandon()
        session.let_go(now=start + 29)
        early = session.lost.is_set()
        session.let_go(now=start + 31)
        wire.flows.set()
        await asyncio.wait_for(writer, 5)
        return [in_time, late, early, session.lost.is_set(), wire.closed]

    assert asyncio.run(scenario()) == [
        None,
        (CloseCode.SLOW_CONSUMER, "slow_consumer"),
        False,
        True,
        (4430, "slow_consumer"),
    ]


@pytest.mark.parametrize(
    ("now", "asked", "reason"),
    [
        (5.0, False, None),
        (5.1, False, (CloseCode.TIMEOUT, "must_subscribe")),
        (5.1, True, None),
        (45.0, True, None),
        (45.1, True, (CloseCode.TIMEOUT, "silent")),
    ],
)
def test_time_closes_sockets(now: float, asked: bool, reason: tuple[CloseCode, str] | None) -> None:
    async def scenario() -> tuple[CloseCode, str] | None:
        session = _session(Wire(), limits=LiveLimits())
        if asked:
            session.asked()
        return session.overdue(now=now)

    assert asyncio.run(scenario()) == reason


def test_the_session_lasts_fifteen_minutes_unless_renewed() -> None:
    async def scenario() -> list[object]:
        session = _session(Wire(), limits=LiveLimits(silence_s=10_000))
        session.asked()
        outcome: list[object] = [session.overdue(now=900.0), session.overdue(now=900.1)]
        session.renew(now=890.0)
        return [*outcome, session.overdue(now=1790.0), session.overdue(now=1790.1)]

    expired = (CloseCode.AUTHENTICATION, "session_expired")
    assert asyncio.run(scenario()) == [None, expired, None, expired]


def test_nothing_is_sent_after_a_close() -> None:
    async def scenario() -> Wire:
        wire = Wire()
        session = _session(wire)
        session.refuse(Refusal(CloseCode.UNKNOWN_CHANNEL, code="unknown_channel", detail="No."))
        session.send(frames.error(code="late", detail=""))
        await asyncio.wait_for(session.write(), 5)
        return wire

    wire = asyncio.run(scenario())

    assert [f["code"] for f in wire.sent] == ["unknown_channel"]
    assert wire.closed == (4404, "unknown_channel")
