"""The treasury's adapter: coins go to a customer's address and come back, gas is ours, absence is proof."""

from __future__ import annotations

from uuid import UUID, uuid4

import pytest

from core.chains import custody, operations, wallets
from core.chains.models import ChainOperation, Wallet
from core.kernel.money import Money
from core.providers import contract, registry
from core.providers.contract import Operation, Order, Proof, Query, Stage
from tests.chain.handle import Chain
from tests.core.chains.acts import tick

ETHER = 10**18
DOLLAR = 10**6


def order(operation: Operation, amount: Money, customer: UUID, *, key: str = "txn:custody") -> Order:
    return Order(
        operation=operation,
        method="ethereum",
        key=key,
        reference="txn_1",
        amount=amount,
        instrument={},
        customer_id=customer,
    )


def settle(chain: Chain) -> None:
    tick(chain)
    chain.mine(3)
    tick(chain)
    chain.mine(3)
    tick(chain)


def asked(of: Order) -> contract.Report:
    found = custody.Treasury().status(Query(operation=of.operation, key=of.key, reference=of.reference))
    assert found is not None
    return found


def test_it_is_known_and_says_what_it_can(db: None) -> None:
    found = registry.candidates(operation=Operation.CUSTODY_OUT, method="ethereum", asset="USDC:ethereum")

    assert [each.adapter.code for each in found] == ["treasury"]
    assert found[0].capability.proof is Proof.LOOKUP_BY_KEY
    assert found[0].capability.proof_after_s == 120.0


def test_coins_reach_the_customers_address_with_gas_for_what_comes_next(ethereum: Chain) -> None:
    customer, amount = uuid4(), Money.of(250 * DOLLAR, "USDC:ethereum")
    wanted = order(Operation.CUSTODY_OUT, amount, customer)

    first = custody.Treasury().submit(wanted)
    settle(ethereum)
    done = asked(wanted)

    address = wallets.address_of(owner=customer, chain="ethereum")
    assert (first.stage, first.costs, first.key, first.reference) == (Stage.SUBMITTED, (), "txn:custody", "txn_1")
    assert (done.stage, done.amount, done.spent, done.received) == (Stage.SETTLED, amount, amount, amount)
    assert ethereum.balance_of("USDC:ethereum", address) == 250 * DOLLAR
    treasury = wallets.ensure(owner="treasury", chain="ethereum")
    assert ethereum.ether_of(address) + treasury.gas_received == int(done.facts["gas_top_up"])
    assert ethereum.ether_of(address) > ETHER // 10_000
    receipts = [ethereum.receipt(each) for each in done.facts["tx_hashes"].split(",")]
    gas = sum(int(each["gasUsed"], 16) * int(each["effectiveGasPrice"], 16) for each in receipts if each)
    assert done.costs == (Money.of(gas, "ETH:ethereum"),)
    assert done.facts["tx_hash"] in done.facts["tx_hashes"].split(",")
    assert int(done.facts["confirmations"]) >= 3


@pytest.mark.parametrize(("asset", "units"), [("USDC:ethereum", 100 * DOLLAR), ("ETH:ethereum", ETHER)])
def test_coins_come_back_whole(ethereum: Chain, asset: str, units: int) -> None:
    customer, amount = uuid4(), Money.of(units, asset)
    out = order(Operation.CUSTODY_OUT, amount, customer, key="out")
    custody.Treasury().submit(out)
    settle(ethereum)
    address = wallets.address_of(owner=customer, chain="ethereum")
    back = order(Operation.CUSTODY_IN, amount, customer, key="back")
    custody.Treasury().submit(back)
    settle(ethereum)

    done = asked(back)
    assert (done.stage, done.received) == (Stage.SETTLED, amount)
    view = operations.status(key="back")
    assert view is not None
    assert [step.label for step in view.steps] == ["move"]
    assert ethereum.ether_of(address) == wallets.ensure(owner=customer, chain="ethereum").gas_left > 0
    if asset == "USDC:ethereum":
        assert ethereum.balance_of(asset, address) == 0
        treasury = wallets.address_of(owner="treasury", chain="ethereum")
        assert ethereum.balance_of(asset, treasury) == 1_000_000 * DOLLAR


