"""Every route as nobody, with a key that may not, and with somebody else's objects."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import yaml

from core.identity import api_keys
from core.kernel import ids
from core.orchestration.models import Transaction
from tests.abuse.conftest import Door, door_of, footprint, problem
from tests.core.orchestration import world

pytestmark = pytest.mark.django_db
DOCUMENT = yaml.safe_load((Path(__file__).resolve().parents[2] / "docs" / "openapi.yaml").read_text())
OPEN = ("/api/v1/auth/sign-up", "/api/v1/auth/sign-in", "/api/v1/auth/refresh")
ROUTES = [
    (method.upper(), path.removeprefix("/api/v1"))
    for path, methods in DOCUMENT["paths"].items()
    for method in methods
    if method in ("get", "post", "put", "patch", "delete") and path not in OPEN
]
OBJECTS = [(method, path) for method, path in ROUTES if "{" in path]
READING = {"/ws-tickets": 201, "/notifications/{notification_id}/read": 404}
NAMES = [f"{method} {path}" for method, path in ROUTES]


@pytest.fixture
def objects(door: Door) -> dict[str, str]:
    """Return one object of the customer's for every kind of id in an address."""
    body = {"domain": "banking", "kind": "transfer", "source": {"amount": "10.00", "asset": "USD"}}
    quoted = door.send("POST", "/quotes", json.dumps(body | {"to": {"handle": "bruno"}}).encode())
    assert quoted.status_code == 201, quoted.content
    key, _ = api_keys.issue(customer_id=door.owner.id, name="Target", scopes=["read"], live=False)
    made = world.start(door.owner, world.wish("transfer", "10.00", to=world.customer("zoe")))
    return {
        "{transaction_id}": ids.render(ids.Prefix.TRANSACTION, made),
        "{quote_id}": quoted.json()["id"],
        "{instrument_id}": door.bank,
        "{key_id}": ids.render(ids.Prefix.API_KEY, key.id),
    }


def address(path: str, objects: dict[str, str]) -> str:
    for name, value in objects.items():
        path = path.replace(name, value)
    return path.replace("{notification_id}", "ntf_" + "0" * 32)


@pytest.mark.parametrize(("method", "path"), ROUTES, ids=NAMES)
def test_nobody_gets_401_and_changes_nothing(door: Door, objects: dict[str, str], method: str, path: str) -> None:
    before = footprint()

    answer = door.send(method, address(path, objects), b"{}", authorization="")

    assert problem(answer)["status"] == 401
    assert footprint() == before


@pytest.mark.parametrize(("method", "path"), ROUTES, ids=NAMES)
def test_a_key_without_the_scope_gets_403_and_changes_nothing(
    door: Door, objects: dict[str, str], method: str, path: str
) -> None:
    _, secret = api_keys.issue(
        customer_id=door.owner.id, name="Narrow", scopes=["quotes" if method == "GET" else "read"], live=False
    )
    before = footprint()

    answer = door.send(method, address(path, objects), b"{}", authorization=f"Bearer {secret}")

    if path.startswith("/auth/"):
        assert answer.status_code == 401, "a key is no sign-in"
    elif path in READING:
        assert answer.status_code == READING[path], "listening, and having read, is reading"
    else:
        assert problem(answer)["status"] == 403
    assert footprint() == before


@pytest.mark.parametrize(("method", "path"), OBJECTS, ids=[f"{method} {path}" for method, path in OBJECTS])
def test_somebody_elses_object_is_not_there(door: Door, objects: dict[str, str], method: str, path: str) -> None:
    stranger, before = door_of("mallory"), state(objects)

    answer = stranger.send(method, address(path, objects), json.dumps({"label": "mine"}).encode())

    assert problem(answer)["status"] == 404
    assert state(objects) == before


def test_the_recipient_of_a_transfer_sees_no_more_than_what_arrived(door: Door) -> None:
    carla = door_of("carla")
    made = world.start(door.owner, world.wish("transfer", "10.00", to=carla.owner))
    public = ids.render(ids.Prefix.TRANSACTION, made)
    assert carla.send("GET", f"/transactions/{public}").status_code == 404
    world.work()

    seen = carla.send("GET", f"/transactions/{public}")

    assert seen.status_code == 200
    assert not {"fees", "source", "client_reference", "correlation_id", "instrument_id"} & set(seen.json())
    for part in ("events", "explain"):
        assert carla.send("GET", f"/transactions/{public}/{part}").status_code == 404
    assert carla.send("POST", f"/transactions/{public}/cancel").status_code == 404


def test_somebody_elses_instrument_and_quote_pay_for_nothing(door: Door, objects: dict[str, str]) -> None:
    stranger = door_of("mallory", units=10_000)
    before = footprint()
    with_card = {"kind": "deposit", "source": {"amount": "20.00", "asset": "USD"}, "instrument_id": door.card}

    for body in (with_card, {"quote_id": objects["{quote_id}"]}):
        answer = stranger.send("POST", "/banking/transactions", json.dumps(body).encode())
        assert problem(answer)["status"] == 404

    assert footprint() == before


def state(objects: dict[str, str]) -> Any:
    row = Transaction.objects.get(id=ids.parse(ids.Prefix.TRANSACTION, objects["{transaction_id}"]))
    return row.state, row.version, footprint()
