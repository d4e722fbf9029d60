"""Sends webhooks until they are taken: in order per object, a few at a time, durable over a restart.

A *lane* is one object at one endpoint; only the head of a lane is ever in flight, so order is kept. A fault may give a
delivery a lane of its own, which is how reordering happens.
"""

from __future__ import annotations

import asyncio
import logging
import random
import re
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from sandbox.engine.store import Store
from sandbox.engine.values import Json
from sandbox.faults.faults import Faults, Occasion
from sandbox.faults.scripts import Script
from sandbox.webhooks.outbound import Client, SendFailed

_LOG = logging.getLogger(__name__)
_OK = range(200, 300)
_BEFORE_SENDING = ("webhook_duplicate", "webhook_reorder", "webhook_drop", "webhook_delay")
_STALE_S = 3600
_SIGNATURE = re.compile(r"(v1[=,])(.)")


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """Something to tell; ``group`` is the object whose events keep their order."""

    provider: str
    id: str
    type: str
    object_id: str
    group: str
    body: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Endpoint:
    """One place that is told. ``sign`` takes the event's id, the body and the time and returns the headers;
    ``operation`` is the word by which fault scripts may mean its events.
    """

    id: str
    provider: str
    operation: str
    url: str
    types: tuple[str, ...]
    sign: Callable[[str, bytes, int], dict[str, str]]

    def wants(self, type: str) -> bool:  # noqa: A002 - the event's own word
        """Say whether this endpoint is told of such events; ``charge.dispute.*`` stands for all that begin so."""
        return any(type == one or (one.endswith("*") and type.startswith(one[:-1])) for one in self.types)


@dataclass(frozen=True, slots=True, kw_only=True)
class Pace:
    """How deliveries are retried: full jitter from base to cap, at most ``tries`` times."""

    senders: int
    timeout_s: float
    base_s: float
    cap_s: float
    tries: int


@dataclass(slots=True, kw_only=True)
class _Delivery:
    id: int
    event_seq: int
    endpoint: str
    lane: str
    due_at: float
    tries: int = 0


@dataclass(slots=True)
class _Rest:
    """An endpoint that could not be connected to is left alone for a while, whatever waits for it."""

    until: float = 0.0
    failures: int = 0


