"""Outbound calls: what each failure means, and that nothing about the other side is trusted."""

import gzip
import socket
import threading
import time
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext

from core.providers import calls, contract, durable, fanout
from core.providers.models import ProviderCall
from core.providers.transport import http
from tests.core.providers import tls, wires

pytestmark = pytest.mark.django_db

LIMITS = http.Limits(connect_s=0.5, read_s=0.3, total_s=0.5, response_bytes=2000)
POST = http.Call.form(operation="charge", path="/v1/things", fields=[("amount", "1000")], key="op-1:stripe")
GET = http.Call(operation="status", method="GET", path="/v1/things/1", key="op-1:stripe")


def client(url: str, *, limits: http.Limits = LIMITS) -> http.Client:
    return http.Client(
        provider="acme",
        base_url=url,
        allowed_hosts=frozenset({"127.0.0.1", "acme.invalid"}),
        headers={"Authorization": "Bearer sk_test_verysecret"},
        limits=limits,
    )


def test_an_answer_is_read_exactly() -> None:
    with wires.serving(wires.answer(200, b'{"id":"x","rate":1.10}', headers="Request-Id: req_1\r\n")) as wire:
        answer = client(wire.url).send(POST)

    assert (answer.status, answer.doc.text("id"), answer.headers["request-id"]) == (200, "x", "req_1")
    assert answer.doc.fields["rate"] == Decimal("1.10")
    assert wire.requests[0].startswith(b"POST /v1/things HTTP/1.1\r\n")
    assert b"Idempotency-Key: op-1:stripe\r\n" in wire.requests[0]
    assert wire.requests[0].endswith(b"\r\n\r\namount=1000")


def test_a_compressed_and_chunked_answer_is_read() -> None:
    packed = gzip.compress(b'{"id":"packed"}')
    chunked = b"%x\r\n" % len(packed) + packed + b"\r\n0\r\n\r\n"
    head = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nContent-Encoding: gzip\r\n\r\n"
    with wires.serving(lambda peer, _: peer.sendall(head + chunked)) as wire:
        answer = client(wire.url).send(GET)

    assert answer.doc.text("id") == "packed"


def test_a_refused_connection_means_never_sent() -> None:
    with pytest.raises(contract.Unavailable) as caught:
        client(f"http://127.0.0.1:{wires.free_port()}").send(POST)

    assert type(caught.value) is contract.Unavailable
    assert ProviderCall.objects.get().outcome == "unavailable"


def test_an_unknown_name_means_never_sent(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object, **__: object) -> None:
        raise socket.gaierror(socket.EAI_NONAME, "no such name")

    monkeypatch.setattr(socket, "getaddrinfo", fail)

    with pytest.raises(contract.Unavailable):
        client("https://acme.invalid").send(POST)


def test_a_stranger_with_the_wrong_certificate_gets_nothing() -> None:
    # No TLS at all on the other side: the handshake fails. It is not provable in general that nothing was read.
    with wires.serving(wires.answer(200, {})) as wire:
        sender = client(wire.url.replace("http://", "https://"))
        with pytest.raises(contract.OutcomeUnknown):
            sender.send(POST)

    assert not any(b"verysecret" in request for request in wire.requests)


def test_a_certificate_that_nobody_vouches_for_means_never_sent(tmp_path: Path) -> None:
    serving = wires.serving(wires.answer(200, {}))
    with serving as wire, tls.before(wire, folder=tmp_path) as url, pytest.raises(contract.Unavailable) as caught:
        client(url).send(POST)

    assert type(caught.value) is contract.Unavailable
    assert wire.requests == []


def test_the_environment_cannot_lead_calls_elsewhere(monkeypatch: pytest.MonkeyPatch) -> None:
    with wires.serving(wires.answer(200, {})) as wire, wires.serving(wires.answer(200, {})) as elsewhere:
        for name in ("http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"):
            monkeypatch.setenv(name, elsewhere.url)
        client(wire.url).send(GET)

    assert (len(wire.requests), elsewhere.requests) == (1, [])


