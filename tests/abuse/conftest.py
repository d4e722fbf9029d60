"""One customer with money, a door to knock at, and proof that refused requests left nothing behind."""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest
from django.db import connection
from django.http import HttpResponseBase
from django.test import Client

from core.identity import api_keys
from core.identity.customers import CustomerView
from core.identity.principals import ALL_SCOPES
from core.kernel import ids
from tests.core.orchestration import world

MEDIA = "application/problem+json"
WRITTEN = (
    *("orchestration_transaction", "orchestration_event", "quotes_quote", "banking_instrument", "ledger_entry"),
    *("ledger_hold", "ledger_expectation", "outbox_streamrow", "outbox_effect", "resilience_idempotencyrecord"),
)


@dataclass
class Door:
    """Speaks HTTP to the platform in this process, as one customer."""

    owner: CustomerView
    card: str
    bank: str
    key: str = ""
    client: Client = field(default_factory=lambda: Client(raise_request_exception=False))

    def send(
        self, method: str, path: str, body: bytes = b"", *, content_type: str = "application/json", **headers: str
    ) -> Any:
        """Send raw bytes and return the answer."""
        given = {"authorization": f"Bearer {self.key}", "idempotency-key": secrets.token_hex(8)}
        given |= {name.replace("_", "-"): value for name, value in headers.items()}
        return self.client.generic(method, f"/api/v1{path}", body, content_type=content_type, headers=given)


@pytest.fixture(autouse=True)
def nothing_outlives_a_test(own_memory: None) -> None:
    """Let every test here begin with a memory of its own."""


@pytest.fixture
def door(db: None) -> Door:
    """Return a well-off customer's door; there is somebody called bruno to send money to."""
    return door_of("ana", units=100_000_00, others=("bruno",))


def door_of(handle: str, *, units: int = 0, others: tuple[str, ...] = ()) -> Door:
    owner = world.customer(handle, units=units)
    for other in others:
        world.customer(other)
    made = Door(
        owner=owner,
        card=ids.render(ids.Prefix.INSTRUMENT, world.card(owner).id),
        bank=ids.render(ids.Prefix.INSTRUMENT, world.bank(owner).id),
    )
    _, made.key = api_keys.issue(customer_id=owner.id, name="Abuse", scopes=sorted(ALL_SCOPES), live=False)
    return made


def footprint() -> dict[str, int]:
    """Count what a request could have written."""
    with connection.cursor() as cursor:
        found = {}
        for table in WRITTEN:
            cursor.execute(f"SELECT count(*) FROM {table}")  # noqa: S608 - our own names
            found[table] = int(cursor.fetchone()[0])
        return found


@pytest.fixture
def nothing_written(door: Door) -> Iterator[None]:
    """Prove that the test left no row behind and moved no money."""
    before, figures = footprint(), world.figures(door.owner)
    yield
    assert footprint() == before
    assert world.figures(door.owner) == figures


def problem(answer: HttpResponseBase, *, at_most: int = 499) -> dict[str, Any]:
    """Return the body of a refusal, which must be a whole problem document and no server error."""
    body: dict[str, Any] = answer.json() if hasattr(answer, "json") else {}
    assert 400 <= answer.status_code <= at_most, (answer.status_code, body)
    assert answer.headers["Content-Type"] == MEDIA
    assert {"type", "title", "status", "detail", "code", "request_id", "retryable", "errors"} <= set(body)
    assert body["status"] == answer.status_code
    assert "Traceback" not in str(body)
    return body