class Deliveries:
    """The queue of webhooks of all providers."""

    def __init__(self, *, store: Store, faults: Faults, pace: Pace, wall: Callable[[], float]) -> None:
        self._store = store
        self._faults = faults
        self._pace = pace
        self._wall = wall
        self._client = Client(timeout_s=pace.timeout_s)
        self._endpoints: dict[str, Endpoint] = {}
        self._lanes: dict[str, deque[_Delivery]] = {}
        self._ready: asyncio.Queue[str] = asyncio.Queue()
        self._rests: dict[str, _Rest] = {}
        self._senders: list[asyncio.Task[None]] = []

    def attach(self, endpoint: Endpoint) -> None:
        """Add an endpoint, or replace it."""
        self._endpoints[endpoint.id] = endpoint

    def detach(self, *, id: str) -> None:  # noqa: A002 - the endpoint's own word
        """Tell this endpoint nothing more; what was queued for it fails."""
        self._endpoints.pop(id, None)

    def start(self) -> None:
        """Load what was not delivered before a restart and begin to send."""
        rows = self._store.read(
            "SELECT id, event_seq, endpoint, lane, due_at, tries FROM deliveries WHERE state = 'pending' ORDER BY id"
        )
        for id_, event_seq, endpoint, lane, due_at, tries in rows:
            self._queue(
                _Delivery(id=id_, event_seq=event_seq, endpoint=endpoint, lane=lane, due_at=due_at, tries=tries)
            )
        self._senders = [asyncio.create_task(self._send_on()) for _ in range(self._pace.senders)]

    async def stop(self) -> None:
        """Stop sending; what is in flight is sent again after the next start."""
        for task in self._senders:
            task.cancel()
        await asyncio.gather(*self._senders, return_exceptions=True)
        self._client.close()

    def publish(self, event: Event) -> None:
        """Keep the event and queue it for every endpoint that wants it. Needs an open change."""
        seq = self._store.write(
            "INSERT INTO events (provider, id, type, object_id, body) VALUES (?, ?, ?, ?, ?)",
            (event.provider, event.id, event.type, event.object_id, event.body),
        )
        for endpoint in self._endpoints.values():
            if endpoint.provider == event.provider and endpoint.wants(event.type):
                self._plan(event, seq, endpoint)

    def resend(self, *, rows: Sequence[tuple[int, str, str]], provider: str) -> int:
        """Queue kept events again, in the given order, each (seq, id, type); returns how many deliveries."""
        count = 0
        for seq, id_, type_ in rows:
            for endpoint in self._endpoints.values():
                if endpoint.provider == provider and endpoint.wants(type_):
                    self._insert(seq, endpoint.id, lane=f"{endpoint.id}|again:{id_}", due_at=self._wall())
                    count += 1
        return count

    def show(self) -> Json:
        """Return how many deliveries are in which state."""
        rows = self._store.read("SELECT state, count(*) FROM deliveries GROUP BY state")
        return {**dict.fromkeys(("pending", "delivered", "failed", "dropped"), 0), **dict(rows)}

    def _plan(self, event: Event, seq: int, endpoint: Endpoint) -> None:
        now = self._wall()
        lane = f"{endpoint.id}|{event.group}"
        fault = self._fault(endpoint, event.type, _BEFORE_SENDING)
        kind = fault.fault if fault else ""
        if kind == "webhook_drop":
            self._store.write(
                "INSERT INTO deliveries (event_seq, endpoint, lane, state, due_at) VALUES (?, ?, ?, 'dropped', ?)",
                (seq, endpoint.id, lane, now),
            )
            return
        delay_s = fault.delay_ms / 1000 if fault and kind in ("webhook_delay", "webhook_reorder") else 0.0
        if kind == "webhook_reorder":
            lane = f"{lane}|late:{event.id}"
        for _ in range(fault.copies if fault and kind == "webhook_duplicate" else 1):
            self._insert(seq, endpoint.id, lane=lane, due_at=now + delay_s)

    def _insert(self, seq: int, endpoint: str, *, lane: str, due_at: float) -> None:
        id_ = self._store.write(
            "INSERT INTO deliveries (event_seq, endpoint, lane, state, due_at) VALUES (?, ?, ?, 'pending', ?)",
            (seq, endpoint, lane, due_at),
        )
        delivery = _Delivery(id=id_, event_seq=seq, endpoint=endpoint, lane=lane, due_at=due_at)
        self._store.after_commit(lambda: self._queue(delivery))

    def _fault(self, endpoint: Endpoint, type_: str, kinds: tuple[str, ...]) -> Script | None:
        picked = self._faults.pick(
            Occasion(provider=endpoint.provider, operation=endpoint.operation, kinds=kinds, event=type_)
        )
        return picked[0] if picked else None

    def _queue(self, delivery: _Delivery) -> None:
        lane = self._lanes.get(delivery.lane)
        if lane is None:
            self._lanes[delivery.lane] = deque([delivery])
            self._wait(delivery)
        else:
            lane.append(delivery)

    def _wait(self, head: _Delivery) -> None:
        """Make the lane ready when its head is due."""
        delay_s = head.due_at - self._wall()
        if delay_s <= 0:
            self._ready.put_nowait(head.lane)
        else:
            asyncio.get_running_loop().call_later(delay_s, self._ready.put_nowait, head.lane)

    async def _send_on(self) -> None:
        while True:
            lane = await self._ready.get()
            try:
                await self._serve(self._lanes[lane])
            except Exception:  # noqa: BLE001 - a sender must outlive anything
                _LOG.exception("a webhook sender stumbled over lane %s", lane)
                asyncio.get_running_loop().call_later(self._pace.cap_s, self._ready.put_nowait, lane)

    async def _serve(self, lane: deque[_Delivery]) -> None:
        head = lane[0]
        rest = self._rests.setdefault(head.endpoint, _Rest())
        if rest.until > self._wall():
            head.due_at = rest.until + random.uniform(0, self._pace.base_s)  # noqa: S311 - only spreads the load
            self._wait(head)
            return
        outcome = await self._attempt(head, rest)
        if outcome != "pending":
            lane.popleft()
        self._save(head, outcome)
        if lane:
            self._wait(lane[0])
        else:
            del self._lanes[head.lane]

    async def _attempt(self, head: _Delivery, rest: _Rest) -> str:
        """Send once and return the delivery's new state."""
        endpoint = self._endpoints.get(head.endpoint)
        if endpoint is None:
            return "failed"
        head.tries += 1
        try:
            status = await self._post(endpoint, head.event_seq)
        except SendFailed as error:
            _LOG.debug("webhook to %s failed: %s", endpoint.url, error)
            if not error.connected:
                rest.failures += 1
                rest.until = self._wall() + self._backoff_s(rest.failures)
        else:
            rest.failures = 0
            if status in _OK:
                return "delivered"
            _LOG.info("webhook to %s was answered %s", endpoint.url, status)
        if head.tries >= self._pace.tries:
            _LOG.warning("webhook delivery %s is given up after %s tries", head.id, head.tries)
            return "failed"
        head.due_at = self._wall() + self._backoff_s(head.tries)
        return "pending"

    async def _post(self, endpoint: Endpoint, event_seq: int) -> int:
        rows = self._store.read("SELECT id, type, body FROM events WHERE seq = ?", (event_seq,))
        id_, type_, body = rows[0]
        fault = self._fault(endpoint, type_, ("webhook_corrupt",))
        how = fault.how if fault else ""
        at = int(self._wall()) - (_STALE_S if how == "stale" else 0)
        headers = endpoint.sign(id_, body, at)
        if how == "body":
            body = _tamper(body)
        if how == "signature":
            headers = {name: _blur(name, value) for name, value in headers.items()}
        headers["Content-Type"] = "application/json; charset=utf-8"
        return await self._client.post(url=endpoint.url, headers=headers, body=body)

    def _save(self, delivery: _Delivery, state: str) -> None:
        self._store.write(
            "UPDATE deliveries SET state = ?, tries = ?, due_at = ? WHERE id = ?",
            (state, delivery.tries, delivery.due_at, delivery.id),
        )

    def _backoff_s(self, tries: int) -> float:
        longest = min(self._pace.cap_s, self._pace.base_s * 2 ** min(tries - 1, 30))
        return random.uniform(longest / 2, longest)  # noqa: S311 - jitter, not a secret


def _tamper(body: bytes) -> bytes:
    """Change the last digit of a signed body: still JSON, no longer what was signed."""
    for place in range(len(body) - 1, -1, -1):
        if body[place : place + 1].isdigit():
            digit = b"%d" % ((body[place] - ord("0") + 1) % 10)
            return body[:place] + digit + body[place + 1 :]
    return body + b" "


def _blur(name: str, value: str) -> str:
    """Change the first character of every signature in a header that holds some."""
    if not name.lower().endswith("signature"):
        return value
    return _SIGNATURE.sub(lambda found: found[1] + ("1" if found[2] == "0" else "0"), value)
