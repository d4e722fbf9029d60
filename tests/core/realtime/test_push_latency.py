"""How long a committed row takes to many clients (LIVE_CLIENTS), at a hundred a second. Printed, never judged."""

from __future__ import annotations

import asyncio
import json
import os
import random
import time
from typing import Any
from uuid import UUID

import pytest
import redis
from channels.layers import get_channel_layer
from django.conf import settings
from django.db import connection
from websockets.asyncio.client import connect
from websockets.typing import Subprotocol

from core.kernel import ids
from core.realtime import pokes, tickets
from tests.core.realtime import server
from tests.core.realtime.server import LiveServer

CLIENTS = int(os.environ.get("LIVE_CLIENTS", "100"))
MESSAGES = 300
PER_S = 100


@pytest.mark.parametrize("by", ["poke", "relay"])
def test_push_latency(live: LiveServer, request: pytest.FixtureRequest, by: str) -> None:
    if by == "relay":
        request.getfixturevalue("relay")
    customers = [ids.uuid7() for _ in range(CLIENTS)]
    secrets = [tickets.issue(customer_id=customer_id).secret for customer_id in customers]
    taken_ms, seqs = asyncio.run(_listen_and_write(live.url, customers, secrets, by))

    taken_ms.sort()
    p50, p99 = taken_ms[len(taken_ms) // 2], taken_ms[int(len(taken_ms) * 0.99)]
    print(  # noqa: T201 - the measurement is for people
        f"\npush by {by} to {CLIENTS} clients at {PER_S}/s: p50 {p50:.1f} ms, p99 {p99:.1f} ms"
    )
    assert len(taken_ms) == MESSAGES
    assert all(got == list(range(1, len(got) + 1)) for got in seqs)


Got = tuple[list[float], list[list[int]]]


class Crowd:
    """Many clients on one event loop, and what they got."""

    def __init__(self, url: str, size: int) -> None:
        self.url = url
        self.taken_ms: list[float] = []
        self.seqs: list[list[int]] = [[] for _ in range(size)]
        self.ready = asyncio.Semaphore(0)

    async def client(self, number: int, secret: str) -> None:
        protocols = [Subprotocol("diboas.v1"), Subprotocol(f"ticket.{secret}")]
        async with connect(self.url, subprotocols=protocols, compression=None) as socket:
            await socket.send(json.dumps({"op": "subscribe", "channel": "test"}))
            async for text in socket:
                self.take(number, json.loads(text))

    def take(self, number: int, frame: dict[str, Any]) -> None:
        if frame["type"] == "snapshot":
            self.ready.release()
        elif frame["type"] == "event":
            self.taken_ms.append((time.monotonic() - frame["data"]["at"]) * 1000)
            self.seqs[number].append(frame["seq"])


async def _listen_and_write(url: str, customers: list[UUID], secrets: list[str], by: str) -> Got:
    crowd = Crowd(url, len(customers))
    tasks = [asyncio.create_task(crowd.client(number, secret)) for number, secret in enumerate(secrets)]
    for _ in customers:
        await asyncio.wait_for(crowd.ready.acquire(), 60)
    await asyncio.sleep(0.5)
    await asyncio.to_thread(_write, customers, by)
    for _ in range(100):
        if len(crowd.taken_ms) >= MESSAGES:
            break
        await asyncio.sleep(0.05)
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
    return crowd.taken_ms, crowd.seqs


def _write(customers: list[UUID], by: str) -> None:
    layer = get_channel_layer()
    assert layer is not None
    rng = random.Random(7)  # noqa: S311 - no secret
    start = time.monotonic()
    with redis.Redis.from_url(settings.REDIS_CHANNELS_URL) as connected:
        for number in range(MESSAGES):
            time.sleep(max(0.0, start + number / PER_S - time.monotonic()))
            customer_id = rng.choice(customers)
            server.append(customer_id, at=time.monotonic())
            if by == "relay":
                continue
            group = f"{settings.CHANNEL_LAYERS['default']['CONFIG']['prefix']}__group__{pokes.group(customer_id)}"
            message = {"type": "poke", "customer": customer_id.hex, "channels": ["test"]}
            connected.publish(group, layer.serialize(message))  # type: ignore[attr-defined]  # the pub/sub layer has it
    connection.close()
