"""Callers of the API: with a sign-in, with a key, with nothing."""

from collections.abc import Callable
from typing import Any

import orjson
import pytest
from django.http import HttpResponse
from django.test import Client

from core.identity import api_keys
from core.identity.customers import CustomerView
from tests.core.identity import people
from tests.core.identity.fixtures import (
    _fresh_rates,
    client,
    customer,
    make_customer,
    member,
    refused_by,
    totp_secret,
)

__all__ = [
    "_fresh_rates",
    "client",
    "customer",
    "make_customer",
    "member",
    "refused_by",
    "totp_secret",
]
Call = Callable[..., HttpResponse]


def caller(client: Client, token: str = "") -> Call:
    """Return a function that calls ``client`` with this token and JSON in and out."""

    def call(method: str, path: str, body: Any = None, **headers: str) -> HttpResponse:
        if token:
            headers.setdefault("Authorization", f"Bearer {token}")
        data = b"" if body is None else body if isinstance(body, bytes) else orjson.dumps(body)
        return client.generic(method, path, data, content_type="application/json", headers=headers)

    return call


@pytest.fixture
def key_of() -> Callable[..., str]:
    """Return the secret of a new key of a customer."""

    def make(owner: CustomerView, *scopes: str, **facts: Any) -> str:
        every = ("read", "quotes", "transact", "manage")
        return api_keys.issue(customer_id=owner.id, name="test", scopes=scopes or every, live=False, **facts)[1]

    return make


@pytest.fixture
def anyone(client: Client) -> Call:
    return caller(client)


@pytest.fixture
def own(client: Client, customer: CustomerView, key_of: Callable[..., str]) -> Call:
    """The customer, by an API key with every scope."""
    return caller(client, key_of(customer))


@pytest.fixture
def other(client: Client, make_customer: Callable[..., CustomerView], key_of: Callable[..., str]) -> Call:
    """Somebody else, by an API key with every scope."""
    return caller(client, key_of(make_customer()))


@pytest.fixture
def signed_in(client: Client, customer: CustomerView) -> Call:
    """The customer, by sign-in."""
    body = {"email": customer.email, "password": people.PASSWORD}
    return caller(client, caller(client)("POST", "/api/v1/auth/sign-in", body).json()["access_token"])
