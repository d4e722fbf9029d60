"""The customers' socket, ``/ws/v1/stream/``: a plain ASGI application.

Not one of channels' consumers on purpose: those subscribe every socket to the layer by itself and hop through a thread
for every frame, while the hub hears and reads for all sockets at once.

A socket that is refused is accepted first and then closed with its code, because a browser sees no code otherwise.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import timedelta
from uuid import UUID

from asgiref.typing import (
    ASGIReceiveCallable,
    ASGISendCallable,
    WebSocketAcceptEvent,
    WebSocketCloseEvent,
    WebSocketReceiveEvent,
    WebSocketScope,
    WebSocketSendEvent,
)

from core.kernel import clock, errors
from core.outbox import snapshots
from core.realtime import feed, hub, tickets
from core.realtime.session import Session
from core.realtime.wire import frames, inbound
from core.realtime.wire.closing import CloseCode, Refusal

SUBPROTOCOL = "diboas.v1"
TICKET = "ticket."
_AWAY = Refusal(CloseCode.TRY_LATER, code="unavailable", detail="Not available for a moment. Come back.")


async def stream(scope: WebSocketScope, receive: ASGIReceiveCallable, send: ASGISendCallable) -> None:
    """Serve one customer's socket until it closes."""
    if (await receive())["type"] != "websocket.connect":
        return
    offered = list(scope["subprotocols"])
    await send(_accept(SUBPROTOCOL if SUBPROTOCOL in offered else None))
    socket = Socket(receive, send)
    try:
        customer_id = await _admit(offered)
    except Refusal as refusal:
        await socket.refuse(refusal)
    except hub.AWAY:
        await socket.refuse(_AWAY)
    else:
        await socket.serve(customer_id)


async def _admit(offered: Sequence[str]) -> UUID:
    """Return whose socket this is.

    Raises: Refusal.
    """
    if SUBPROTOCOL not in offered:
        raise Refusal(CloseCode.BAD_MESSAGE, code="subprotocol_required", detail=f"Ask for subprotocol {SUBPROTOCOL}.")
    secret = next((part.removeprefix(TICKET) for part in offered if part.startswith(TICKET)), "")
    return await _redeem(secret)


async def _redeem(secret: str) -> UUID:
    customer_id = await hub.in_thread(tickets.redeem, secret=secret) if secret else None
    if customer_id is None:
        raise Refusal(CloseCode.AUTHENTICATION, code="invalid_ticket", detail="The ticket is unknown, used or too old.")
    return customer_id


def _accept(subprotocol: str | None) -> WebSocketAcceptEvent:
    return {"type": "websocket.accept", "subprotocol": subprotocol, "headers": []}


