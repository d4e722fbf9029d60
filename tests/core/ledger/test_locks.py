"""Locking balances for a decision."""

from __future__ import annotations

import pytest
from django.db import transaction

from core.ledger import accounts, locks
from tests.core.ledger.build import EQUITY, hold, person


@pytest.mark.django_db
def test_lock_returns_what_accounts_hold() -> None:
    ann, bob = person(units=100), person()
    hold(ann, 30)

    with transaction.atomic():
        found = locks.lock(refs=[bob.usd, ann.usd])

    assert (found[ann.usd].posted.units, found[ann.usd].available.units, found[ann.usd].version) == (100, 70, 2)
    assert (found[bob.usd].posted.units, found[bob.usd].version) == (0, 0)


@pytest.mark.django_db
def test_system_accounts_are_never_locked() -> None:
    with pytest.raises(accounts.UnknownAccount), transaction.atomic():
        locks.lock(refs=[EQUITY])


def test_lock_outside_of_a_transaction_is_refused(committed_db: object) -> None:
    with pytest.raises(locks.NoTransaction):
        locks.lock(refs=[person().usd])
