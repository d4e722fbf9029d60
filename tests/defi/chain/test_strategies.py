"""Strategies on the real Aave: what is earned is what the contract says, to the last unit."""

from __future__ import annotations

import pytest

from core.chains.models import Arrival
from core.kernel.money import Money
from defi import queries
from defi.analysis.rays import Index, Rounding
from defi.models import Strategy
from defi.services import readings
from tests.chain.handle import Chain
from tests.core.orchestration import world as engine
from tests.defi import world
from tests.defi.chain import travel

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("books_agree")]
DAY = 24 * 3600
POOL, ATOKEN, USDC = "aave_v3.pool", "AUSDC:ethereum", "USDC:ethereum"


def _index(chain: Chain) -> Index:
    ray = chain.ask(POOL, "getReserveNormalizedIncome(address)", chain.address(USDC))
    return Index(ray=int(ray), rounding=Rounding.HALF_UP)


def _scaled(chain: Chain, owner: world.CustomerView) -> int:
    return int(chain.ask(ATOKEN, "scaledBalanceOf(address)", travel.address(owner)))


def test_a_month_of_interest_is_the_contracts_own_and_comes_home(ethereum: Chain) -> None:
    ana = world.customer()
    started = world.start(ana, "500")
    travel.settle(ethereum, started)

    row = world.position(ana)
    assert engine.see(started).state == "YIELD_STRATEGY_ACTIVE"
    assert row.units == _scaled(ethereum, ana)
    assert row.cost_units == engine.see(started).debit_units - world.system()["fee:network USDC:ethereum"]

    ethereum.travel(30 * DAY)
    readings.observe(Strategy.objects.get())
    worth = queries.value_of(queries.position(customer_id=ana.id, position_id=row.id))
    assert worth is not None
    assert worth.value.units == ethereum.balance_of(ATOKEN, travel.address(ana)) == _index(ethereum).worth(row.units)
    assert worth.accrued.units > 1_000_000  # 500 USDC at some 4 % for a month

    stopped = world.leave(ana, "stop_strategy")
    travel.settle(ethereum, stopped)

    txn = engine.see(stopped)
    withdrawn = _withdrawn(ethereum, txn.results["tx_hash"])
    assert txn.state == "COMPLETED"
    assert (int(txn.results["redeemed"]), _scaled(ethereum, ana)) == (withdrawn, 0)
    earned = withdrawn - int(row.cost_units)
    assert earned >= worth.accrued.units
    assert int(txn.results["performance_fee"]) == (earned + 5) // 10
    assert txn.receive_units == withdrawn - sum(
        int(txn.results[name]) for name in ("performance_fee", "management_fee", "network_fee")
    )
    # 30 days of half a percent a year on some 500 are about 0.205; whole days count.
    assert 204_000 < int(txn.results["management_fee"]) < 207_000
    assert engine.see(started).state == "COMPLETED"
    # What our own calls bring to the address did not arrive unasked.
    assert not Arrival.objects.exclude(wallet__owner="treasury").exists()
    assert world.figures(ana)["banking:pooled:USDC:ethereum"] == (500_000_000 + int(txn.receive_units or 0), 0)


def test_a_harvest_takes_the_yield_and_leaves_the_rest_at_work(ethereum: Chain) -> None:
    ana = world.customer(units=100_000_000_000)
    travel.settle(ethereum, world.start(ana, "50000"))
    row = world.position(ana)
    ethereum.travel(30 * DAY)

    harvested = world.leave(ana, "harvest")
    travel.settle(ethereum, harvested)

    after, txn = world.position(ana), engine.see(harvested)
    assert txn.state == "COMPLETED"
    assert after.state == "active"
    assert (after.units, after.cost_units) == (_scaled(ethereum, ana), row.cost_units)
    assert after.realised_units == int(txn.results["redeemed"]) == _withdrawn(ethereum, txn.results["tx_hash"])
    # What is left is worth what was put in, and the seconds of interest since the terms were agreed.
    left = _index(ethereum).worth(int(after.units)) - int(after.cost_units)
    assert 0 <= left < 10_000


def test_nothing_is_allowed_beyond_the_order(ethereum: Chain) -> None:
    ana = world.customer()

    travel.settle(ethereum, world.start(ana, "500"))

    allowed = ethereum.ask(USDC, "allowance(address,address)", travel.address(ana), ethereum.address(POOL))
    assert allowed == 0


def test_a_supply_that_vanishes_with_its_block_is_mined_again_and_posted_once(ethereum: Chain) -> None:
    ana = world.customer()
    started = world.start(ana, "500")
    travel.until(ethereum, started, state="BLOCKCHAIN_CONFIRMATION")

    ethereum.reorg(2)
    travel.settle(ethereum, started)

    assert engine.see(started).state == "YIELD_STRATEGY_ACTIVE"
    assert world.position(ana).units == _scaled(ethereum, ana) > 0
    supplied = Money(int(world.position(ana).cost_units), world.USDC)
    assert abs(ethereum.balance_of(ATOKEN, travel.address(ana)) - supplied.units) < 1_000


@pytest.mark.usefixtures("hasty")
def test_a_node_that_is_away_delays_the_books_and_nothing_else(ethereum: Chain) -> None:
    ana = world.customer()
    travel.settle(ethereum, world.start(ana, "500"))
    stopped = world.leave(ana, "stop_strategy")
    travel.until(ethereum, stopped, state="BLOCKCHAIN_CONFIRMATION")
    travel.follow(ethereum)

    with ethereum.silenced():
        world.again(stopped, 2)
    row = world.position(ana)
    assert (engine.see(stopped).state, row.state) == ("BLOCKCHAIN_CONFIRMATION", "closing")
    assert world.figures(ana)["defi:wallet:AUSDC:ethereum"] == (row.units, row.units)
    travel.settle(ethereum, stopped)

    assert engine.see(stopped).state == "COMPLETED"
    assert "banking:wallet:USDC:ethereum" not in world.figures(ana)
    assert ethereum.balance_of(USDC, travel.address(ana)) == 0


def _withdrawn(chain: Chain, tx_hash: str) -> int:
    """Return what the pool's own log of a withdrawal says."""
    receipt = chain.receipt(tx_hash)
    assert receipt is not None
    (log,) = [each for each in receipt["logs"] if each["topics"][0].startswith("0x3115d144")]
    return int(log["data"], 16)
