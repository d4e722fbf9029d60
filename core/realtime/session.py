"""One socket's state: what it follows and up to which number, what waits to be sent, and when it must be closed.

Times are of the event loop's clock. A session knows no database and no channel layer; the hub feeds it.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from uuid import UUID

from core.realtime.feed import PUBLIC, Cursor, Head, Opening, Row, Slice
from core.realtime.limits import LiveLimits
from core.realtime.wire import frames
from core.realtime.wire.closing import CloseCode, Refusal

SendText = Callable[[str], Awaitable[None]]
SendClose = Callable[[int, str], Awaitable[None]]


@dataclass(slots=True)
class Subscription:
    """How far one channel has been sent."""

    channel: str
    owner: UUID
    head: Head

    @property
    def cursor(self) -> Cursor:
        return Cursor(self.owner, self.channel, self.head.seq)


@dataclass(frozen=True, slots=True)
class _Close:
    code: CloseCode
    reason: str


class Session:
    """One admitted socket of a customer."""

    def __init__(
        self, *, customer_id: UUID, limits: LiveLimits, now: float, send_text: SendText, send_close: SendClose
    ) -> None:
        self.customer_id = customer_id
        self.subscriptions: dict[str, Subscription] = {}
        self.heartbeat_at = now + limits.heartbeat_s
        self.auth_until = now + limits.session_s
        self.is_warned = False
        self.is_closing = False
        self._limits = limits
        self._subscribe_by: float | None = now + limits.subscribe_s
        self._heard_at = now
        self._tokens = float(limits.frames_burst)
        self._queue: deque[str | _Close] = deque()
        self._ready = asyncio.Event()
        self._stuck_since: float | None = None
        self.lost = asyncio.Event()
        self._send_text = send_text
        self._send_close = send_close

    # What the client does

    def heard(self, *, now: float) -> None:
        """Note a frame from the client.

        Raises: Refusal (4429) when there are too many of them.
        """
        limits = self._limits
        self._tokens = min(limits.frames_burst, self._tokens + (now - self._heard_at) * limits.frames_per_s)
        self._heard_at = now
        if self._tokens < 1:
            raise Refusal(CloseCode.RATE, code="rate_limited", detail="Too many frames.")
        self._tokens -= 1

    def asked(self) -> None:
        """Note that the client asked to subscribe: from here on it need not hurry."""
        self._subscribe_by = None

    def renew(self, *, now: float) -> None:
        """Start the session's time anew, after a fresh ticket."""
        self.auth_until = now + self._limits.session_s
        self.is_warned = False

    # What is sent

    def send(self, frame: str) -> None:
        """Queue a frame. A client that lets too many pile up is closed with 4430."""
        if self.is_closing:
            return
        if len(self._queue) >= self._limits.queue_frames:
            self.abandon()
            return
        self._queue.append(frame)
        self._ready.set()

    def close(self, code: CloseCode, *, reason: str) -> None:
        """Close the socket after what is queued."""
        if not self.is_closing:
            self.is_closing = True
            self._queue.append(_Close(code, reason))
            self._ready.set()

    def refuse(self, refusal: Refusal, *, req_id: str | None = None) -> None:
        """Say what was wrong, then close."""
        self.send(frames.error(code=refusal.code, detail=refusal.detail, req_id=req_id))
        self.close(refusal.close, reason=refusal.code)

    def abandon(self) -> None:
        """Drop what is queued and close: the client does not read."""
        if not self.is_closing:
            self._queue.clear()
            self.close(CloseCode.SLOW_CONSUMER, reason="slow_consumer")

    async def write(self) -> None:
        """Send what is queued, in order, until the close has been sent. One task per socket runs this."""
        clock = asyncio.get_running_loop().time
        while True:
            await self._ready.wait()
            self._ready.clear()
            while self._queue:
                item = self._queue.popleft()
                self._stuck_since = clock()
                if isinstance(item, _Close):
                    await self._send_close(item.code.value, item.reason)
                    return
                await self._send_text(item)
                self._stuck_since = None

    # What the streams bring

    def follow(self, *, channel: str, opening: Opening, is_public: bool) -> Subscription:
        """Start to follow a channel from where its opening left off."""
        subscription = Subscription(channel, PUBLIC if is_public else self.customer_id, opening.head)
        self.subscriptions[channel] = subscription
        return subscription

    def deliver(self, *, channel: str, part: Slice) -> bool:
        """Send the rows that come next; False if the channel cannot go on (the client was told to resync)."""
        subscription = self.subscriptions[channel]
        if part.is_broken(after=subscription.head.seq, epoch=subscription.head.epoch):
            del self.subscriptions[channel]
            self.send(frames.resync_required(channel=channel, reason="history_gone"))
            return False
        for row in part.rows:
            self._deliver_row(subscription, part, row)
        return True

    def _deliver_row(self, subscription: Subscription, part: Slice, row: Row) -> None:
        epoch = part.head.epoch
        if epoch is None:
            return
        self.send(frames.event(channel=subscription.channel, epoch=epoch, row=row, data=row.data))
        subscription.head = Head(epoch, row.seq)

    # What time brings

    def overdue(self, *, now: float) -> tuple[CloseCode, str] | None:
        """Return why this socket must be closed now, if so."""
        if self._stuck_since is not None and now - self._stuck_since > self._limits.stall_s:
            return CloseCode.SLOW_CONSUMER, "slow_consumer"
        if self._subscribe_by is not None and now > self._subscribe_by:
            return CloseCode.TIMEOUT, "must_subscribe"
        if now - self._heard_at > self._limits.silence_s:
            return CloseCode.TIMEOUT, "silent"
        if now > self.auth_until:
            return CloseCode.AUTHENTICATION, "session_expired"
        return None

    def let_go(self, *, now: float) -> None:
        """Give the socket up if even the close could not be sent for long: ``lost`` ends whoever serves it."""
        if self._stuck_since is not None and now - self._stuck_since > 3 * self._limits.stall_s:
            self.lost.set()

    @property
    def heads(self) -> dict[str, Head]:
        return {channel: subscription.head for channel, subscription in self.subscriptions.items()}
