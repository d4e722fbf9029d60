"""Starts live servers for tests, and pokes them as the relay does."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from uuid import UUID

from asgiref.sync import async_to_sync
from channels.layers import get_channel_layer
from django.db import transaction

from core.kernel.ids import uuid7
from core.outbox import streams
from core.outbox.models import StreamHead, StreamRow
from core.realtime import pokes, tickets
from diboas.runner.live_client import LiveClient

OPTIONS = ["--ws", "websockets-sansio", "--ws-max-size", "65536", "--ws-per-message-deflate", "false"]


class LiveServer:
    """One live process on a port of its own."""

    def __init__(self, *, port: int, process: subprocess.Popen[bytes]) -> None:
        self.port = port
        self.process = process
        self.url = f"ws://127.0.0.1:{port}/ws/v1/stream/"

    def client(self, customer_id: UUID, *, ping_s: float = 15) -> LiveClient:
        """Open a socket of this customer with a fresh ticket."""
        return LiveClient(url=self.url, ticket=tickets.issue(customer_id=customer_id).secret, ping_s=ping_s)


@contextmanager
def running(*, database_url: str, redis_url: str = "", **live: float) -> Iterator[LiveServer]:
    """Run a live server on this database; keyword arguments are ``settings.LIVE``."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    env = {**os.environ, "DATABASE_URL": database_url, "TEST_LIVE": json.dumps(live)}
    if redis_url:
        env["TEST_REDIS"] = redis_url
    command = [sys.executable, "-m", "uvicorn", "tests.core.realtime.live_app:application", "--port", str(port)]
    process = subprocess.Popen([*command, *OPTIONS, "--log-level", "warning", "--lifespan", "off"], env=env)
    try:
        _wait(port, process)
        yield LiveServer(port=port, process=process)
    finally:
        process.terminate()
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait(10)


def _wait(port: int, process: subprocess.Popen[bytes]) -> None:
    for _ in range(1800):
        assert process.poll() is None, "the live server died at its start"
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.05)
    raise TimeoutError("the live server does not listen")


def append(customer_id: UUID, *, channel: str = "test", count: int = 1, **data: object) -> None:
    """Append rows to a stream and commit; nobody is poked."""
    entry = streams.StreamEntry(customer_id=customer_id, channel=channel, type="test.news", data=data)
    with transaction.atomic():
        streams.append(rows=[entry] * count)


def poke(customer_id: UUID, *, channel: str = "test") -> None:
    """Poke the customer's sockets, as the relay does."""

    async def send() -> None:
        layer = get_channel_layer()
        assert layer is not None
        await layer.group_send(
            pokes.group(customer_id), {"type": "poke", "customer": customer_id.hex, "channels": [channel]}
        )

    async_to_sync(send)()


def renumber(customer_id: UUID, *, channel: str = "test") -> None:
    """Let the numbering start anew, as a restored backup would."""
    with transaction.atomic():
        StreamHead.objects.filter(customer_id=customer_id, channel=channel).update(epoch=uuid7(), seq=0)
        StreamRow.objects.filter(customer_id=customer_id, channel=channel).delete()
