"""The whole way: a commit, the relay's look, the poke through Redis, the hub's read, the socket."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from uuid import UUID

import pytest

from core.kernel import ids
from tests.core.realtime import server
from tests.core.realtime.server import LiveServer
from tests.databases import Clone

MESSAGES = 100


@pytest.fixture
def relay(module_db: Clone) -> Iterator[subprocess.Popen[bytes]]:
    process = subprocess.Popen(
        [sys.executable, "manage.py", "relay"],
        env={**os.environ, "DATABASE_URL": module_db.url, "DIBOAS_ROLE": "relay"},
        stdout=subprocess.PIPE,
    )
    try:
        assert process.stdout is not None
        assert b"running" in process.stdout.readline()
        yield process
    finally:
        process.terminate()
        process.communicate(timeout=10)


def _push(live: LiveServer, customer_id: UUID) -> list[float]:
    with live.client(customer_id) as client:
        client.subscribe("test")
        started = []
        for number in range(MESSAGES):
            started.append(time.monotonic())
            server.append(customer_id, n=number)
            time.sleep(0.02)
        client.wait_for(lambda f: f.get("seq") == MESSAGES, timeout_s=20)
        places = [place for place, frame in enumerate(client.frames) if frame["type"] == "event"]

        assert [client.frames[place]["seq"] for place in places] == list(range(1, MESSAGES + 1))
        return sorted((client.arrivals[place] - at) * 1000 for place, at in zip(places, started, strict=True))


def test_a_commit_reaches_the_socket_through_the_relay(live: LiveServer, relay: subprocess.Popen[bytes]) -> None:
    taken_ms = _push(live, ids.uuid7())

    p50, p99 = taken_ms[MESSAGES // 2], taken_ms[MESSAGES * 99 // 100]
    print(f"\ncommit to socket by the relay: p50 {p50:.1f} ms, p99 {p99:.1f} ms")  # noqa: T201 - for people
    assert relay.poll() is None


def test_one_poke_brings_everything_that_earlier_ones_should_have(live: LiveServer) -> None:
    customer_id = ids.uuid7()
    with live.client(customer_id) as client:
        client.subscribe("test")
        server.append(customer_id)
        server.poke(customer_id)
        client.wait_for(lambda f: f.get("seq") == 1 and f["type"] == "event")
        time.sleep(0.5)  # whatever was still being read for the first row has been read
        server.append(customer_id, count=3)
        time.sleep(0.3)
        before = len(client.events("test"))
        server.append(customer_id)
        server.poke(customer_id)
        client.wait_for(lambda f: f.get("seq") == 5)

        assert (before, [e["seq"] for e in client.events("test")]) == (1, [1, 2, 3, 4, 5])
