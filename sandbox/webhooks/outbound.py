"""A small HTTP/1.1 client for webhooks: keep-alive, one request at a time per connection, nothing else.

A general client costs about a millisecond of CPU per request, which would be felt in the throughput of what is tested.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Mapping
from typing import cast
from urllib.parse import urlsplit

import httptools

_IDLE_KEPT = 16


class SendFailed(Exception):
    """No usable response: not connected, cut off, too late, or not HTTP."""

    def __init__(self, reason: str, *, connected: bool) -> None:
        self.connected = connected
        super().__init__(reason)


class _Connection(asyncio.Protocol):
    """One connection; ``answer`` is resolved with the status of the response to the request in flight."""

    def __init__(self) -> None:
        self.transport: asyncio.Transport | None = None
        self.answer: asyncio.Future[int] | None = None
        self.reusable = False
        self._parser = httptools.HttpResponseParser(self)

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        # uvloop's transports have the methods without the ancestry.
        self.transport = cast("asyncio.Transport", transport)

    def send(self, request: bytes) -> asyncio.Future[int]:
        assert self.transport is not None  # noqa: S101 - connected before use
        self._parser = httptools.HttpResponseParser(self)
        self.reusable = False
        self.answer = asyncio.get_running_loop().create_future()
        self.transport.write(request)
        return self.answer

    def data_received(self, data: bytes) -> None:
        try:
            self._parser.feed_data(data)
        except (httptools.HttpParserError, httptools.HttpParserUpgrade) as error:
            self._fail(SendFailed(f"not an HTTP response: {error}", connected=True))
            self.close()

    def on_message_complete(self) -> None:
        self.reusable = self._parser.should_keep_alive()
        if self.answer is not None and not self.answer.done():
            self.answer.set_result(self._parser.get_status_code())

    def connection_lost(self, exc: Exception | None) -> None:
        self.reusable = False
        self._fail(SendFailed(f"connection lost: {exc or 'closed by the receiver'}", connected=True))

    def close(self) -> None:
        if self.transport is not None:
            self.transport.abort()

    def alive(self) -> bool:
        return self.reusable and self.transport is not None and not self.transport.is_closing()

    def _fail(self, error: SendFailed) -> None:
        if self.answer is not None and not self.answer.done():
            self.answer.set_exception(error)


class Client:
    """Posts bodies to a few places, keeping connections open between posts."""

    def __init__(self, *, timeout_s: float) -> None:
        self._timeout_s = timeout_s
        self._idle: dict[tuple[str, str, int], list[_Connection]] = {}

    async def post(self, *, url: str, headers: Mapping[str, str], body: bytes) -> int:
        """Return the status of the response.

        Raises: SendFailed when there is none; ``connected`` tells whether somebody listened.
        """
        parts = urlsplit(url)
        place = (parts.scheme, parts.hostname or "", parts.port or (443 if parts.scheme == "https" else 80))
        target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        lines = [f"POST {target} HTTP/1.1", f"Host: {parts.netloc}", f"Content-Length: {len(body)}"]
        lines += [f"{name}: {value}" for name, value in headers.items()]
        request = "\r\n".join(lines).encode() + b"\r\n\r\n" + body
        try:
            return await asyncio.wait_for(self._exchange(place, request), self._timeout_s)
        except TimeoutError as error:
            raise SendFailed(f"no answer within {self._timeout_s} s", connected=True) from error

    def close(self) -> None:
        """Close every idle connection."""
        for connections in self._idle.values():
            for connection in connections:
                connection.close()
        self._idle.clear()

    async def _exchange(self, place: tuple[str, str, int], request: bytes) -> int:
        connection = self._reuse(place)
        if connection is not None:
            # An idle connection may have been closed at the other end meanwhile; a fresh one then tells the truth.
            with contextlib.suppress(SendFailed):
                return await self._send(place, connection, request)
        return await self._send(place, await self._connect(place), request)

    async def _send(self, place: tuple[str, str, int], connection: _Connection, request: bytes) -> int:
        try:
            status = await connection.send(request)
        except BaseException:
            connection.close()
            raise
        idle = self._idle.setdefault(place, [])
        if connection.alive() and len(idle) < _IDLE_KEPT:
            idle.append(connection)
        else:
            connection.close()
        return status

    def _reuse(self, place: tuple[str, str, int]) -> _Connection | None:
        idle = self._idle.get(place, [])
        while idle:
            connection = idle.pop()
            if connection.alive():
                return connection
        return None

    async def _connect(self, place: tuple[str, str, int]) -> _Connection:
        scheme, host, port = place
        try:
            _, connection = await asyncio.get_running_loop().create_connection(
                _Connection, host, port, ssl=True if scheme == "https" else None
            )
        except OSError as error:
            raise SendFailed(f"no connection: {error}", connected=False) from error
        return connection
