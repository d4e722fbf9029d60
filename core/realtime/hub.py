"""The hub of one event loop: it knows all sockets, hears the pokes, and reads for everybody in one statement.

A poke only marks a stream as changed. One reader works off the marks: while its statement runs, further pokes pile up
into the next one, so pokes are coalesced without any timer, and a thousand sockets cost as many statements as one. A
heartbeat marks its socket's streams as changed too, so a poke that was lost costs at most one heartbeat.
"""

from __future__ import annotations

import asyncio
import logging
from collections import defaultdict
from collections.abc import Callable, Coroutine
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import ParamSpec, TypeVar
from uuid import UUID

from channels.db import database_sync_to_async
from django.db import InterfaceError, OperationalError

from core.kernel import clock
from core.realtime import feed
from core.realtime.feed import Cursor
from core.realtime.limits import LiveLimits
from core.realtime.pokes import Pokes
from core.realtime.session import Session, Subscription
from core.realtime.wire import frames

log = logging.getLogger(__name__)
P = ParamSpec("P")
T = TypeVar("T")
Stream = tuple[UUID, str]
AWAY = (OperationalError, InterfaceError)
_PAUSE_S = 1.0
_threads = ThreadPoolExecutor(max_workers=4, thread_name_prefix="live-db")
_hubs: dict[asyncio.AbstractEventLoop, Hub] = {}


