"""The ASGI application: who answers which path, and what start and stop mean."""

from __future__ import annotations

import logging
from collections.abc import Callable

from sandbox.control.api import Control
from sandbox.control.index import Index
from sandbox.engine import server, world
from sandbox.engine.pipeline import Cut, Pipeline
from sandbox.engine.server import BodyTooLarge, Message, Receive, Scope, Send
from sandbox.engine.values import Answer, Request, json_answer
from sandbox.engine.world import World
from sandbox.increase.provider import IncreaseProvider
from sandbox.kraken import provider as kraken
from sandbox.kraken.control import KrakenControl
from sandbox.kraken.provider import KrakenProvider
from sandbox.settings import Settings
from sandbox.stripe import three_ds
from sandbox.stripe.provider import StripeProvider

_LOG = logging.getLogger(__name__)


class App:
    """Built once per process; opens its database when the server starts."""

    def __init__(self, *, settings: Settings) -> None:
        self._settings = settings
        self._running: _Running | None = None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request, or follow the server's life."""
        if scope["type"] == "lifespan":
            await self._live(receive, send)
            return
        assert self._running is not None  # noqa: S101 - requests come after the start
        try:
            request = await server.read(scope, receive)
        except BodyTooLarge:
            await server.answer(send, json_answer({"error": {"message": "The body is too large."}}, status=413))
            return
        try:
            given = await self._running.serve(request)
        except Cut as wanted:
            await server.hold(receive, seconds=wanted.hold_s)
            await server.cut(request, receive, reset=wanted.reset)
            return
        await server.answer(send, given)

    async def _live(self, receive: Receive, send: Send) -> None:
        await receive()
        try:
            self._running = _Running(world=world.build(self._settings))
            await self._running.start()
        except Exception as error:  # noqa: BLE001 - whatever it is, the server must be told
            _LOG.exception("the sandbox cannot start")
            await send({"type": "lifespan.startup.failed", "message": str(error)})
            return
        await send({"type": "lifespan.startup.complete"})
        await receive()
        await self._running.stop()
        done: Message = {"type": "lifespan.shutdown.complete"}
        await send(done)


class _Running:
    """The providers and controls on one open world."""

    def __init__(self, *, world: World) -> None:
        self._world = world
        self._pipeline = Pipeline(world=world)
        self._stripe = StripeProvider(world=world)
        self._increase = IncreaseProvider(world=world)
        self._kraken = KrakenProvider(world=world)
        more = KrakenControl(kraken=self._kraken).handlers()
        self._control = Control(world=world, stripe=self._stripe, increase=self._increase, more=more)
        self._index = Index(world=world)

    async def start(self) -> None:
        await self._world.store.durable()
        self._world.timers.start()
        self._world.deliveries.start()
        self._kraken.house.start()

    async def stop(self) -> None:
        self._world.timers.stop()
        self._kraken.house.stop()
        await self._world.deliveries.stop()
        self._world.store.close()

    async def serve(self, request: Request) -> Answer:
        if request.path.startswith("/v1/"):
            return await self._pipeline.serve(self._stripe, request)
        if request.path.startswith(kraken.PREFIX):
            return await self._pipeline.serve(self._kraken, request)
        if request.path.startswith("/_control/"):
            return await self._local(self._control.serve, request)
        if request.path.startswith(three_ds.PREFIX):
            return await self._local(self._stripe.three_ds.serve, request)
        if request.path == "/":
            return self._index.serve(request)
        return await self._pipeline.serve(self._increase, request)

    async def _local(self, handler: Callable[[Request], Answer], request: Request) -> Answer:
        with self._world.store.change():
            given = handler(request)
        await self._world.store.durable()
        return given
