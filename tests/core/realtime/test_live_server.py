"""The live server as a client sees it: real process, real sockets, real commits."""

from __future__ import annotations

import json
import time
from uuid import UUID

import pytest
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import ClientConnection, connect
from websockets.typing import Subprotocol

from core.kernel import ids
from core.realtime import tickets
from tests.core.realtime import server
from tests.core.realtime.server import LiveServer
from tests.databases import Clone


@pytest.fixture
def customer_id() -> UUID:
    return ids.uuid7()


def test_a_poked_event_arrives_with_its_number(live: LiveServer, customer_id: UUID) -> None:
    with live.client(customer_id) as client:
        welcome = client.wait_for(lambda f: f["type"] == "welcome")
        subscribed = client.subscribe("test")
        snapshot = client.wait_for(lambda f: f["type"] == "snapshot")
        server.append(customer_id, n=1)
        server.poke(customer_id)
        event = client.wait_for(lambda f: f["type"] == "event")

    assert "test" in welcome["channels"]
    assert "weather" not in welcome["channels"]
    assert (subscribed["mode"], subscribed["seq"], subscribed["epoch"]) == ("snapshot", 0, None)
    assert snapshot["data"] == [{"rows": 0, "params": {}}]
    assert (event["v"], event["channel"], event["seq"]) == (1, "test", 1)
    assert event["id"].startswith("evt_")
    assert event["data"] == {"type": "test.news", "n": 1}


def test_two_sockets_of_one_customer_get_the_same_and_strangers_nothing(live: LiveServer, customer_id: UUID) -> None:
    with live.client(customer_id) as one, live.client(customer_id) as two, live.client(ids.uuid7()) as stranger:
        for client in (one, two, stranger):
            client.subscribe("test")
        server.append(customer_id, count=3)
        server.poke(customer_id)
        for client in (one, two):
            client.wait_for(lambda f: f.get("seq") == 3)
        stranger.send(op="ping", req_id="p")
        heads = stranger.wait_for(lambda f: f.get("req_id") == "p")["heads"]

        assert [e["seq"] for e in one.events("test")] == [1, 2, 3]
        assert one.events("test") == two.events("test")
        assert (stranger.events("test"), heads) == ([], {"test": {"epoch": None, "seq": 0}})


def test_a_client_that_comes_back_misses_nothing(live: LiveServer, customer_id: UUID) -> None:
    with live.client(customer_id) as first:
        first.subscribe("test")
        server.append(customer_id, count=5)
        server.poke(customer_id)
        first.wait_for(lambda f: f.get("seq") == 5)
        position = first.position("test")
    server.append(customer_id, count=450)

    with live.client(customer_id) as second:
        subscribed = second.subscribe("test", resume=position)
        second.wait_for(lambda f: f.get("seq") == 455)

        assert (subscribed["mode"], subscribed["seq"]) == ("resumed", 5)
        assert [e["seq"] for e in second.events("test")] == list(range(6, 456))
        assert [f for f in second.frames if f["type"] == "snapshot"] == []


def test_an_unknown_epoch_gets_a_snapshot(live: LiveServer, customer_id: UUID) -> None:
    server.append(customer_id, count=4)

    with live.client(customer_id) as client:
        subscribed = client.subscribe("test", resume={"epoch": ids.uuid7().hex, "seq": 2})
        snapshot = client.wait_for(lambda f: f["type"] == "snapshot")

    assert (subscribed["mode"], subscribed["seq"]) == ("snapshot", 4)
    assert (snapshot["seq"], snapshot["data"][0]["rows"]) == (4, 4)


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


def test_a_lost_poke_heals_with_the_heartbeat(module_db: Clone, customer_id: UUID) -> None:
    with (
        server.running(database_url=module_db.url, HEARTBEAT_S=1.0, TICK_S=0.1) as live,
        live.client(customer_id) as client,
    ):
        client.subscribe("test")
        server.append(customer_id, count=2)
        heartbeat = client.wait_for(lambda f: f["type"] == "heartbeat" and f["heads"].get("test", {}).get("seq") == 2)

        assert [e["seq"] for e in client.events("test")] == [1, 2]
        assert heartbeat["heads"]["test"]["epoch"] == client.events("test")[0]["epoch"]
        assert client.frames.index(client.events("test")[1]) < client.frames.index(heartbeat)