async def in_thread(function: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
    """Run database work in one of the feed's few threads; its connection goes back to the pool right after."""
    run: Callable[..., Coroutine[None, None, T]] = database_sync_to_async(
        function, thread_sensitive=False, executor=_threads
    )
    return await run(*args, **kwargs)


async def _keep_on(part: Callable[[], Coroutine[None, None, None]]) -> None:
    """Run one part of a hub for ever: a defect that ends it must not leave all sockets without it."""
    while True:
        try:
            await part()
        except Exception:
            log.exception("live.part_ended")
            await asyncio.sleep(_PAUSE_S)


def current() -> Hub:
    """Return the hub of the running event loop; it starts with its first socket and ends with its last."""
    loop = asyncio.get_running_loop()
    if loop not in _hubs:
        _hubs[loop] = Hub(LiveLimits.from_settings())
    return _hubs[loop]


class Hub:
    """All sockets of one event loop."""

    def __init__(self, limits: LiveLimits) -> None:
        self.limits = limits
        self._sessions: dict[UUID, set[Session]] = defaultdict(set)
        self._followers: dict[Stream, set[Session]] = defaultdict(set)
        self._channels: dict[UUID, set[str]] = defaultdict(set)
        self._changed: set[Stream] = set()
        self._beating: set[Session] = set()
        self._wake = asyncio.Event()
        self._pokes = Pokes(self._poked)
        self._tasks: list[asyncio.Task[None]] = []

    @property
    def now(self) -> float:
        return asyncio.get_running_loop().time()

    # Sockets come and go

    def join(self, session: Session) -> bool:
        """Take a socket in; False if this customer has too many."""
        mine = self._sessions[session.customer_id]
        if len(mine) >= self.limits.max_sockets:
            return False
        mine.add(session)
        if not self._tasks:
            self._tasks = [asyncio.create_task(_keep_on(part)) for part in (self._read, self._tick, self._pokes.listen)]
        return True

    async def leave(self, session: Session) -> None:
        """Forget a socket; the last one stops the hub."""
        for subscription in list(session.subscriptions.values()):
            self.unfollow(session, subscription)
        self._beating.discard(session)
        self._sessions[session.customer_id].discard(session)
        if not self._sessions[session.customer_id]:
            del self._sessions[session.customer_id]
        if not self._sessions:
            await self._stop()

    async def _stop(self) -> None:
        _hubs.pop(asyncio.get_running_loop(), None)
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    # Streams are followed

    def follow(self, session: Session, subscription: Subscription) -> None:
        """Read this stream for this socket from now on, beginning at once."""
        self._followers[(subscription.owner, subscription.channel)].add(session)
        self._channels[subscription.owner].add(subscription.channel)
        self._pokes.want(subscription.owner)
        self._mark({(subscription.owner, subscription.channel)})

    def unfollow(self, session: Session, subscription: Subscription) -> None:
        """Read this stream no more for this socket."""
        session.subscriptions.pop(subscription.channel, None)
        stream = (subscription.owner, subscription.channel)
        self._followers[stream].discard(session)
        if self._followers[stream]:
            return
        del self._followers[stream]
        self._channels[subscription.owner].discard(subscription.channel)
        if not self._channels[subscription.owner]:
            del self._channels[subscription.owner]
            self._pokes.unwant(subscription.owner)

    def _poked(self, owner: UUID, channel: str | None) -> None:
        followed = self._channels.get(owner, set())
        streams = {(owner, name) for name in followed if channel in (None, name)}
        if streams:
            self._mark(streams)

    def _mark(self, streams: set[Stream]) -> None:
        self._changed |= streams
        self._wake.set()

    # The reader

    async def _read(self) -> None:
        while True:
            await self._wake.wait()
            self._wake.clear()
            streams, self._changed = self._changed, set()
            beating, self._beating = self._beating, set()
            if not await self._try(streams):
                self._beating |= beating
                await asyncio.sleep(_PAUSE_S)
                self._mark(streams)
                continue
            for session in beating:
                session.send(frames.heartbeat(at=clock.SYSTEM.now(), heads=session.heads))

    async def _try(self, streams: set[Stream]) -> bool:
        """Read these streams; False while the database is away. One that cannot be completed harms no other."""
        try:
            await self._read_streams(streams)
        except AWAY as error:
            log.warning("live.database_away", extra={"error": str(error)})
            return False
        except Exception:
            log.exception("live.source_failed", extra={"streams": len(streams)})
            if len(streams) > 1:
                return all([await self._try({stream}) for stream in streams])
        return True

    async def _read_streams(self, streams: set[Stream]) -> None:
        cursors = {
            session.subscriptions[channel].cursor
            for owner, channel in streams
            for session in self._followers.get((owner, channel), ())
        }
        if not cursors:
            return
        found = await in_thread(feed.read, cursors=sorted(cursors, key=lambda c: (c.customer_id, c.channel, c.after)))
        for cursor, part in found.items():
            self._hand_out(cursor, part)

    def _hand_out(self, cursor: Cursor, part: feed.Slice) -> None:
        """Give a slice to every socket that stands at its cursor. Sockets may have come and gone during the read."""
        stream = (cursor.customer_id, cursor.channel)
        for session in list(self._followers.get(stream, ())):
            subscription = session.subscriptions[cursor.channel]
            if subscription.head.seq != cursor.after:
                continue
            if not session.deliver(channel=cursor.channel, part=part):
                self.unfollow(session, subscription)
        if part.rows and part.rows[-1].seq < part.head.seq:
            self._mark({stream})

    # The clock

    async def _tick(self) -> None:
        while True:
            await asyncio.sleep(self.limits.tick_s)
            now = self.now
            self._pokes.retry()
            due: set[Stream] = set()
            for session in [s for mine in self._sessions.values() for s in mine]:
                self._check(session, now)
                due |= self._beat(session, now)
            if due or self._beating:
                self._mark(due)

    def _check(self, session: Session, now: float) -> None:
        reason = session.overdue(now=now)
        if reason is None:
            self._warn(session, now)
        elif reason[1] == "slow_consumer":
            session.abandon()
            session.let_go(now=now)
        else:
            session.close(reason[0], reason=reason[1])

    def _warn(self, session: Session, now: float) -> None:
        left = session.auth_until - now
        if left < self.limits.warn_s and not session.is_warned:
            session.is_warned = True
            session.send(frames.auth_expiring(until=clock.SYSTEM.now() + timedelta(seconds=left)))

    def _beat(self, session: Session, now: float) -> set[Stream]:
        if session.is_closing or now < session.heartbeat_at:
            return set()
        session.heartbeat_at = now + self.limits.heartbeat_s
        self._beating.add(session)
        return {(s.owner, s.channel) for s in session.subscriptions.values()}
