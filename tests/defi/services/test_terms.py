"""What is refused before any money is held, each with its code and field, and nothing moved."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from core.identity.models import Customer
from core.kernel import assets, errors
from core.kernel.money import Money
from core.market.market import PriceStale
from core.orchestration.models import Transaction
from defi.models import DefiDetail, Position, Strategy, Venue
from tests.core.market import factories
from tests.core.orchestration import world as engine
from tests.defi import world
from tests.defi.conftest import Chain

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("books_agree")]


def _refused(act: Callable[[], object]) -> tuple[str, str]:
    """Return the code and the field of a refusal, and prove that nothing was written."""
    before = Transaction.objects.count(), Position.objects.count(), DefiDetail.objects.count()
    with pytest.raises((errors.Refused, errors.InvalidInput, errors.Conflict, errors.NotFound)) as refused:
        act()
    assert (Transaction.objects.count(), Position.objects.count(), DefiDetail.objects.count()) == before
    return refused.value.code, refused.value.pointer


def _pool(scripted: Chain) -> None:
    scripted.quotes[(500,)] = lambda given: Money(given.units * 10**12 // 3_000, world.ETH)
    scripted.quotes[(3000,)] = scripted.quotes[(500,)]


@pytest.mark.parametrize(
    ("amount", "fields", "expected"),
    [
        ("9.99", {"strategy": "aave_v3_usdc"}, ("amount_below_minimum", "/source/amount")),
        ("250001", {"strategy": "aave_v3_usdc"}, ("amount_above_maximum", "/source/amount")),
        ("500", {"strategy": "nothing"}, ("unknown_strategy", "/strategy")),
        ("500", {}, ("required", "/strategy")),
        ("2000", {"strategy": "aave_v3_usdc"}, ("insufficient_funds", "")),
    ],
)
def test_a_start_that_cannot_be_is_refused_at_the_door(
    scripted: Chain, amount: str, fields: dict[str, Any], expected: tuple[str, str]
) -> None:
    ana = world.customer()

    assert _refused(lambda: world.begin(ana, world.wish("start_strategy", amount=amount, **fields))) == expected
    assert world.figures(ana) == {"banking:pooled:USDC:ethereum": (1_000_000_000, 0)}


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"is_active": False}, "strategy_unavailable"),
        ({"is_frozen": True}, "strategy_unavailable"),
        ({"is_paused": True}, "strategy_unavailable"),
        ({"room": Money(499_999_999, world.USDC)}, "supply_cap_reached"),
    ],
)
def test_a_protocol_that_takes_nothing_is_not_asked_to(scripted: Chain, changes: dict[str, Any], code: str) -> None:
    ana = world.customer()
    scripted.reserve = world.reserve(**changes)

    assert _refused(lambda: world.start(ana))[0] == code


def test_a_strategy_that_staff_switched_off_says_why(scripted: Chain) -> None:
    ana = world.customer()
    Strategy.objects.update(is_enabled=False, reason="Under review after an upgrade.")

    with pytest.raises(errors.Refused, match="Under review"):
        world.start(ana)


def test_all_customers_together_keep_within_the_cap(scripted: Chain) -> None:
    ana = world.customer()
    Strategy.objects.update(cap_units=499_000_000)

    assert _refused(lambda: world.start(ana)) == ("strategy_full", "/strategy")


def test_what_is_on_its_way_counts_towards_the_cap(scripted: Chain) -> None:
    ana, bruno = world.customer(), world.customer("bruno")
    Strategy.objects.update(cap_units=1_000_000_000)
    world.start(ana, "500.000001")

    assert _refused(lambda: world.start(bruno)) == ("strategy_full", "/strategy")
    assert world.start(bruno, "499.999999")


def test_without_a_chain_it_is_a_clear_refusal(scripted: Chain, settings: Any) -> None:
    ana = world.customer()
    settings.CHAINS = {}

    assert _refused(lambda: world.start(ana))[0] == "chain_unavailable"
    assert _refused(lambda: world.swap(ana))[0] == "chain_unavailable"


def test_a_network_that_costs_more_than_a_quarter_is_not_used(scripted: Chain) -> None:
    ana = world.customer()
    # 2.50 of 10 are exactly a quarter, which is accepted; a unit more is not.
    scripted.cost = Money(833_333_666_666_667, world.ETH)

    assert _refused(lambda: world.start(ana, "10"))[0] == "network_fee_too_high"
    scripted.cost = Money(833_333_333_333_334, world.ETH)
    assert engine.see(world.start(ana, "10")).debit_units == 10_000_000


def test_an_old_price_binds_nobody(scripted: Chain) -> None:
    ana = world.customer()
    factories.quoted("ETH/USD", "3000", age=timedelta(hours=1))

    with pytest.raises(PriceStale):
        world.start(ana)


def test_there_is_one_position_in_a_strategy(scripted: Chain) -> None:
    ana = world.customer()
    world.start(ana)

    assert _refused(lambda: world.start(ana)) == ("position_exists", "/strategy")


def test_a_start_that_ended_before_anything_was_held_makes_room(scripted: Chain) -> None:
    ana = world.customer()
    first = world.start(ana)
    # A frozen account ends it before the reservation: nothing is posted, so nobody tells of the position.
    Customer.objects.filter(id=ana.id).update(status="frozen")
    world.work()
    assert engine.see(first).state == "FAILED"
    Customer.objects.filter(id=ana.id).update(status="active")

    second = world.start(ana)

    assert sorted(row.state for row in Position.objects.all()) == ["closed", "opening"]
    assert world.position(ana).opened_by_id == second


def test_one_transaction_at_a_time_works_on_a_position(scripted: Chain) -> None:
    ana = world.customer()
    scripted.treasury.submits = [world.moved()]
    scripted.aave.submits = [world.supplied(499_400_000), world.did()]
    world.start(ana)
    world.work()
    scripted.reserve = world.reserve(11 * 10**26)
    agreed = world.agree(ana, "stop_strategy")
    world.leave(ana, "harvest")

    assert _refused(lambda: world.leave(ana, "stop_strategy")) == ("position_busy", "/position_id")
    assert _refused(lambda: world.accept_agreed(ana, agreed)) == ("position_busy", "/position_id")


@pytest.mark.parametrize("kind", ["harvest", "stop_strategy"])
def test_only_the_owner_of_a_position_finds_it(scripted: Chain, kind: str) -> None:
    ana, bruno = world.customer(), world.customer("bruno")
    world.start(ana)
    theirs = world.position(ana).public_id

    assert _refused(lambda: world.begin(bruno, world.wish(kind, position_id=theirs)))[0] == "position_not_found"
    assert _refused(lambda: world.begin(bruno, world.wish(kind))) == ("required", "/position_id")


def test_a_harvest_that_does_not_pay_for_itself_is_refused(scripted: Chain) -> None:
    ana = world.customer()
    scripted.treasury.submits = [world.moved()]
    scripted.aave.submits = [world.supplied(499_400_000)]
    world.start(ana)
    world.work()

    assert _refused(lambda: world.leave(ana, "harvest"))[0] == "nothing_to_harvest"
    scripted.reserve = world.reserve(1_001 * 10**24)
    assert _refused(lambda: world.leave(ana, "harvest"))[0] == "nothing_to_harvest"
    scripted.reserve = world.reserve(1_100 * 10**24, available=Money(1_000_000, world.USDC))
    assert _refused(lambda: world.leave(ana, "stop_strategy")) == ("insufficient_liquidity", "/position_id")
    scripted.reserve = world.reserve(is_paused=True)
    assert _refused(lambda: world.leave(ana, "stop_strategy"))[0] == "strategy_paused"


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({"target": None}, ("required", "/target/asset")),
        ({"target": world.USDC}, ("assets_equal", "/target/asset")),
        ({"max_slippage_bps": 501}, ("invalid_slippage", "/max_slippage_bps")),
        ({"max_slippage_bps": -1}, ("invalid_slippage", "/max_slippage_bps")),
        ({"max_slippage_bps": "50"}, ("invalid_slippage", "/max_slippage_bps")),
        ({"max_slippage_bps": True}, ("invalid_slippage", "/max_slippage_bps")),
        ({"amount": "9.99"}, ("amount_below_minimum", "/source/amount")),
    ],
)
def test_a_swap_that_cannot_be_is_refused(scripted: Chain, fields: dict[str, Any], expected: tuple[str, str]) -> None:
    ana = world.customer()
    _pool(scripted)

    assert _refused(lambda: world.swap(ana, **fields)) == expected


def test_a_swap_that_would_move_its_price_too_far_is_refused(scripted: Chain) -> None:
    ana = world.customer()

    def shallow(given: Money) -> Money:
        fair = given.units * 10**12 // 3_000
        return Money(fair * 97 // 100 if given.units > 1_000_000 else fair, world.ETH)

    scripted.quotes = {(500,): shallow, (3000,): shallow}

    assert _refused(lambda: world.swap(ana)) == ("insufficient_liquidity", "/source/amount")


def test_only_pools_of_the_allow_list_are_asked(scripted: Chain) -> None:
    ana = world.customer()
    _pool(scripted)
    Venue.objects.filter(fee=500).update(is_enabled=False)

    made = world.swap(ana)

    assert engine.see(made).terms["route"]["fees"] == ["3000"]
    Venue.objects.update(is_enabled=False)
    assert _refused(lambda: world.swap(ana)) == ("no_venue", "/target/asset")


def test_what_was_agreed_is_kept_beside_the_transaction(scripted: Chain) -> None:
    ana = world.customer()
    made = world.start(ana)

    detail = DefiDetail.objects.get(transaction_id=made)
    assert (detail.protocol, detail.action, detail.chain) == ("aave_v3", "start_strategy", "ethereum")
    assert (detail.expected_units, detail.slippage_bps, detail.position_id) == (
        499_400_000,
        None,
        world.position(ana).id,
    )
    assert detail.gas_estimate_units == 200_000_000_000_000
    assert assets.get(engine.see(made).target_asset).code == "AUSDC:ethereum"
