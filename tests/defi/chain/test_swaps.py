"""Swaps on the real Uniswap: what arrives is what its quoter says, or nothing happens at all."""

from __future__ import annotations

from uuid import UUID

import pytest

from core.chains import abi, operations, watch
from core.chains.models import Arrival, Broadcast, OperationState
from core.chains.operations import Step
from core.kernel import assets
from core.kernel.money import Money
from core.providers import contract
from core.providers.contract import Operation, Order, Stage
from defi.providers import sending, uniswap_v3
from defi.providers.uniswap_v3 import Route
from tests.chain.handle import Chain
from tests.core.orchestration import world as engine
from tests.defi import world
from tests.defi.chain import travel

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("books_agree")]
USDT = assets.get("USDT:ethereum")
QUOTED = "quoteExactInputSingle((address,address,uint256,uint24,uint160))"
QUOTE = ("uint256", "uint160", "uint32", "uint256")


def _quoter(chain: Chain, given: str, target: str, units: int, fee: int) -> int:
    """Ask QuoterV2 itself, without our code."""
    asked = (chain.address(given), chain.address(target), units, fee, 0)
    return int(chain.ask("uniswap_v3.quoter", QUOTED, asked, returns=QUOTE)[0])


def test_a_swap_brings_what_the_quoter_says_to_the_last_unit(ethereum: Chain) -> None:
    ana = world.customer()
    started = world.swap(ana, "300")
    net = 298_650_000 + 600_000 - world_fee(started)

    quotes = {fee: _quoter(ethereum, "USDC:ethereum", "WETH", net, fee) for fee in (500, 3000)}
    travel.settle(ethereum, started)

    txn = engine.see(started)
    assert (txn.state, txn.terms["route"]["fees"]) == ("COMPLETED", ["500"])
    assert int(txn.results["spent"]) == net
    assert txn.receive_units == int(txn.terms["expected"]) == quotes[500] == max(quotes.values())
    assert world.figures(ana) == {
        "banking:pooled:USDC:ethereum": (700_000_000, 0),
        "investing:pooled:ETH:ethereum": (quotes[500], 0),
    }


def world_fee(transaction_id: UUID) -> int:
    """Return the network fee that a transaction was priced with."""
    lines = (engine.see(transaction_id).fees or {})["lines"]
    return next(int(line["units"]) for line in lines if line["tier"] == "network")


def test_ether_becomes_tether_over_two_pools(ethereum: Chain) -> None:
    ana = world.customer(units=0)
    world.grant(ana, Money(10**18, world.ETH))

    made = world.swap(ana, "0.5", given=world.ETH, target=USDT)
    travel.settle(ethereum, made)

    txn = engine.see(made)
    assert (txn.state, len(txn.terms["route"]["fees"])) == ("COMPLETED", 2)
    assert int(txn.results["received"]) == int(txn.terms["expected"])
    # Half an ether at 3,000 less our quarter of a percent, the network and the pools.
    assert 1_490_000_000 < int(txn.results["received"]) < 1_500_000_000
    assert ethereum.balance_of("USDT:ethereum", travel.address(ana)) == 0
    assert not Arrival.objects.exclude(wallet__owner="treasury").exists()


def test_what_would_be_too_little_is_never_sent(ethereum: Chain) -> None:
    ana = world.customer()
    made = world.swap(ana, "300", max_slippage_bps=0)
    _someone_buys_ether(ethereum, 500_000 * 10**6)

    travel.settle(ethereum, made)

    assert (engine.see(made).state, engine.see(made).reason) == ("COMPENSATED", "slippage_exceeded")
    assert world.figures(ana) == {"banking:pooled:USDC:ethereum": (1_000_000_000, 0)}
    assert ethereum.balance_of("USDC:ethereum", travel.address(ana)) == 0


def test_a_price_that_moves_while_it_waits_reverts_and_costs_only_us(ethereum: Chain) -> None:
    ana = world.customer()
    made = world.swap(ana, "300", max_slippage_bps=0)
    _wait_in_the_mempool(ethereum, made)
    _someone_buys_ether(ethereum, 500_000 * 10**6)

    travel.settle(ethereum, made)

    txn = engine.see(made)
    assert (txn.state, txn.reason) == ("COMPENSATED", "slippage_exceeded")
    assert world.figures(ana) == {"banking:pooled:USDC:ethereum": (1_000_000_000, 0)}
    (attempt,) = [each for each in engine.attempts(made) if each.leg == "swap"]
    view = operations.status(key=attempt.key)
    assert view is not None
    assert (view.state, view.step("swap").succeeded) == (OperationState.REVERTED, False)
    assert world.system()["cost:network ETH:ethereum"] <= -view.cost.units < 0


