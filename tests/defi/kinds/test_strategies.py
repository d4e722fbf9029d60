"""The life of a strategy, from pooled coins to pooled coins, with every figure; and each of its legs failing."""

from __future__ import annotations

from datetime import timedelta

import pytest

from core.fees.sheets import FeeSheet
from core.kernel.money import Money
from core.orchestration.hands import cancel
from core.orchestration.models import AttemptState, DeadLetter
from core.providers.contract import Operation, OutcomeUnknown, Rejected, Stage, Unavailable
from defi.models import PositionChange
from tests.core.orchestration import world as engine
from tests.defi import world
from tests.defi.conftest import Chain

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("books_agree")]
# 500 USDC less the network fee of 0.60, at an index of 1.25.
INDEX = 125 * 10**25
NET = 499_400_000
UNITS = 399_520_000


def _active(scripted: Chain) -> world.CustomerView:
    """A customer whose 500 USDC are at work, for units of an index of 1.25."""
    scripted.reserve = world.reserve(INDEX)
    ana = world.customer()
    scripted.treasury.submits = [world.moved()]
    scripted.aave.submits = [world.supplied(UNITS, index=INDEX)]
    made = world.start(ana)
    world.work()
    assert engine.see(made).state == "YIELD_STRATEGY_ACTIVE"
    return ana


def test_coins_go_out_into_the_protocol_and_earn(scripted: Chain) -> None:
    scripted.reserve = world.reserve(INDEX)
    ana = world.customer()
    scripted.treasury.submits = [world.moved(Stage.SUBMITTED)]
    scripted.treasury.statuses = [world.moved(Stage.EXECUTED), world.moved()]
    scripted.aave.submits = [world.did(Stage.SUBMITTED)]
    scripted.aave.statuses = [world.did(Stage.EXECUTED), world.supplied(UNITS, index=INDEX)]

    made = world.start(ana)
    world.work()
    assert world.figures(ana) == {"banking:pooled:USDC:ethereum": (1_000_000_000, 500_000_000)}
    world.again(made, 4)

    assert engine.path(made)[5:] == [
        "SENT_TO_PROVIDER",
        "PROVIDER_PROCESSING",
        "SMART_CONTRACT_INTERACTION",
        "BLOCKCHAIN_CONFIRMATION",
        "PROVIDER_CONFIRMING",
        "YIELD_STRATEGY_ACTIVE",
    ]
    assert world.figures(ana) == {
        "banking:pooled:USDC:ethereum": (500_000_000, 0),
        "defi:wallet:AUSDC:ethereum": (UNITS, 0),
    }
    assert world.system() == {
        "fee:network USDC:ethereum": 600_000,
        "ext:chain:treasury USDC:ethereum": NET,
        "ext:chain:wallet AUSDC:ethereum": -UNITS,
        "ext:chain:gas ETH:ethereum": 2 * world.GAS.units,
        "cost:network ETH:ethereum": -2 * world.GAS.units,
    }
    row = world.position(ana)
    assert (row.state, row.units, row.cost_units, row.work_id) == ("active", UNITS, NET, None)
    assert (row.opened_at, row.managed_from) == (world.DAY_ONE, world.DAY_ONE)
    assert (engine.see(made).status, engine.see(made).receive_units) == ("completed", UNITS)


def test_what_is_at_the_address_meanwhile_is_held(scripted: Chain) -> None:
    ana = world.customer()
    scripted.treasury.submits = [world.moved()]
    scripted.aave.submits = [world.did(Stage.SUBMITTED)]

    world.start(ana)
    world.work()

    assert world.figures(ana) == {
        "banking:pooled:USDC:ethereum": (500_000_000, 0),
        "banking:wallet:USDC:ethereum": (NET, NET),
    }
    (order,) = scripted.aave.orders
    assert (order.operation, order.amount, order.customer_id) == (Operation.SUPPLY, Money(NET, world.USDC), ana.id)