@pytest.mark.parametrize("value", ["two\r\nX-Admin: yes", "two\nlines", "\x00", "ünsent"])
def test_a_header_that_is_more_than_a_line_is_never_sent(value: str) -> None:
    call = http.Call(operation="charge", method="POST", path="/v1/things", headers={"Idempotency-Key": value})
    with wires.serving(wires.answer(200, {})) as wire, pytest.raises(contract.Unavailable) as caught:
        client(wire.url).send(call)

    assert type(caught.value) is contract.Unavailable
    assert wire.requests == []


@pytest.mark.parametrize(
    "behaviour",
    [
        pytest.param(wires.silence, id="silence"),
        pytest.param(wires.reset, id="reset"),
        pytest.param(wires.hang_up, id="hang up"),
        pytest.param(wires.answer(500, {"error": {}}), id="500"),
        pytest.param(wires.answer(503, {}), id="503"),
        pytest.param(wires.answer(408, {}), id="408"),
        pytest.param(wires.answer(302, {}, headers="Location: /elsewhere\r\n"), id="redirect"),
        pytest.param(wires.answer(200, b"<html>busy</html>"), id="not json"),
        pytest.param(wires.answer(200, b"[1,2]"), id="not an object"),
        pytest.param(wires.answer(200, b'{"id": NaN}'), id="nan"),
        pytest.param(wires.answer(200, b""), id="empty"),
        pytest.param(wires.answer(400, b"<html>proxy</html>"), id="400 of somebody between"),
        pytest.param(wires.answer(200, {"pad": "x" * 3000}), id="too large"),
    ],
)
def test_what_fails_after_sending_is_unknown_but_a_read_is_harmless(behaviour: wires.Behaviour) -> None:
    with wires.serving(behaviour) as wire:
        with pytest.raises(contract.OutcomeUnknown):
            client(wire.url).send(POST)
        with pytest.raises(contract.Unavailable) as caught:
            client(wire.url).send(GET)

    assert type(caught.value) is contract.Unavailable
    assert len(wire.requests) == 2  # nothing was sent twice, no redirect was followed
    assert [row.outcome for row in ProviderCall.objects.order_by("id")] == ["unknown", "unavailable"]


def test_a_body_that_drips_ends_at_the_total_time() -> None:
    def drip(peer: socket.socket, _request: bytes) -> None:
        peer.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n")
        for _ in range(100):
            peer.sendall(b" ")
            time.sleep(0.05)

    with wires.serving(drip) as wire:
        started = time.monotonic()
        with pytest.raises(contract.OutcomeUnknown):
            client(wire.url).send(POST)

    assert time.monotonic() - started < 1.5


@pytest.mark.parametrize(("header", "seconds"), [("7", 7.0), ("soon", 1.0), ("", 1.0), ("999999", 3600.0)])
def test_too_fast_says_when(header: str, seconds: float) -> None:
    slow_down = wires.answer(429, {}, headers=f"Retry-After: {header}\r\n")
    with wires.serving(slow_down) as wire, pytest.raises(contract.RateLimited) as caught:
        client(wire.url).send(POST)

    assert caught.value.retry_after_s == seconds


@pytest.mark.parametrize(
    "url",
    [
        "https://evil.example",
        "http://acme.invalid",
        "https://acme.invalid@evil.example",
        "https://user:pass@acme.invalid",
        "ftp://127.0.0.1",
        "https://acme.invalid?x=1",
    ],
)
def test_only_allowed_hosts_and_only_https_off_this_machine(url: str) -> None:
    with pytest.raises(ValueError, match="acme"):
        client(url)


