"""What the tests of compliance share."""

import pytest

from core.kernel import held
from tests.core.identity import people


@pytest.fixture(autouse=True)
def _fresh_copies():
    held.forget_all()
    yield
    held.forget_all()


@pytest.fixture
def customer(db):
    return people.make_customer()


@pytest.fixture
def make_customer(db):
    return people.make_customer