class Socket:
    """The wire side of one socket: hands what comes in to session and hub, and sends what the session queues."""

    def __init__(self, receive: ASGIReceiveCallable, send: ASGISendCallable) -> None:
        self._receive = receive
        self._send = send
        self._hub = hub.current()

    async def refuse(self, refusal: Refusal) -> None:
        """Say why, and close."""
        await self._send_text(frames.error(code=refusal.code, detail=refusal.detail))
        await self._send_close(refusal.close.value, refusal.code)

    async def serve(self, customer_id: UUID) -> None:
        """Serve an admitted socket until either side closes it."""
        limits = self._hub.limits
        session = Session(
            customer_id=customer_id,
            limits=limits,
            now=self._hub.now,
            send_text=self._send_text,
            send_close=self._send_close,
        )
        if not self._hub.join(session):
            detail = f"At most {limits.max_sockets} sockets at a time."
            await self.refuse(Refusal(CloseCode.TOO_MANY_SOCKETS, code="too_many_sockets", detail=detail))
            return
        session.send(self._welcome(session))
        work = [asyncio.create_task(part) for part in (session.write(), session.lost.wait(), self._listen(session))]
        try:
            await asyncio.wait(work, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for task in work:
                task.cancel()
            await asyncio.gather(*work, return_exceptions=True)
            await self._hub.leave(session)

    async def _listen(self, session: Session) -> None:
        """Take frames until the client is gone, or one is refused: then the writer closes."""
        while True:
            message = await self._receive()
            if message["type"] == "websocket.disconnect":
                return
            if message["type"] != "websocket.receive" or session.is_closing:
                continue
            try:
                session.heard(now=self._hub.now)
                await self._act(session, inbound.parse(self._text(message)))
            except Refusal as refusal:
                session.refuse(refusal)
            except hub.AWAY:
                session.refuse(_AWAY)

    def _text(self, message: WebSocketReceiveEvent) -> str:
        text = message.get("text")
        if text is None:
            raise Refusal(CloseCode.BAD_MESSAGE, code="bad_message", detail="A frame is text.")
        if len(text) > self._hub.limits.max_frame_bytes or len(text.encode()) > self._hub.limits.max_frame_bytes:
            raise Refusal(
                CloseCode.TOO_LARGE,
                code="too_large",
                detail=f"At most {self._hub.limits.max_frame_bytes} bytes a frame.",
            )
        return text

    async def _act(self, session: Session, message: inbound.Message) -> None:
        match message:
            case inbound.Subscribe():
                await self._subscribe(session, message)
            case inbound.Unsubscribe():
                self._unsubscribe(session, message)
            case inbound.Ping():
                session.send(frames.heartbeat(at=clock.SYSTEM.now(), heads=session.heads, req_id=message.req_id))
            case inbound.Auth():
                await self._auth(session, message)

    async def _subscribe(self, session: Session, message: inbound.Subscribe) -> None:
        session.asked()
        if message.channel in session.subscriptions:
            self._hub.unfollow(session, session.subscriptions[message.channel])
        opening = await self._open(session.customer_id, message)
        self._send_opening(session, message, opening)
        is_public = snapshots.get(message.channel).is_public
        self._hub.follow(session, session.follow(channel=message.channel, opening=opening, is_public=is_public))

    async def _open(self, customer_id: UUID, message: inbound.Subscribe) -> feed.Opening:
        try:
            return await hub.in_thread(
                feed.open_stream,
                customer_id=customer_id,
                channel=message.channel,
                params=message.params,
                resume=message.resume,
                max_backlog=self._hub.limits.max_backlog,
            )
        except snapshots.UnknownChannel as error:
            raise Refusal(CloseCode.UNKNOWN_CHANNEL, code=error.code, detail=error.detail) from None
        except errors.DiboasError as error:
            raise Refusal(CloseCode.BAD_MESSAGE, code=error.code, detail=error.detail) from None

    def _send_opening(self, session: Session, message: inbound.Subscribe, opening: feed.Opening) -> None:
        mode = "resumed" if opening.snapshot is None else "snapshot"
        session.send(frames.subscribed(req_id=message.req_id, channel=message.channel, head=opening.head, mode=mode))
        if opening.snapshot is not None:
            at = clock.SYSTEM.now()
            session.send(frames.snapshot(channel=message.channel, head=opening.head, at=at, data=opening.snapshot))

    def _unsubscribe(self, session: Session, message: inbound.Unsubscribe) -> None:
        subscription = session.subscriptions.get(message.channel)
        if subscription is not None:
            self._hub.unfollow(session, subscription)
        session.send(frames.unsubscribed(req_id=message.req_id, channel=message.channel))

    async def _auth(self, session: Session, message: inbound.Auth) -> None:
        if await _redeem(message.ticket) != session.customer_id:
            raise Refusal(CloseCode.AUTHENTICATION, code="invalid_ticket", detail="That is somebody else's ticket.")
        session.renew(now=self._hub.now)
        session.send(self._welcome(session, req_id=message.req_id))

    def _welcome(self, session: Session, *, req_id: str | None = None) -> str:
        at = clock.SYSTEM.now()
        until = at + timedelta(seconds=session.auth_until - self._hub.now)
        channels = snapshots.channels()
        return frames.welcome(at=at, auth_until=until, channels=channels, limits=self._hub.limits, req_id=req_id)

    async def _send_text(self, text: str) -> None:
        event: WebSocketSendEvent = {"type": "websocket.send", "bytes": None, "text": text}
        await self._send(event)

    async def _send_close(self, code: int, reason: str) -> None:
        event: WebSocketCloseEvent = {"type": "websocket.close", "code": code, "reason": reason}
        await self._send(event)