def test_a_harvest_brings_the_yield_home_and_the_position_goes_on(scripted: Chain) -> None:
    ana = _active(scripted)
    # Ten days later the index is 1.2525: 399,520,000 units are worth 500,398,800, 998,800 above their cost.
    later = world.DAY_ONE + timedelta(days=10, hours=5)
    scripted.reserve = world.reserve(12525 * 10**23, at=later)
    scripted.aave.submits = [world.redeemed(797_445, 998_800, index=12525 * 10**23, at=later)]
    scripted.treasury.submits = [world.moved()]

    made = world.leave(ana, "harvest")
    world.work()

    txn = engine.see(made)
    assert engine.path(made)[5:] == [
        "SENT_TO_PROVIDER",
        "SMART_CONTRACT_INTERACTION",
        "BLOCKCHAIN_CONFIRMATION",
        "PROVIDER_CONFIRMING",
        "COMPLETED",
    ]
    # 10 days of 0.5 % a year on 499.4 to 500.3988 are 0.068486; a tenth of the yield is 0.09988; gas is 0.60.
    assert {name: txn.results[name] for name in ("redeemed", "performance_fee", "management_fee", "network_fee")} == {
        "redeemed": "998800",
        "performance_fee": "99880",
        "management_fee": "68486",
        "network_fee": "600000",
    }
    assert txn.receive_units == 998_800 - 99_880 - 68_486 - 600_000
    assert scripted.aave.orders[-1].terms["withdraw"] == "998800"
    row = world.position(ana)
    assert (row.state, row.units, row.cost_units) == ("active", UNITS - 797_445, NET)
    assert (row.realised_units, row.fee_units, row.owed_units) == (998_800, 168_366, 0)
    assert row.managed_from == world.DAY_ONE + timedelta(days=10)
    assert world.figures(ana) == {
        "banking:pooled:USDC:ethereum": (500_000_000 + 230_434, 0),
        "defi:wallet:AUSDC:ethereum": (UNITS - 797_445, 0),
    }


def test_a_stop_closes_the_position_and_completes_its_start(scripted: Chain) -> None:
    ana = _active(scripted)
    opened_by = world.position(ana).opened_by_id
    later = world.DAY_ONE + timedelta(days=30)
    scripted.reserve = world.reserve(126 * 10**25, at=later)
    scripted.aave.submits = [world.redeemed(UNITS, 503_400_000, index=126 * 10**25, at=later)]
    scripted.treasury.submits = [world.moved()]

    made = world.leave(ana, "stop_strategy")
    world.work()

    txn = engine.see(made)
    # It brought 503.40 for a cost of 499.40: a tenth of 4.00 is ours; so are 15,043.9256 value-days at 0.5 % / 365.
    assert (txn.state, txn.results["earned"]) == ("COMPLETED", "4000000")
    assert (txn.results["performance_fee"], txn.results["management_fee"]) == ("400000", "206081")
    received = 503_400_000 - 600_000 - 400_000 - 206_081
    assert txn.receive_units == received
    charged = FeeSheet.from_json(txn.fees or {})
    assert (charged.debit.text, charged.receive.units) == ("503.400000", received)
    assert [(line.tier, line.code, line.rate, line.amount.units) for line in charged.lines] == [
        ("platform", "management", "pro rata of a year", 206_081),
        ("platform", "performance", "10% of yield", 400_000),
        ("network", "network_estimate", "estimated", 600_000),
    ]
    assert world.figures(ana) == {"banking:pooled:USDC:ethereum": (500_000_000 + received, 0)}
    assert scripted.aave.orders[-1].terms["withdraw"] == "all"
    row = world.position(ana)
    assert (row.state, row.units, row.cost_units, row.realised_units) == ("closed", 0, 0, 4_000_000)
    assert row.closed_at is not None
    assert engine.path(opened_by)[-2:] == ["YIELD_STRATEGY_ACTIVE", "COMPLETED"]
    assert engine.see(opened_by).reason == "position_closed"
    assert [each.event for each in PositionChange.objects.order_by("id")] == ["opened", "closing", "redeemed", "closed"]