def test_an_old_allowance_of_tether_is_reset_before_the_new_one(ethereum: Chain) -> None:
    ana = world.customer(units=0)
    address = travel.address(ana)
    router = ethereum.contracts["uniswap_v3.router"]
    ethereum.give_ether(address, 10**18)
    ethereum.mint("USDT:ethereum", address, 50_000_000)
    old = abi.encode("approve(address,uint256)", router, 7)
    step = Step(sender=ana.id, to=ethereum.contracts["USDT:ethereum"], data=old, label="approve")
    operations.submit(key="old", chain="ethereum", steps=[step])
    ethereum.mine()
    watch.tick(chain="ethereum")

    uniswap_v3.UniswapV3().submit(_order(ana.id, Money(50_000_000, USDT), 49_000_000))

    view = operations.status(key="txn:swap")
    assert view is not None
    # Ether that is not ours to burn lies there, so gas is brought first.
    assert [step.label for step in view.steps] == ["top_up", "reset", "approve", "swap"]
    travel.follow(ethereum)
    done = operations.status(key="txn:swap")
    assert done is not None
    assert ethereum.ask("USDT:ethereum", "allowance(address,address)", address, router) == 0
    assert uniswap_v3.swapped(done).spent == Money(50_000_000, USDT)


def test_what_is_allowed_now_is_not_relied_on_while_something_else_of_the_address_waits(ethereum: Chain) -> None:
    """An order before this one may use the allowance up, or leave one behind, which tether does not change to another.

    Then the allowance of this order would be refused, and its swap would take what the other one left.
    """
    ana, amount = world.customer(units=0), Money(50_000_000, USDT)
    router = ethereum.contracts["uniswap_v3.router"]
    ethereum.give_ether(travel.address(ana), 10**18)
    ethereum.mint("USDT:ethereum", travel.address(ana), 100_000_000)

    def labels() -> list[str]:
        return [step.label for step in sending.allowances(owner=ana.id, amount=amount, spender=router)]

    alone = labels()
    allowing = sending.allowances(owner=ana.id, amount=amount, spender=router)
    with ethereum.held():
        operations.submit(key="other", chain="ethereum", steps=allowing)
        before = labels()
        ethereum.mine()
        mined = labels()
    ethereum.mine(20)
    watch.tick(chain="ethereum")
    watch.tick(chain="ethereum")

    assert (alone, before, mined, labels()) == (["approve"], ["reset", "approve"], ["reset", "approve"], [])


def test_the_same_order_is_sent_once_however_often_it_is_submitted(ethereum: Chain) -> None:
    ana = world.customer(units=0)
    ethereum.mint("USDT:ethereum", travel.address(ana), 50_000_000)
    order = _order(ana.id, Money(20_000_000, USDT), 19_000_000)

    first = uniswap_v3.UniswapV3().submit(order)
    travel.follow(ethereum)
    again = uniswap_v3.UniswapV3().submit(order)

    assert (first.stage, again.stage) == (Stage.SUBMITTED, Stage.SETTLED)
    assert ethereum.balance_of("USDT:ethereum", travel.address(ana)) == 30_000_000


def test_what_the_customer_does_not_have_is_refused_in_plain_words(ethereum: Chain) -> None:
    ana = world.customer(units=0)

    with pytest.raises(contract.Rejected) as refused:
        uniswap_v3.UniswapV3().submit(_order(ana.id, Money(50_000_000, USDT), 49_000_000))

    assert refused.value.code == "token_transfer_refused"
    assert operations.status(key="txn:swap") is None


def _order(customer_id: UUID, amount: Money, minimum: int) -> Order:
    route = Route(coins=(amount.asset, world.USDC), fees=(100,))
    return Order(
        operation=Operation.SWAP,
        method="uniswap_v3",
        key="txn:swap",
        reference="txn_1",
        amount=amount,
        instrument={},
        target=world.USDC,
        terms={"route": route.to_json(), "minimum": str(minimum)},
        customer_id=customer_id,
    )


def _someone_buys_ether(chain: Chain, units: int) -> None:
    """Move the price of ether up in both pools."""
    somebody = chain.accounts[1]
    chain.mint("USDC:ethereum", somebody, 2 * units)
    router = chain.contracts["uniswap_v3.router"]
    chain.send(somebody, "USDC:ethereum", "approve(address,uint256)", router, 2 * units)
    for fee in (500, 3000):
        swap = (chain.address("USDC:ethereum"), chain.address("WETH"), fee, somebody, units, 0, 0)
        chain.send(
            somebody,
            "uniswap_v3.router",
            "exactInputSingle((address,address,uint24,address,uint256,uint256,uint160))",
            swap,
        )


def _wait_in_the_mempool(chain: Chain, transaction_id: UUID) -> None:
    """Work until the swap is signed and sent, and have the node lose it: the watcher will send it again."""
    for _ in range(travel.ROUNDS):
        with chain.held():
            world.again(transaction_id)
            if engine.attempts(transaction_id)[-1].leg == "swap":
                chain.node.call("anvil_dropAllTransactions")
                Broadcast.objects.filter(sent_at__isnull=False).update(sent_at="2026-01-01T00:00:00Z")
                return
        chain.mine()
        watch.tick(chain="ethereum")
    raise AssertionError("the swap was never sent")
