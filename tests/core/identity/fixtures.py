"""Who the tests of identity and of the API are about. Each folder's conftest names what it uses."""

from collections.abc import Callable, Generator
from contextlib import AbstractContextManager, contextmanager

import pytest
from django.db import IntegrityError, transaction
from django.test import Client

from core.identity import rate_limits, second_factor
from core.identity.customers import CustomerView
from core.identity.staff import StaffView
from tests.core.identity import people


@pytest.fixture(autouse=True)
def _fresh_rates() -> None:
    rate_limits.rate_limits.forget()


@pytest.fixture
def make_customer(db: None) -> Callable[..., CustomerView]:
    return people.make_customer


@pytest.fixture
def customer(db: None) -> CustomerView:
    return people.make_customer()


@pytest.fixture
def totp_secret() -> str:
    return second_factor.new_secret()


@pytest.fixture
def member(db: None, totp_secret: str) -> StaffView:
    return people.make_staff(totp_secret=totp_secret)


@pytest.fixture
def client() -> Client:
    return people.client_of_its_own()


@pytest.fixture
def refused_by() -> Callable[[str], AbstractContextManager[None]]:
    """Expect that the database refuses what the block does, by the constraint of that name."""

    @contextmanager
    def refused(constraint: str) -> Generator[None, None, None]:
        with pytest.raises(IntegrityError, match=constraint), transaction.atomic():
            yield

    return refused