def test_a_loss_costs_no_performance_fee(scripted: Chain) -> None:
    ana = _active(scripted)
    scripted.reserve = world.reserve(INDEX, at=world.DAY_ONE)
    scripted.aave.submits = [world.redeemed(UNITS, 490_000_000)]
    scripted.treasury.submits = [world.moved()]

    made = world.leave(ana, "stop_strategy")
    world.work()

    assert engine.see(made).results["performance_fee"] == "0"
    assert world.position(ana).realised_units == 490_000_000 - NET


def test_a_supply_that_is_refused_brings_the_coins_back_and_gives_the_fees_back(scripted: Chain) -> None:
    ana = world.customer()
    scripted.treasury.submits = [world.moved(), world.moved()]
    scripted.aave.submits = [Rejected(code="reserve_paused")]

    made = world.start(ana)
    world.work()
    world.again(made, 4)

    assert (engine.see(made).state, engine.see(made).reason) == ("COMPENSATED", "reserve_paused")
    assert world.figures(ana) == {"banking:pooled:USDC:ethereum": (1_000_000_000, 0)}
    assert world.system() == {
        "ext:chain:gas ETH:ethereum": 2 * world.GAS.units,
        "cost:network ETH:ethereum": -2 * world.GAS.units,
    }
    assert [order.operation for order in scripted.treasury.orders] == [Operation.CUSTODY_OUT, Operation.CUSTODY_IN]
    assert world.position(ana).state == "closed"


def test_a_supply_that_reverts_costs_its_gas_and_is_undone(scripted: Chain) -> None:
    ana = world.customer()
    scripted.treasury.submits = [world.moved(), world.moved()]
    scripted.aave.submits = [world.did(Stage.SUBMITTED)]
    scripted.aave.statuses = [world.did(Stage.DECLINED, gas=Money(7_000, world.ETH))]

    made = world.start(ana)
    world.work()
    world.again(made, 5)

    assert engine.see(made).state == "COMPENSATED"
    assert world.figures(ana) == {"banking:pooled:USDC:ethereum": (1_000_000_000, 0)}
    assert world.system() == {
        "ext:chain:gas ETH:ethereum": 2 * world.GAS.units + 7_000,
        "cost:network ETH:ethereum": -2 * world.GAS.units - 7_000,
    }


def test_money_that_never_left_ends_failed_with_nothing_held(scripted: Chain) -> None:
    ana = world.customer()
    scripted.treasury.submits = [Rejected(code="token_transfer_refused")]

    made = world.start(ana)
    world.work()

    assert (engine.see(made).state, engine.see(made).reason) == ("FAILED", "token_transfer_refused")
    assert world.figures(ana) == {"banking:pooled:USDC:ethereum": (1_000_000_000, 0)}
    assert (world.position(ana).state, world.system()) == ("closed", {})


def test_a_redemption_that_is_refused_leaves_the_position_as_it_was(scripted: Chain) -> None:
    ana = _active(scripted)
    scripted.aave.submits = [Rejected(code="insufficient_liquidity")]

    made = world.leave(ana, "stop_strategy")
    world.work()

    assert (engine.see(made).state, engine.see(made).reason) == ("FAILED", "insufficient_liquidity")
    row = world.position(ana)
    assert (row.state, row.units, row.work_id) == ("active", UNITS, None)
    assert world.figures(ana)["defi:wallet:AUSDC:ethereum"] == (UNITS, 0)
    assert engine.see(row.opened_by_id).state == "YIELD_STRATEGY_ACTIVE"


