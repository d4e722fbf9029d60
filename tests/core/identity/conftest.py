"""A customer, a member of staff, and addresses that no other test counts against."""

import secrets
from collections.abc import Callable, Generator
from contextlib import AbstractContextManager, contextmanager

import pytest
from django.db import IntegrityError, transaction
from django.test import Client

from core.identity import customers, rate_limits, second_factor, staff
from core.identity.customers import CustomerView
from core.identity.staff import StaffView

PASSWORD = "correct-horse-battery"


@pytest.fixture(autouse=True)
def _fresh_rates() -> None:
    rate_limits.rate_limits.forget()


@pytest.fixture
def make_customer(db: None) -> Callable[..., CustomerView]:
    def make(**facts: object) -> CustomerView:
        name = f"c{secrets.token_hex(6)}"
        given = {
            "email": f"{name}@example.com",
            "password": PASSWORD,
            "handle": name,
            "display_name": "Ann Example",
            "country": "DE",
        }
        return customers.create(customers.NewCustomer(**{**given, **facts}))

    return make


@pytest.fixture
def customer(make_customer: Callable[..., CustomerView]) -> CustomerView:
    return make_customer()


@pytest.fixture
def totp_secret() -> str:
    return second_factor.new_secret()


@pytest.fixture
def member(db: None, totp_secret: str) -> StaffView:
    email = f"s{secrets.token_hex(6)}@example.com"
    return staff.create(email=email, password=PASSWORD, role="operations", totp_secret=totp_secret)


@pytest.fixture
def client() -> Client:
    """A client at an address of its own, because sign-in is counted by address."""
    return Client(
        REMOTE_ADDR=f"2001:db8::{secrets.token_hex(2)}:{secrets.token_hex(2)}", HTTP_ACCEPT="application/json"
    )


@pytest.fixture
def transactional_error() -> Callable[[str], AbstractContextManager[None]]:
    """Expect that the database refuses what the block does, by the constraint of that name."""

    @contextmanager
    def refused(constraint: str) -> Generator[None, None, None]:
        with pytest.raises(IntegrityError, match=constraint), transaction.atomic():
            yield

    return refused
