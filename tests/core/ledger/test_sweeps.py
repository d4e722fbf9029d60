"""Rolling up the deltas of system accounts."""

from __future__ import annotations

import pytest

from core.ledger import accounts, queries, sweeps, tasks
from core.ledger.models import SystemBalance, SystemDelta
from tests.core.ledger.build import BANK, EQUITY, FEE, apply, entry, move, person

pytestmark = pytest.mark.django_db


def test_deltas_are_merged_per_account_and_call() -> None:
    ann = person(units=100)
    before = SystemDelta.objects.count()

    apply(*[move(entry(ann.usd, -10, BANK, 9, FEE, 1)) for _ in range(5)])

    assert SystemDelta.objects.count() == before + 2
    assert queries.system_balance(account=FEE).units == 5


def test_deltas_that_cancel_out_are_not_written() -> None:
    ann = person(units=100)
    before = SystemDelta.objects.count()

    apply(move(entry(ann.usd, -10, BANK, 10)), move(entry(BANK, -10, ann.usd, 10)))

    assert SystemDelta.objects.count() == before


def test_roll_up_folds_without_changing_any_balance() -> None:
    ann = person(units=100)
    apply(move(entry(ann.usd, -10, BANK, 9, FEE, 1)))
    apply(move(entry(ann.usd, -20, BANK, 19, FEE, 1)))

    assert sweeps.roll_up(limit=2) == 2
    assert [queries.system_balance(account=one).units for one in (EQUITY, BANK, FEE)] == [-100, 28, 2]

    tasks.roll_up()

    assert SystemDelta.objects.count() == 0
    assert SystemBalance.objects.get(account_id=accounts.ensure([BANK])[BANK]).posted == 28
    assert [queries.system_balance(account=one).units for one in (EQUITY, BANK, FEE)] == [-100, 28, 2]


def test_roll_up_of_nothing_folds_nothing() -> None:
    assert sweeps.roll_up(limit=10) == 0


def test_tasks_tolerate_unknown_keywords() -> None:
    tasks.close_lots(added_later=1)
    tasks.roll_up(added_later=1)
