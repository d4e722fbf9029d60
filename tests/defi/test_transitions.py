"""The database knows exactly the steps that DeFi's code declares, and refuses every other one; history stays."""

from __future__ import annotations

import pytest
from django.db import IntegrityError, connection, transaction

from core.orchestration import kinds
from core.orchestration.models import Transaction
from core.orchestration.states import State
from defi.models import DefiTransaction, Position, PositionChange
from tests.core.orchestration import world as engine
from tests.defi import world
from tests.defi.conftest import Chain

pytestmark = pytest.mark.django_db
DECLARED = {(source, target) for source, target, _ in kinds.transitions_of(DefiTransaction)}


def test_the_database_has_the_pairs_of_the_code() -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT unnest(defi_transitions())")
        pairs = {tuple(row[0].split(">")) for row in cursor.fetchall()}

    assert pairs == DECLARED


@pytest.mark.parametrize("target", [State.COMPLETED, State.YIELD_STRATEGY_ACTIVE, State.SMART_CONTRACT_INTERACTION])
def test_a_bulk_update_cannot_walk_around_the_states(scripted: Chain, target: State) -> None:
    made = world.start(world.customer())

    with pytest.raises(IntegrityError), transaction.atomic():
        Transaction.objects.filter(id=made).update(state=target)

    assert engine.see(made).state == "INITIATED"


def test_what_happened_to_a_position_stays(scripted: Chain) -> None:
    ana = world.customer()
    scripted.treasury.submits = [world.moved()]
    scripted.aave.submits = [world.supplied(499_400_000)]
    world.start(ana)
    world.work()

    for change in (
        lambda: PositionChange.objects.update(units=0),
        lambda: PositionChange.objects.all().delete(),
        lambda: Position.objects.all().delete(),
    ):
        with pytest.raises(IntegrityError), transaction.atomic():
            change()

    assert PositionChange.objects.get().units == 499_400_000
