"""Positions under real commits: one per customer and strategy, one transaction at work on it, nothing lost."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from uuid import UUID

import pytest
from pytest_django import Settings

from core.audit import books
from core.identity.customers import CustomerView
from core.kernel import errors
from core.market import book
from core.orchestration import accept
from core.orchestration.engine import drain
from core.orchestration.models import Transaction
from core.providers.contract import Order, Query, Report
from defi.models import DefiDetail, Position, PositionChange, Strategy
from defi.services.positions import PositionBusy
from tests.concurrency.test_races import race
from tests.core.orchestration import world as engine
from tests.databases import Clone
from tests.defi import conftest, world
from tests.defi.conftest import Chain

pytestmark = pytest.mark.timeout(300)
NET = 499_400_000
MANY = 12
WORKERS = 4


@pytest.fixture
def scripted(
    committed_db: Clone, own_memory: None, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Chain]:
    with conftest.scripting(settings, monkeypatch) as chain:
        yield chain
    book.forget()
    assert [str(one) for one in books.run()] == []


def work() -> int:
    return drain.drain(domain="defi", budget_s=30)


def _accepting(owner: CustomerView, agreed: accept.Agreed) -> Callable[[], UUID]:
    return lambda: world.accept_agreed(owner, agreed)


def _outcomes(seen: list[object]) -> tuple[list[UUID], list[str]]:
    """Return what was accepted, and the codes of what was refused; nothing else may have happened."""
    refused = [one for one in seen if isinstance(one, PositionBusy)]
    made = [one for one in seen if isinstance(one, UUID)]
    assert len(refused) + len(made) == len(seen)
    return made, [one.code for one in refused]


def test_of_many_starts_at_once_one_is_accepted(scripted: Chain) -> None:
    ana = world.customer(units=100_000_000_000)
    wish = world.wish("start_strategy", amount="500", strategy="aave_v3_usdc")
    agreed = [accept.agree(request=wish, customer_id=ana.id) for _ in range(MANY)]

    made, refused = _outcomes(race([_accepting(ana, one) for one in agreed]))

    assert (len(made), refused) == (1, ["position_exists"] * (MANY - 1))
    assert Transaction.objects.count() == DefiDetail.objects.count() == Position.objects.count() == 1


def test_starts_at_once_do_not_pass_the_cap_together(scripted: Chain) -> None:
    people = [world.customer(f"ana{number}") for number in range(MANY)]
    Strategy.objects.update(cap_units=3 * 500_000_000)
    wish = world.wish("start_strategy", amount="500", strategy="aave_v3_usdc")
    agreed = [(each, accept.agree(request=wish, customer_id=each.id)) for each in people]

    seen = race([_accepting(owner, one) for owner, one in agreed])

    assert sum(isinstance(one, UUID) for one in seen) == 3
    assert {one.code for one in seen if isinstance(one, errors.Refused)} == {"strategy_full"}


def test_of_harvests_and_stops_at_once_one_gets_the_position(scripted: Chain) -> None:
    ana = world.customer()
    scripted.treasury.submits = [world.moved()]
    scripted.aave.submits = [world.supplied(NET)]
    world.start(ana)
    work()
    scripted.reserve = world.reserve(11 * 10**26)
    agreed = [world.agree(ana, kind) for kind in ("harvest", "stop_strategy") * (MANY // 2)]

    made, refused = _outcomes(race([_accepting(ana, one) for one in agreed]))

    assert (len(made), refused) == (1, ["position_busy"] * (MANY - 1))
    assert world.position(ana).work_id == made[0]


def test_strategies_of_many_customers_are_carried_out_by_many_workers(scripted: Chain) -> None:
    people = [world.customer(f"ana{number}") for number in range(MANY)]
    scripted.treasury.submits = [world.moved()] * (2 * MANY)
    scripted.aave.submits = [world.supplied(NET)] * MANY
    starts = [world.start(each) for each in people]

    seen = race([work] * WORKERS)

    assert not [one for one in seen if isinstance(one, Exception)]
    assert {engine.see(made).state for made in starts} == {"YIELD_STRATEGY_ACTIVE"}
    scripted.reserve = world.reserve(101 * 10**25)
    scripted.aave.submits = [_redeem] * MANY
    stops = [world.leave(each, "stop_strategy") for each in people]
    seen = race([work] * WORKERS)
    assert not [one for one in seen if isinstance(one, Exception)]
    assert {engine.see(made).state for made in (*starts, *stops)} == {"COMPLETED"}
    assert set(Position.objects.values_list("state", "units")) == {("closed", 0)}
    assert PositionChange.objects.count() == 4 * MANY


def _redeem(asked: Order | Query) -> Report:
    return world.redeemed(NET, 504_394_000, index=101 * 10**25)(asked)
