"""Our own money: cover at providers, grants to customers."""

from __future__ import annotations

import pytest

from core.kernel.money import Money
from core.ledger import funding, queries
from tests.core.ledger.build import EQUITY, figures, person

pytestmark = pytest.mark.django_db


def test_opening_gives_cover_from_equity_once() -> None:
    million = Money.of(100_000_000, "USD")

    assert funding.open(provider="increase", amount=million)
    assert not funding.open(provider="increase", amount=million)

    assert queries.cover(provider="increase", asset="USD") == million
    assert queries.system_balance(account=EQUITY) == million


def test_openings_with_keys_of_their_own_add_up() -> None:
    for key in ("first", "second"):
        assert funding.open(provider="increase", amount=Money.of(5, "USD"), key=key)

    assert queries.cover(provider="increase", asset="USD").units == 10


def test_grant_is_given_once_per_key() -> None:
    ann = person()

    assert funding.grant(customer_id=ann.id, amount=Money.of(1000, "USD"), key="demo:ann")
    assert not funding.grant(customer_id=ann.id, amount=Money.of(1000, "USD"), key="demo:ann")

    assert figures(ann) == (1000, 0, 0, 0)
