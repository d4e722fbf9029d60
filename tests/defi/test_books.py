"""The books of DeFi find what does not add up."""

from __future__ import annotations

import pytest

from core.kernel.money import Money
from defi import books
from defi.models import Position
from tests.defi import world
from tests.defi.conftest import Chain

pytestmark = pytest.mark.django_db


def _found() -> dict[str, str]:
    return {each.check: each.detail for each in books.breaks()}


def test_quiet_books_have_no_break(scripted: Chain) -> None:
    ana = world.customer()
    scripted.treasury.submits = [world.moved()]
    scripted.aave.submits = [world.supplied(499_400_000)]
    world.start(ana)
    world.work()

    assert _found() == {}


def test_a_position_that_the_ledger_does_not_know_is_found(scripted: Chain) -> None:
    ana = world.customer()
    scripted.treasury.submits = [world.moved()]
    scripted.aave.submits = [world.supplied(499_400_000)]
    world.start(ana)
    world.work()
    Position.objects.update(units=499_400_001)

    assert _found() == {
        "position_differs_from_ledger": "AUSDC:ethereum: positions 499400001, ledger 499400000",
        "position_differs_from_its_history": "499400001, 499400000, 0, 0 but 499400000, 499400000, 0, 0",
    }


def test_units_that_no_position_knows_are_found(scripted: Chain) -> None:
    world.grant(world.customer(), Money(7, world.AUSDC))

    assert _found() == {"position_differs_from_ledger": "AUSDC:ethereum: positions 0, ledger 7"}


def test_a_strategy_whose_position_is_over_is_found(scripted: Chain) -> None:
    ana = world.customer()
    scripted.treasury.submits = [world.moved()]
    scripted.aave.submits = [world.supplied(499_400_000)]
    world.start(ana)
    world.work()
    Position.objects.update(units=0, state="closed")

    assert _found().keys() == {
        "position_differs_from_ledger",
        "position_differs_from_its_history",
        "start_and_position_disagree",
        "strategy_without_position",
    }
