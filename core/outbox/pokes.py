"""Pokes over the channel layer: a customer's sockets look for news. A lost poke heals with the next heartbeat."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from channels.layers import get_channel_layer

from core.kernel import errors
from core.outbox.tail import News

_TIMEOUT_S = 1.0


class NotPoked(errors.ConnectionFault):
    """The channel layer did not take a poke."""

    default_code = "channel_layer_unavailable"


class Poker:
    """Sends from a program that is not asynchronous, over one event loop, so that the layer keeps its connection."""

    def __init__(self) -> None:
        self._loop = asyncio.new_event_loop()

    def poke(self, *, news: Sequence[News]) -> None:
        """Poke each customer's group ``stream.<hex>`` once.

        Raises: NotPoked when the layer fails or is silent.
        """
        try:
            self._loop.run_until_complete(asyncio.wait_for(self._send(news), _TIMEOUT_S))
        except Exception as fault:
            raise NotPoked(detail=f"{type(fault).__name__}: {fault}") from fault

    def close(self) -> None:
        """Close the loop; the layer closes its connections with it."""
        self._loop.close()

    async def _send(self, news: Sequence[News]) -> None:
        layer = get_channel_layer()
        if layer is None:
            return
        for one in news:
            customer, channels = one.customer_id.hex, list(one.channels)
            message = {"type": "poke", "customer": customer, "channel": channels[0], "channels": channels}
            await layer.group_send(f"stream.{customer}", message)
