"""The whole way: a commit, the relay's look, the poke through Redis, the hub's read, the socket."""

from __future__ import annotations

import subprocess
import time
from uuid import UUID

from core.kernel import ids
from tests.core.realtime import server
from tests.core.realtime.server import LiveServer

MESSAGES = 100


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
