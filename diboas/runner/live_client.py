"""A small WebSocket client of the live feed, for the demo and for tests. It keeps every frame and pings on its own."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable
from contextlib import ExitStack
from typing import Any, Self

from websockets.exceptions import ConnectionClosed
from websockets.sync.client import ClientConnection, connect
from websockets.typing import Subprotocol

Frame = dict[str, Any]
PING_S = 15.0


class LiveClient:
    """One socket. ``frames`` is all that came; a thread reads, so waiting never misses a frame."""

    def __init__(self, *, url: str, ticket: str, ping_s: float = PING_S) -> None:
        """Open the socket. ``url`` and ``ticket`` are the answer of POST /ws-tickets."""
        self.frames: list[Frame] = []
        self.arrivals: list[float] = []
        self.close_code: int | None = None
        self._news = threading.Condition()
        self._ping_s = ping_s
        offered = [Subprotocol("diboas.v1"), Subprotocol(f"ticket.{ticket}")]
        self._stack = ExitStack()  # the library wants its sockets opened by ``with``
        self._socket: ClientConnection = self._stack.enter_context(
            connect(url, subprotocols=offered, compression=None, open_timeout=10)
        )
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc: object) -> None:
        self.close()

    def send(self, **body: object) -> None:
        """Send one frame, such as ``op="ping"``."""
        self._socket.send(json.dumps(body))

    def subscribe(self, channel: str, *, resume: Frame | None = None, timeout_s: float = 10) -> Frame:
        """Follow a channel; returns the ``subscribed`` frame. ``resume`` is an older client's ``position(channel)``."""
        start = len(self.frames)
        self.send(op="subscribe", req_id=channel, channel=channel, resume=resume)
        return self.wait_for(
            lambda f: f["type"] == "subscribed" and f["channel"] == channel, start=start, timeout_s=timeout_s
        )

    def wait_for(self, found: Callable[[Frame], bool], *, start: int = 0, timeout_s: float = 10) -> Frame:
        """Return the first frame from ``start`` on that fits; raise TimeoutError with what came instead."""
        deadline = time.monotonic() + timeout_s
        with self._news:
            while True:
                for frame in self.frames[start:]:
                    if found(frame):
                        return frame
                start = len(self.frames)
                left = deadline - time.monotonic()
                if left <= 0 or self.close_code is not None:
                    raise TimeoutError(f"close {self.close_code}; {len(self.frames)} frames, last {self.frames[-3:]}")
                self._news.wait(left)

    def events(self, channel: str) -> list[Frame]:
        """Return the events of a channel so far."""
        with self._news:
            return [f for f in self.frames if f["type"] == "event" and f["channel"] == channel]

    def position(self, channel: str) -> Frame | None:
        """Return ``{"epoch", "seq"}`` of the last frame that carried a number, to resume from."""
        with self._news:
            numbered = [f for f in self.frames if f.get("channel") == channel and "seq" in f]
        return {"epoch": numbered[-1]["epoch"], "seq": numbered[-1]["seq"]} if numbered else None

    def wait_closed(self, *, timeout_s: float = 10) -> int | None:
        """Wait until the server closed the socket and return its code."""
        self._reader.join(timeout_s)
        return self.close_code

    def close(self) -> None:
        """Close the socket."""
        self._stack.close()
        self._reader.join(5)

    def _read(self) -> None:
        next_ping = time.monotonic() + self._ping_s
        while True:
            try:
                text = self._socket.recv(timeout=max(0.01, next_ping - time.monotonic()))
            except TimeoutError:
                next_ping = time.monotonic() + self._ping_s
                self._try_ping()
                continue
            except ConnectionClosed as closed:
                with self._news:
                    self.close_code = closed.rcvd.code if closed.rcvd else 1006
                    self._news.notify_all()
                return
            with self._news:
                self.frames.append(json.loads(text))
                self.arrivals.append(time.monotonic())
                self._news.notify_all()

    def _try_ping(self) -> None:
        try:
            self.send(op="ping")
        except ConnectionClosed:
            return
