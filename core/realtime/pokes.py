"""Hears the pokes of the channel layer for one event loop: one layer channel, one group per stream owner.

A poke says only that a stream has changed. It may be lost, doubled or late; losing the layer itself costs nothing but
time, because heartbeats make the hub read anyway. So every failure here is logged and tried again, never raised.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Mapping
from uuid import UUID

from channels.layers import BaseChannelLayer, get_channel_layer

log = logging.getLogger(__name__)
_PAUSE_S = 1.0


def group(owner: UUID) -> str:
    """Return the layer's group in which this owner's streams are poked."""
    return f"stream.{owner.hex}"


def _layer() -> BaseChannelLayer:
    layer = get_channel_layer()
    if layer is None:
        raise LookupError("settings.CHANNEL_LAYERS has no default layer")
    return layer


class Pokes:
    """Calls ``heard(owner, channel)`` for every poke; channel is None when all of the owner's may have changed."""

    def __init__(self, heard: Callable[[UUID, str | None], None]) -> None:
        self._heard = heard
        self._wanted: set[UUID] = set()
        self._joined: set[UUID] = set()
        self._changed = asyncio.Event()

    def want(self, owner: UUID) -> None:
        """Hear this owner's pokes from now on."""
        self._wanted.add(owner)
        self._changed.set()

    def unwant(self, owner: UUID) -> None:
        """Hear this owner's pokes no more."""
        self._wanted.discard(owner)
        self._changed.set()

    def retry(self) -> None:
        """Try again what failed, if anything did."""
        if self._wanted != self._joined:
            self._changed.set()

    async def listen(self) -> None:
        """Hear pokes for ever."""
        while True:
            try:
                await self._listen()
            except Exception as error:  # noqa: BLE001  # whatever breaks a layer, the feed lives on by its heartbeats
                log.warning("live.layer_failed", extra={"error": repr(error)})
                await asyncio.sleep(_PAUSE_S)

    async def _listen(self) -> None:
        layer = _layer()
        name = await layer.new_channel()
        self._joined.clear()
        self._changed.set()
        groups = asyncio.create_task(self._keep_groups(layer, name))
        try:
            while True:
                self._take(await layer.receive(name))
        finally:
            groups.cancel()
            await asyncio.gather(groups, return_exceptions=True)

    def _take(self, message: Mapping[str, object]) -> None:
        """Note one poke: ``{"customer": <hex>, "channels": [...]}``; without channels all of them may have changed."""
        owner, channels = message.get("customer"), message.get("channels")
        if not isinstance(owner, str):
            return
        for channel in channels if isinstance(channels, list) else [None]:
            self._heard(UUID(owner), channel)

    async def _keep_groups(self, layer: BaseChannelLayer, name: str) -> None:
        while True:
            await self._changed.wait()
            self._changed.clear()
            try:
                for owner in self._wanted - self._joined:
                    await layer.group_add(group(owner), name)
                    self._joined.add(owner)
                    self._heard(owner, None)
                for owner in self._joined - self._wanted:
                    await layer.group_discard(group(owner), name)
                    self._joined.discard(owner)
            except Exception as error:  # noqa: BLE001  # the tick tries again
                log.warning("live.group_failed", extra={"error": repr(error)})