def test_an_address_with_enough_gas_gets_no_more(ethereum: Chain) -> None:
    customer, amount = uuid4(), Money.of(DOLLAR, "USDC:ethereum")
    custody.Treasury().submit(order(Operation.CUSTODY_OUT, amount, customer, key="first"))
    settle(ethereum)

    custody.Treasury().submit(order(Operation.CUSTODY_OUT, amount, customer))

    view = operations.status(key="txn:custody")
    assert view is not None
    assert [step.label for step in view.steps] == ["move"]


def test_a_customers_own_coin_is_no_gas(ethereum: Chain) -> None:
    """Ether that came from a swap lies at the address; the gas for its way back is ours all the same."""
    customer, amount = uuid4(), Money.of(ETHER, "ETH:ethereum")
    address = wallets.address_of(owner=customer, chain="ethereum")
    ethereum.give_ether(address, ETHER)
    back = order(Operation.CUSTODY_IN, amount, customer)

    custody.Treasury().submit(back)
    settle(ethereum)

    assert asked(back).stage is Stage.SETTLED
    assert ethereum.ether_of(address) == wallets.ensure(owner=customer, chain="ethereum").gas_left > 0


def test_a_treasury_without_coin_gets_its_gas_first(ethereum: Chain) -> None:
    ethereum.give_ether(wallets.address_of(owner="treasury", chain="ethereum"), 0)
    wanted = order(Operation.CUSTODY_OUT, Money.of(DOLLAR, "USDC:ethereum"), uuid4())

    custody.Treasury().submit(wanted)
    settle(ethereum)

    assert asked(wanted).stage is Stage.SETTLED


def test_gas_that_vanished_with_its_block_is_not_counted(ethereum: Chain) -> None:
    tick(ethereum)
    wanted = order(Operation.CUSTODY_OUT, Money.of(DOLLAR, "USDC:ethereum"), uuid4())
    custody.Treasury().submit(wanted)
    tick(ethereum)
    assert wallets.ensure(owner="treasury", chain="ethereum").gas_left > 0

    with ethereum.held():
        ethereum.reorg(3)
        tick(ethereum)

    assert {(wallet.gas_received, wallet.gas_spent) for wallet in Wallet.objects.all()} == {(0, 0)}


def test_the_same_order_again_moves_nothing_more(ethereum: Chain) -> None:
    customer, amount = uuid4(), Money.of(DOLLAR, "USDC:ethereum")
    wanted = order(Operation.CUSTODY_OUT, amount, customer)

    first = custody.Treasury().submit(wanted)
    again = custody.Treasury().submit(wanted)
    settle(ethereum)

    assert (again.key, again.facts["tx_hashes"]) == (first.key, first.facts["tx_hashes"])
    assert ethereum.balance_of("USDC:ethereum", wallets.address_of(owner=customer, chain="ethereum")) == DOLLAR


def test_more_than_the_treasury_has_is_refused_before_anything_is_stored(ethereum: Chain) -> None:
    customer, amount = uuid4(), Money.of(2_000_000 * DOLLAR, "USDC:ethereum")
    wanted = order(Operation.CUSTODY_OUT, amount, customer)

    with pytest.raises(contract.Rejected, match="insufficient_token_balance"):
        custody.Treasury().submit(wanted)

    assert custody.Treasury().status(Query(operation=wanted.operation, key=wanted.key, reference="")) is None
    assert ChainOperation.objects.count() == 0


def test_without_a_chain_it_says_so(db: None) -> None:
    wanted = order(Operation.CUSTODY_OUT, Money.of(DOLLAR, "USDC:ethereum"), uuid4())

    with pytest.raises(contract.Rejected, match="chain_unavailable"):
        custody.Treasury().submit(wanted)
