"""The staff socket, ``/ws/v1/ops/``: tells an open control tower that its numbers have changed; it then fetches them.

No money and no names travel here, only "something changed", so the page shows nothing that its own request would not.
"""

from __future__ import annotations

import asyncio
import json
from uuid import UUID

from asgiref.typing import ASGIReceiveCallable, ASGISendCallable, WebSocketScope
from django.db import Error as DatabaseError
from django.db import connection

from core.kernel import clock
from core.realtime import hub, staff
from core.realtime.limits import LiveLimits
from core.realtime.wire.closing import CloseCode

SUBPROTOCOL = "diboas.v1"
_NEWEST = "SELECT id FROM outbox_streamrow ORDER BY id DESC LIMIT 1"


async def tower(scope: WebSocketScope, receive: ASGIReceiveCallable, send: ASGISendCallable) -> None:
    """Serve one console page until either side closes it."""
    if (await receive())["type"] != "websocket.connect":
        return
    chosen = SUBPROTOCOL if SUBPROTOCOL in scope["subprotocols"] else None
    await send({"type": "websocket.accept", "subprotocol": chosen, "headers": []})
    if not staff.is_own_origin(scope["headers"]):
        await _close(send, CloseCode.FORBIDDEN, "origin")
        return
    if await hub.in_thread(staff.find, scope["headers"]) is None:
        await _close(send, CloseCode.AUTHENTICATION, "sign_in")
        return
    work = [asyncio.create_task(part) for part in (_watch(scope, send), _wait_for_end(receive))]
    try:
        await asyncio.wait(work, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in work:
            task.cancel()
        await asyncio.gather(*work, return_exceptions=True)


async def _watch(scope: WebSocketScope, send: ASGISendCallable) -> None:
    """Say each time that something changed, at most once a tick; a session that ended closes the socket."""
    limits = LiveLimits.from_settings()
    seq, seen, checks = 0, await _newest(None), 0
    await _send(send, {"type": "welcome", "heartbeat_s": limits.heartbeat_s})
    while True:
        await asyncio.sleep(limits.ops_s)
        checks += 1
        newest = await _newest(seen)
        if newest != seen:
            seen, seq = newest, seq + 1
            await _send(send, {"type": "event", "channel": "ops", "seq": seq, "data": {"type": "ops.changed"}})
        if checks * limits.ops_s >= limits.heartbeat_s:
            checks = 0
            if await hub.in_thread(staff.find, scope["headers"]) is None:
                await _close(send, CloseCode.AUTHENTICATION, "sign_in")
                return
            await _send(send, {"type": "heartbeat", "heads": {"ops": {"seq": seq}}})


async def _newest(otherwise: UUID | None) -> UUID | None:
    try:
        return await hub.in_thread(_read_newest)
    except DatabaseError:
        return otherwise


def _read_newest() -> UUID | None:
    with connection.cursor() as cursor:
        cursor.execute(_NEWEST)
        found = cursor.fetchone()
    return found[0] if found else None


async def _wait_for_end(receive: ASGIReceiveCallable) -> None:
    while (await receive())["type"] != "websocket.disconnect":
        pass


async def _send(send: ASGISendCallable, frame: dict[str, object]) -> None:
    text = json.dumps({"v": 1, "at": clock.rfc3339(clock.SYSTEM.now()), **frame})
    await send({"type": "websocket.send", "bytes": None, "text": text})


async def _close(send: ASGISendCallable, code: CloseCode, reason: str) -> None:
    await send({"type": "websocket.close", "code": code.value, "reason": reason})
