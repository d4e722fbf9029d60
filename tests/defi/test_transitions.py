"""The database refuses every step that DeFi's code does not declare; history stays."""

from __future__ import annotations

import pytest
from django.db import IntegrityError, transaction

from core.orchestration.models import Transaction
from core.orchestration.states import State
from defi.models import Position, PositionChange
from tests.core.orchestration import world as engine
from tests.defi import world
from tests.defi.conftest import Chain

pytestmark = pytest.mark.django_db


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
