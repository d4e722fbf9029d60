"""The staff socket: who gets in, and that it says when something changed."""

from __future__ import annotations

import json
import secrets
from collections.abc import Iterator
from importlib import import_module
from typing import Any

import pytest
from django.conf import settings
from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import ClientConnection, connect
from websockets.typing import Origin

from core.identity import second_factor, staff, staff_mfa
from core.identity.models import User
from core.kernel import clock, ids
from tests.core.realtime import callers, server
from tests.core.realtime.server import LiveServer
from tests.databases import Clone

OWN = Origin("http://127.0.0.1:8000")


@pytest.fixture(scope="module")
def live(module_db: Clone) -> Iterator[LiveServer]:
    with server.running(database_url=module_db.url, OPS_S=0.1, HEARTBEAT_S=0.5) as started:
        yield started


@pytest.fixture
def member(module_db: Clone) -> User:
    made = staff.create(
        email=f"s{secrets.token_hex(6)}@example.com",
        password="correct-horse-battery",
        role="operations",
        totp_secret=second_factor.new_secret(),
    )
    return User.objects.get(pk=made.user_id)


def _session(user: User, *, has_second_factor: bool = True) -> Any:
    session = import_module(settings.SESSION_ENGINE).SessionStore()
    session[SESSION_KEY] = str(user.pk)
    session[BACKEND_SESSION_KEY] = "django.contrib.auth.backends.ModelBackend"
    session[HASH_SESSION_KEY] = user.get_session_auth_hash()
    if has_second_factor:
        session[staff_mfa.SESSION_KEY] = clock.SYSTEM.now().isoformat()
    session.create()
    return session


def _open(live: LiveServer, *, origin: Origin | None = OWN, session_key: str = "") -> connect:
    headers = {"Cookie": f"{settings.SESSION_COOKIE_NAME}={session_key}"} if session_key else {}
    url = live.url.replace("/stream/", "/ops/")
    return connect(url, origin=origin, additional_headers=headers, compression=None)


def _code(socket: ClientConnection) -> int | None:
    with pytest.raises(ConnectionClosed):
        _drain(socket)
    return socket.close_code


def _drain(socket: ClientConnection) -> None:
    while True:
        socket.recv(10)


@pytest.mark.parametrize("origin", [None, Origin("http://127.0.0.1:9999"), Origin("https://evil.example")])
def test_other_pages_are_refused_whatever_cookie_they_bring(
    live: LiveServer, member: User, origin: Origin | None
) -> None:
    with _open(live, origin=origin, session_key=_session(member).session_key) as socket:
        assert _code(socket) == 4403


def test_without_a_session_of_staff_nobody_gets_in(live: LiveServer, member: User) -> None:
    customer = User.objects.get(email=callers.make().email)
    keys = ["", "made-up", _session(customer).session_key, _session(member, has_second_factor=False).session_key]
    codes = []
    for key in keys:
        with _open(live, session_key=key) as socket:
            codes.append(_code(socket))

    assert codes == [4401, 4401, 4401, 4401]


def test_a_change_is_told_without_saying_what(live: LiveServer, member: User) -> None:
    with _open(live, session_key=_session(member).session_key) as socket:
        welcome = json.loads(socket.recv(5))
        server.append(ids.uuid7(), secret="of a customer")
        frames = [json.loads(socket.recv(5))]
        while frames[-1]["type"] != "event":
            frames.append(json.loads(socket.recv(5)))

    assert welcome["type"] == "welcome"
    assert {**frames[-1], "at": ""} == {
        "v": 1,
        "at": "",
        "type": "event",
        "channel": "ops",
        "seq": 1,
        "data": {"type": "ops.changed"},
    }


def test_a_session_that_ends_closes_the_socket(live: LiveServer, member: User) -> None:
    session = _session(member)
    with _open(live, session_key=session.session_key) as socket:
        assert json.loads(socket.recv(5))["type"] == "welcome"
        assert json.loads(socket.recv(5))["type"] == "heartbeat"
        session.delete()

        assert _code(socket) == 4401
