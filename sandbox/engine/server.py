"""The HTTP server: uvicorn, with its connection handed to the application so that a fault can cut it."""

from __future__ import annotations

import asyncio
import socket
import struct
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

import uvicorn
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from sandbox.engine.values import Answer, Request

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]

_TRANSPORT = "sandbox.transport"
_LARGEST_BODY = 1_000_000
_KEEP_ALIVE_S = 75
_STOP_S = 3


class BodyTooLarge(Exception):
    """The request is larger than anything that belongs here."""


class Protocol(HttpToolsProtocol):
    """uvicorn's own protocol, plus the transport in the scope."""

    def on_message_begin(self) -> None:
        super().on_message_begin()
        self.scope["extensions"] = {_TRANSPORT: {"transport": self.transport}}


def server(app: Callable[[Scope, Receive, Send], Awaitable[None]], *, host: str, port: int) -> uvicorn.Server:
    """Return the server for an application."""
    config = uvicorn.Config(
        app,
        host=host,
        port=port,
        http=Protocol,
        ws="none",
        lifespan="on",
        access_log=False,
        proxy_headers=False,
        log_config=None,
        server_header=False,
        date_header=False,
        timeout_keep_alive=_KEEP_ALIVE_S,
        timeout_graceful_shutdown=_STOP_S,
        backlog=2048,
    )
    return uvicorn.Server(config)


async def read(scope: Scope, receive: Receive) -> Request:
    """Return the request, its body read to the end.

    Raises: BodyTooLarge.
    """
    message = await receive()
    body: bytes = message.get("body", b"")
    while message.get("more_body"):
        message = await receive()
        body += message.get("body", b"")
        if len(body) > _LARGEST_BODY:
            raise BodyTooLarge
    return Request(
        method=scope["method"],
        path=scope["path"],
        query=scope["query_string"].decode("latin-1"),
        headers={name.decode("latin-1"): value.decode("latin-1") for name, value in scope["headers"]},
        body=body,
        transport=scope.get("extensions", {}).get(_TRANSPORT, {}).get("transport"),
    )


async def answer(send: Send, given: Answer) -> None:
    """Send an answer."""
    headers = [
        (b"content-type", given.content_type),
        (b"content-length", str(len(given.body)).encode()),
        *given.headers,
    ]
    await send({"type": "http.response.start", "status": given.status, "headers": headers})
    await send({"type": "http.response.body", "body": given.body})


async def hold(receive: Receive, *, seconds: float) -> None:
    """Say nothing for a while, or until the other side has had enough."""
    try:
        async with asyncio.timeout(seconds):
            while (await receive())["type"] != "http.disconnect":
                pass
    except TimeoutError:
        return


async def cut(request: Request, receive: Receive, *, reset: bool) -> None:
    """End the connection without an answer, by a reset or by an ordinary close."""
    transport = request.transport
    if transport is None:
        return
    if reset:
        connection = transport.get_extra_info("socket")
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        transport.abort()
    else:
        transport.close()
    await hold(receive, seconds=1)