@pytest.mark.parametrize("seen", [[], [Stage.EXECUTED]])
def test_a_redemption_that_reverts_costs_its_gas_and_nothing_else(scripted: Chain, seen: list[Stage]) -> None:
    ana = _active(scripted)
    before = world.system()
    # What was in a block may vanish with it and revert the next time.
    scripted.aave.submits = [world.did(Stage.SUBMITTED)]
    scripted.aave.statuses = [*map(world.did, seen), world.did(Stage.DECLINED, gas=Money(7_000, world.ETH))]

    made = world.leave(ana, "stop_strategy")
    world.work()
    world.again(made, 1 + len(seen))

    assert engine.see(made).state == "FAILED"
    row = world.position(ana)
    assert (row.state, row.units, row.work_id) == ("active", UNITS, None)
    assert world.figures(ana)["defi:wallet:AUSDC:ethereum"] == (UNITS, 0)
    after = world.system()
    assert after.pop("ext:chain:gas ETH:ethereum") - before.pop("ext:chain:gas ETH:ethereum") == 7_000
    assert after.pop("cost:network ETH:ethereum") - before.pop("cost:network ETH:ethereum") == -7_000
    assert after == before


def test_a_customer_who_changes_his_mind_in_time_keeps_everything(scripted: Chain) -> None:
    ana = world.customer()
    made = world.start(ana)

    cancel.request(transaction_id=made, customer_id=ana.id, actor="customer:test")
    world.again(made, 2)

    assert engine.see(made).state == "FAILED"
    assert world.figures(ana) == {"banking:pooled:USDC:ethereum": (1_000_000_000, 0)}
    assert scripted.treasury.orders == []
    assert world.start(ana)


def test_a_stop_that_is_cancelled_at_once_leaves_the_position_active(scripted: Chain) -> None:
    ana = _active(scripted)
    made = world.leave(ana, "stop_strategy")

    cancel.request(transaction_id=made, customer_id=ana.id, actor="customer:test")
    world.again(made)

    assert engine.see(made).state == "FAILED"
    assert world.position(ana).state == "active"
    assert world.leave(ana, "stop_strategy")


def test_what_was_redeemed_comes_home_however_long_it_takes(scripted: Chain) -> None:
    ana = _active(scripted)
    scripted.aave.submits = [world.redeemed(UNITS, 499_400_000)]
    scripted.treasury.submits = [Unavailable(), Unavailable(), Unavailable(), Unavailable(), world.moved()]

    made = world.leave(ana, "stop_strategy")
    world.work()
    assert world.figures(ana)["banking:wallet:USDC:ethereum"] == (499_400_000, 499_400_000)
    world.again(made, 5)

    assert engine.see(made).state == "COMPLETED"
    assert world.position(ana).state == "closed"
    assert "banking:wallet:USDC:ethereum" not in world.figures(ana)
    DeadLetter.objects.filter(state="OPEN").update(state="RESOLVED")


def test_an_unknown_outcome_holds_everything_until_the_chain_says(scripted: Chain) -> None:
    ana = world.customer()
    scripted.treasury.submits = [world.moved()]
    scripted.aave.submits = [OutcomeUnknown()]
    scripted.aave.statuses = [OutcomeUnknown(), world.supplied(NET)]

    made = world.start(ana)
    world.work()
    world.again(made)
    assert world.figures(ana)["banking:wallet:USDC:ethereum"] == (NET, NET)
    assert engine.attempts(made)[-1].state == AttemptState.UNKNOWN
    world.again(made)

    assert engine.see(made).state == "YIELD_STRATEGY_ACTIVE"
    assert len(scripted.aave.orders) == 1


def test_a_call_that_was_never_stored_is_made_again_under_its_key(scripted: Chain) -> None:
    ana = world.customer()
    scripted.treasury.submits = [world.moved()]
    scripted.aave.submits = [OutcomeUnknown(), world.supplied(NET)]
    scripted.aave.statuses = [None]

    made = world.start(ana)
    world.work()
    world.again(made, 2)

    assert engine.see(made).state == "YIELD_STRATEGY_ACTIVE"
    assert len({order.key for order in scripted.aave.orders}) == 1
