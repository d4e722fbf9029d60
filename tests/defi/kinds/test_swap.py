"""The life of a swap with every figure, and each of its legs failing."""

from __future__ import annotations

import pytest

from core.kernel import assets
from core.kernel.money import Money
from core.providers.contract import Operation, Rejected, Stage, Unavailable
from tests.core.orchestration import world as engine
from tests.defi import world
from tests.defi.conftest import Chain

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("books_agree")]
# 300 USDC less a quarter of a percent and the network fee of 0.60.
NET = 298_650_000
OUT = 99_450_000_000_000_000
USDT = assets.get("USDT:ethereum")


@pytest.fixture(autouse=True)
def _pools(scripted: Chain) -> None:
    """Both pools give one ether for 3,000 USDC, less their fee; the deep one also takes a little for depth."""
    scripted.quotes[(500,)] = lambda given: Money(given.units * 10**12 * 9_995 // (3_000 * 10_000), world.ETH)
    scripted.quotes[(3000,)] = lambda given: Money(given.units * 10**12 * 9_970 // (3_000 * 10_000), world.ETH)


def test_coins_go_out_through_the_pool_and_home_and_the_actual_amount_counts(scripted: Chain) -> None:
    ana = world.customer()
    scripted.treasury.submits = [world.moved(), world.moved()]
    scripted.uniswap.submits = [world.did(Stage.SUBMITTED)]
    scripted.uniswap.statuses = [world.did(received=Money(OUT, world.ETH))]

    made = world.swap(ana)
    world.work()
    assert world.figures(ana)["banking:wallet:USDC:ethereum"] == (NET, NET)
    world.again(made)

    assert engine.path(made)[5:] == [
        "SENT_TO_PROVIDER",
        "PROVIDER_PROCESSING",
        "SMART_CONTRACT_INTERACTION",
        "BLOCKCHAIN_CONFIRMATION",
        "PROVIDER_CONFIRMING",
        "COMPLETED",
    ]
    assert world.figures(ana) == {
        "banking:pooled:USDC:ethereum": (700_000_000, 0),
        "investing:pooled:ETH:ethereum": (OUT, 0),
    }
    assert world.system() == {
        "fee:platform USDC:ethereum": 750_000,
        "fee:network USDC:ethereum": 600_000,
        "ext:chain:treasury USDC:ethereum": NET,
        "ext:chain:treasury ETH:ethereum": -OUT,
        "ext:chain:gas ETH:ethereum": 3 * world.GAS.units,
        "cost:network ETH:ethereum": -3 * world.GAS.units,
    }
    txn = engine.see(made)
    assert (txn.receive_units, txn.target_asset, txn.results["spent"]) == (OUT, "ETH:ethereum", str(NET))


def test_the_best_pool_is_locked_with_the_least_that_must_arrive(scripted: Chain) -> None:
    ana = world.customer()
    scripted.treasury.submits = [world.moved(Stage.SUBMITTED)]

    made = world.swap(ana, max_slippage_bps=30)

    terms = engine.see(made).terms
    expected = NET * 10**12 * 9_995 // (3_000 * 10_000)
    assert terms["route"] == {"coins": ["USDC:ethereum", "ETH:ethereum"], "fees": ["500"]}
    assert (int(terms["expected"]), int(terms["minimum"])) == (expected, expected * 9_970 // 10_000)
    assert (terms["slippage_bps"], terms["contract"]) == ("30", "0x00000000000000000000000000000000000000A5")


def test_a_price_that_moved_too_far_brings_everything_back(scripted: Chain) -> None:
    ana = world.customer()
    scripted.treasury.submits = [world.moved(), world.moved()]
    scripted.uniswap.submits = [Rejected(code="slippage_exceeded")]

    made = world.swap(ana)
    world.work()
    world.again(made, 4)

    assert (engine.see(made).state, engine.see(made).reason) == ("COMPENSATED", "slippage_exceeded")
    assert world.figures(ana) == {"banking:pooled:USDC:ethereum": (1_000_000_000, 0)}
    assert [order.amount for order in scripted.treasury.orders] == [Money(NET, world.USDC)] * 2


def test_a_node_that_is_away_is_asked_again_and_then_the_coins_come_back(scripted: Chain) -> None:
    ana = world.customer()
    scripted.treasury.submits = [world.moved(), Unavailable(), world.moved()]
    scripted.uniswap.submits = [Unavailable(), Unavailable(), Unavailable()]

    made = world.swap(ana)
    world.work()
    world.again(made, 8)

    assert (engine.see(made).state, engine.see(made).reason) == ("COMPENSATED", "provider_unavailable")
    assert world.figures(ana) == {"banking:pooled:USDC:ethereum": (1_000_000_000, 0)}


def test_what_came_out_of_the_pool_is_never_taken_back(scripted: Chain) -> None:
    ana = world.customer()
    scripted.treasury.submits = [world.moved(), Unavailable(), Unavailable(), Unavailable(), world.moved()]
    scripted.uniswap.submits = [world.did(received=Money(OUT, world.ETH))]

    made = world.swap(ana)
    world.work()
    world.again(made, 5)

    assert engine.see(made).state == "COMPLETED"
    assert world.figures(ana)["investing:pooled:ETH:ethereum"] == (OUT, 0)
    assert [order.operation for order in scripted.treasury.orders] == [
        Operation.CUSTODY_OUT,
        *[Operation.CUSTODY_IN] * 4,
    ]


def test_ether_becomes_tether_over_the_coin_between(scripted: Chain) -> None:
    ana = world.customer(units=0)
    world.grant(ana, Money(10**17, world.ETH))
    scripted.quotes[(500, 100)] = lambda given: Money(given.units * 2_998 // 10**12, USDT)
    scripted.quotes[(3000, 100)] = lambda given: Money(given.units * 2_990 // 10**12, USDT)
    scripted.treasury.submits = [world.moved(), world.moved()]
    scripted.uniswap.submits = [world.did(received=Money(298_000_000, USDT))]

    made = world.swap(ana, "0.1", given=world.ETH, target=USDT)
    world.work()

    assert engine.see(made).terms["route"]["coins"] == ["ETH:ethereum", "USDC:ethereum", "USDT:ethereum"]
    assert world.figures(ana) == {"banking:pooled:USDT:ethereum": (298_000_000, 0)}