def test_without_redis_the_feed_goes_on_by_heartbeats(module_db: Clone, customer_id: UUID) -> None:
    nowhere = "redis://127.0.0.1:1/0"
    with (
        server.running(database_url=module_db.url, redis_url=nowhere, HEARTBEAT_S=0.5, TICK_S=0.1) as live,
        live.client(customer_id) as client,
    ):
        client.subscribe("test")
        for _ in range(3):
            server.append(customer_id)
            time.sleep(0.2)
        client.wait_for(lambda f: f["type"] == "event" and f["seq"] == 3)

        assert [e["seq"] for e in client.events("test")] == [1, 2, 3]


def test_a_stream_that_starts_anew_asks_for_a_resync(live: LiveServer, customer_id: UUID) -> None:
    server.append(customer_id, count=3)
    with live.client(customer_id) as client:
        client.subscribe("test")
        server.renumber(customer_id)
        server.poke(customer_id)
        resync = client.wait_for(lambda f: f["type"] == "resync_required")
        again = client.subscribe("test")

    assert (resync["channel"], resync["reason"]) == ("test", "history_gone")
    assert (again["mode"], again["seq"]) == ("snapshot", 0)


def test_a_row_that_cannot_be_completed_harms_nobody_else(live: LiveServer, customer_id: UUID) -> None:
    ill = ids.uuid7()
    with live.client(ill) as poisoned, live.client(customer_id) as well:
        poisoned.subscribe("fragile")
        well.subscribe("fragile")
        server.append(ill, channel="fragile", poison=True)
        for number in range(1, 4):
            server.append(customer_id, channel="fragile")
            server.poke(ill, channel="fragile")
            server.poke(customer_id, channel="fragile")
            well.wait_for(lambda f, seq=number: f["type"] == "event" and f["seq"] == seq)

        assert [e["seq"] for e in well.events("fragile")] == [1, 2, 3]
        assert (poisoned.events("fragile"), poisoned.close_code) == ([], None)


def test_unsubscribed_channels_are_silent(live: LiveServer, customer_id: UUID) -> None:
    with live.client(customer_id) as client:
        client.subscribe("test")
        client.send(op="unsubscribe", req_id="u", channel="test")
        client.wait_for(lambda f: f["type"] == "unsubscribed" and f["req_id"] == "u")
        server.append(customer_id)
        server.poke(customer_id)
        client.send(op="ping", req_id="p")
        client.wait_for(lambda f: f.get("req_id") == "p")
        time.sleep(0.3)

        assert client.events("test") == []


def _drain(socket: ClientConnection) -> None:
    while True:
        socket.recv(10)


def _close_code(url: str, protocols: list[str], frames: list[str | bytes]) -> int | None:
    with connect(url, subprotocols=[Subprotocol(p) for p in protocols], compression=None) as socket:
        for frame in frames:
            socket.send(frame)
        with pytest.raises(ConnectionClosed):
            _drain(socket)
        return socket.close_code


@pytest.mark.parametrize(
    ("frames", "code"),
    [
        (["nonsense"], 4400),
        ([b"\x00\x01"], 4400),
        (['{"op":"publish"}'], 4400),
        (['{"op":"subscribe","channel":"weather"}'], 4404),
        (['{"op":"subscribe","channel":"choosy","params":{"a":1}}'], 4400),
        (['{"op":"subscribe","channel":"choosy"}'], 1013),
        (['{"op":"auth","ticket":"made-up"}'], 4401),
        (['{"op":"ping","filler":"' + "x" * 9000 + '"}'], 4413),
        (['{"op":"ping"}'] * 60, 4429),
    ],
)
def test_close_codes_after_a_frame(live: LiveServer, customer_id: UUID, frames: list[str | bytes], code: int) -> None:
    ticket = tickets.issue(customer_id=customer_id).secret

    assert _close_code(live.url, ["diboas.v1", f"ticket.{ticket}"], frames) == code


