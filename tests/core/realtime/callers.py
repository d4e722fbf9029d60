"""Callers of the API for the feeds' endpoints, as fixtures that conftest modules take over."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import orjson
import pytest
from django.http import HttpResponse
from django.test import Client

from core.identity import api_keys, customers, rate_limits
from core.identity.customers import CustomerView
from core.identity.models import Customer, CustomerStatus
from core.kernel import ids

Call = Callable[..., HttpResponse]


def make(**facts: Any) -> CustomerView:
    """Create a customer of class ``bench``, whom no rate limit stops."""
    name = f"f{ids.uuid7().hex[-12:]}"
    given: dict[str, Any] = {
        "email": f"{name}@example.com",
        "password": "correct-horse-battery",
        "handle": name,
        "display_name": "Feed Reader",
        "country": "DE",
        "rate_class": "bench",
    }
    return customers.create(customers.NewCustomer(**{**given, **facts}))


def prefer(owner: CustomerView, **preferences: Any) -> None:
    """Set what a customer prefers."""
    Customer.objects.filter(id=owner.id).update(preferences=preferences)


def freeze(owner: CustomerView) -> None:
    """Freeze a customer, as an officer would."""
    Customer.objects.filter(id=owner.id).update(status=CustomerStatus.FROZEN)


def calling(owner: CustomerView | None, *scopes: str) -> Call:
    """Return a function that calls the API as this customer, with a key of these scopes (all of them by default)."""
    headers = {}
    if owner is not None:
        every = scopes or ("read", "quotes", "transact", "manage")
        secret = api_keys.issue(customer_id=owner.id, name="test", scopes=every, live=False)[1]
        headers["Authorization"] = f"Bearer {secret}"

    def call(method: str, path: str, body: Any = None, **more: str) -> HttpResponse:
        data = b"" if body is None else orjson.dumps(body)
        return Client().generic(method, path, data, content_type="application/json", headers={**headers, **more})

    return call


@pytest.fixture(autouse=True)
def fresh_rates() -> None:
    """Read the rate classes anew: another test may have changed them."""
    rate_limits.rate_limits.forget()


@pytest.fixture
def customer(db: None) -> CustomerView:
    return make()


@pytest.fixture
def own(customer: CustomerView) -> Call:
    return calling(customer)


@pytest.fixture
def other(db: None) -> Call:
    return calling(make())


@pytest.fixture
def anyone() -> Call:
    return calling(None)


@pytest.fixture
def by_key(customer: CustomerView) -> Callable[..., Call]:
    return lambda *scopes: calling(customer, *scopes)
