"""The way of every provider call: open, faults before, key, execute, commit, faults after, answer.

A transport fault hits any call of its operation, replays included, as a bad line would. What is answered to a key is
decided once and remembered; a fault on the way back does not change it.
"""

from __future__ import annotations

import asyncio
import logging

from sandbox.engine.provider import Call, Provider, Refused
from sandbox.engine.values import Answer, Request
from sandbox.engine.world import World
from sandbox.faults.faults import Occasion
from sandbox.faults.scripts import TRANSPORT, Script

_LOG = logging.getLogger(__name__)
_GARBAGE = b'<html><head><title>502 Bad Gateway</title></head><body>\x00\xff\xfe{"id": </body>'


class Cut(Exception):
    """The connection must end without an answer: reset at once, or closed after ``hold_s``."""

    def __init__(self, *, hold_s: float, reset: bool) -> None:
        self.hold_s = hold_s
        self.reset = reset
        super().__init__("reset" if reset else f"silent for {hold_s} s")


class Pipeline:
    """Serves the calls of all providers."""

    def __init__(self, *, world: World) -> None:
        self._world = world

    async def serve(self, provider: Provider, request: Request) -> Answer:
        """Return the answer to one call.

        Raises: Cut when a fault wants the connection to end without one.
        """
        try:
            call = provider.open(request)
        except Refused as refused:
            return refused.answer
        happening = self._transport_faults(provider, call)
        early = _before(provider, call, happening)
        if early is not None:
            return early
        answer = await self._execute(provider, call, happening)
        await self._world.store.durable()
        return await _after(happening, answer)

    def _transport_faults(self, provider: Provider, call: Call) -> list[Script]:
        picked = self._world.faults.pick(
            Occasion(
                provider=provider.code,
                operation=call.operation,
                kinds=TRANSPORT,
                amount=call.amount,
                key=call.key,
                references=call.references,
            )
        )
        if call.magic is not None and call.magic.fault in TRANSPORT and self._is_first(provider, call):
            picked.append(call.magic)
        return picked

    def _is_first(self, provider: Provider, call: Call) -> bool:
        """Say whether this key was not answered yet: magic disturbs a call once, so that a retry can find out."""
        return not call.key or self._world.keys.find(provider=provider.code, key=call.key) is None

    async def _execute(self, provider: Provider, call: Call, happening: list[Script]) -> Answer:
        mark = (provider.code, call.key)
        busy = self._world.keys.busy
        if call.key and mark in busy:
            return provider.in_progress(call)
        if call.key:
            busy.add(mark)
        try:
            await _sleep(happening, when="before")
            answer = self._run(provider, call, happening)
            await self._world.store.durable()
            return answer
        except Refused as refused:
            return refused.answer
        except Exception:  # noqa: BLE001 - a defect of ours answers 500 as the provider would
            _LOG.exception("%s %s failed", call.request.method, call.request.path)
            return provider.failure(status=500, call=call)
        finally:
            busy.discard(mark)

    def _run(self, provider: Provider, call: Call, happening: list[Script]) -> Answer:
        replayed = provider.replay(call) if call.key else None
        if replayed is not None:
            return replayed
        stored = next((one for one in happening if one.fault == "error" and one.when in ("during", "after")), None)
        with self._world.store.change():
            if stored is None:
                return provider.run(call)
            if stored.when == "after":
                provider.run(call)
            return provider.broken(call, status=stored.status)


def _before(provider: Provider, call: Call, happening: list[Script]) -> Answer | None:
    """Return the answer of a call that is never reached, or None.

    Raises: Cut.
    """
    for script in happening:
        if script.fault == "rate_limit":
            return provider.rate_limited(retry_after_s=script.retry_after_s, call=call)
        if script.fault == "error" and script.when == "before":
            return provider.failure(status=script.status, call=call)
        if script.fault == "garbage" and script.when == "before":
            return _garbage()
        if script.fault == "timeout_before":
            raise Cut(hold_s=script.delay_ms / 1000, reset=False)
        if script.fault == "reset_before":
            raise Cut(hold_s=0, reset=True)
    return None


async def _after(happening: list[Script], answer: Answer) -> Answer:
    """Return the answer as it arrives.

    Raises: Cut.
    """
    await _sleep(happening, when="after")
    for script in happening:
        if script.fault == "garbage":
            return _garbage()
        if script.fault == "timeout_after":
            raise Cut(hold_s=script.delay_ms / 1000, reset=False)
        if script.fault == "reset_after":
            raise Cut(hold_s=0, reset=True)
    return answer


async def _sleep(happening: list[Script], *, when: str) -> None:
    for script in happening:
        if script.fault == "latency" and script.when == when:
            await asyncio.sleep(script.delay_ms / 1000)


def _garbage() -> Answer:
    return Answer(status=200, body=_GARBAGE, content_type=b"text/html")