def test_close_codes_at_the_door(live: LiveServer, customer_id: UUID) -> None:
    ticket = f"ticket.{tickets.issue(customer_id=customer_id).secret}"
    with live.client(customer_id):
        used = ticket
        assert _close_code(live.url, [ticket, "other.v9"], []) == 4400
        assert _close_code(live.url, ["diboas.v1"], []) == 4401
        assert _close_code(live.url, ["diboas.v1", "ticket.made-up"], []) == 4401

    with connect(live.url, subprotocols=[Subprotocol("diboas.v1"), Subprotocol(used)]) as socket:
        assert json.loads(socket.recv(5))["type"] == "welcome"
        assert socket.subprotocol == "diboas.v1"
        assert _close_code(live.url, ["diboas.v1", used], []) == 4401


def test_the_eleventh_socket_is_one_too_many(live: LiveServer, customer_id: UUID) -> None:
    clients = [live.client(customer_id) for _ in range(10)]
    for client in clients:
        client.wait_for(lambda f: f["type"] == "welcome")

    with live.client(customer_id) as eleventh:
        code = eleventh.wait_closed()
    with live.client(ids.uuid7()) as other:
        other.wait_for(lambda f: f["type"] == "welcome")
    clients.pop().close()
    with live.client(customer_id) as again:
        again.wait_for(lambda f: f["type"] == "welcome")
    for client in clients:
        client.close()

    assert code == 4409


def test_who_does_not_subscribe_or_falls_silent_is_closed(module_db: Clone, customer_id: UUID) -> None:
    limits = {"SUBSCRIBE_S": 2.0, "SILENCE_S": 5.0, "TICK_S": 0.1}
    with (
        server.running(database_url=module_db.url, **limits) as live,
        live.client(customer_id, ping_s=0.2) as idle,
        live.client(customer_id) as silent,
        live.client(customer_id, ping_s=0.5) as lively,
    ):
        silent.subscribe("test")
        lively.subscribe("test")
        codes = idle.wait_closed(), silent.wait_closed()
        alive = lively.close_code

    assert (codes, alive) == ((4408, 4408), None)


def test_a_session_ends_unless_it_is_renewed(module_db: Clone, customer_id: UUID) -> None:
    limits = {"SESSION_S": 5.0, "WARN_S": 4.0, "TICK_S": 0.1}
    with (
        server.running(database_url=module_db.url, **limits) as live,
        live.client(customer_id) as kept,
        live.client(customer_id) as lapsed,
        live.client(customer_id) as thief,
    ):
        for client in (kept, lapsed, thief):
            client.subscribe("test")
            client.wait_for(lambda f: f["type"] == "auth_expiring")
        kept.send(op="auth", req_id="a", ticket=tickets.issue(customer_id=customer_id).secret)
        thief.send(op="auth", req_id="a", ticket=tickets.issue(customer_id=ids.uuid7()).secret)
        renewed = kept.wait_for(lambda f: f["type"] == "welcome" and f["req_id"] == "a")
        codes = lapsed.wait_closed(), thief.wait_closed()

        assert codes == (4401, 4401)
        assert kept.close_code is None
        assert renewed["auth_expires_at"] > kept.frames[0]["auth_expires_at"]


def test_a_client_that_does_not_read_is_closed_as_slow(module_db: Clone, customer_id: UUID) -> None:
    limits = {"STALL_S": 2.0, "TICK_S": 0.1, "QUEUE_FRAMES": 50}
    with server.running(database_url=module_db.url, **limits) as live:
        ticket = tickets.issue(customer_id=customer_id).secret
        protocols = [Subprotocol("diboas.v1"), Subprotocol(f"ticket.{ticket}")]
        with connect(live.url, subprotocols=protocols, max_size=None, compression=None) as socket:
            for number in range(39):
                socket.send(json.dumps({"op": "subscribe", "req_id": str(number), "channel": "bulk"}))
            time.sleep(3.5)
            with pytest.raises(ConnectionClosed):
                _drain(socket)

            assert socket.close_code == 4430