@pytest.mark.parametrize("path", ["//evil.example/x", "evil", "@evil.example"])
def test_a_path_cannot_lead_elsewhere(path: str) -> None:
    with wires.serving(wires.answer(200, {})) as wire, pytest.raises(contract.Unavailable):
        client(wire.url).send(http.Call(operation="status", method="GET", path=path))

    assert wire.requests == []


def test_an_empty_path_is_the_base_address_and_what_only_looks_is_not_logged() -> None:
    with wires.serving(wires.answer(200, {"id": "x"})) as wire:
        client(wire.url + "/v3/key").send(http.Call(operation="look", method="POST", path="", body=b"{}", logged=False))

    assert wire.requests[0].startswith(b"POST /v3/key HTTP/1.1\r\n")
    assert ProviderCall.objects.count() == 0


def test_connections_are_kept_and_shared_between_threads() -> None:
    with wires.serving(wires.answer(200, {"id": "x"})) as wire:
        sender = client(wire.url)
        for _ in range(5):
            thread = threading.Thread(target=_send_unlogged, args=(sender,))
            thread.start()
            thread.join()

    assert (len(wire.requests), wire.connections) == (5, 1)


def test_a_connection_that_lay_idle_is_not_trusted() -> None:
    with wires.serving(wires.answer(200, {"id": "x"})) as wire:
        sender = client(wire.url, limits=http.Limits(idle_s=0.05))
        sender.send(POST)
        time.sleep(0.1)
        sender.send(POST)

    assert (len(wire.requests), wire.connections) == (2, 2)


def test_cookies_are_not_kept() -> None:
    with wires.serving(wires.answer(200, {}, headers="Set-Cookie: a=b; Path=/\r\n")) as wire:
        sender = client(wire.url)
        sender.send(GET)
        sender.send(GET)

    assert b"cookie" not in wire.requests[1].lower()


def test_nothing_is_sent_inside_a_database_transaction() -> None:
    serving = wires.serving(wires.answer(200, {}))
    with serving as wire, transaction.atomic(), pytest.raises(durable.InsideTransaction):
        client(wire.url).send(POST)

    assert wire.requests == []


def test_the_call_is_logged_without_secrets() -> None:
    call = http.Call.json(
        operation="payout",
        path="/ach_transfers",
        fields={"account_number": "123456789", "amount": 1000, "note": "to 4242 4242 4242 4242, sk_live_abcdef"},
        key="op-2:acme",
    )
    said = {"id": "t1", "client_secret": "pi_1_secret_x", "nested": [{"routing_number": "101050001"}]}
    with wires.serving(wires.answer(201, said)) as wire:
        client(wire.url).send(call)

    row = ProviderCall.objects.get()
    assert (row.provider, row.operation, row.attempt_key, row.method, row.path, row.status, row.outcome) == (
        ("acme", "payout", "op-2:acme", "POST", "/ach_transfers", 201, "answered")
    )
    assert row.duration_ms > 0
    assert row.request == '{"account_number":"[redacted]","amount":1000,"note":"to ****4242, [redacted]"}'
    assert row.response == '{"id":"t1","client_secret":"[redacted]","nested":[{"routing_number":"[redacted]"}]}'


def test_a_drain_writes_its_calls_in_one_statement() -> None:
    with wires.serving(wires.answer(200, {"id": "x"})) as wire:
        sender = client(wire.url)
        jobs: list[Callable[[], http.Answer]] = [lambda: sender.send(POST)] * 20
        with CaptureQueriesContext(connection) as queries, calls.collect():
            answers = fanout.run(jobs)

    assert [type(answer) for answer in answers] == [http.Answer] * 20
    assert len(queries) == 1
    assert ProviderCall.objects.count() == 20
    assert wire.connections <= fanout.WIDTH


def _send_unlogged(sender: http.Client) -> None:
    # A thread of its own would log over a database connection of its own, which cannot see this test's transaction.
    with calls.collect():
        sender.send(POST)
        calls._buffer.get().records.clear()  # type: ignore[union-attr]
