"""Operations: simulated whole, stored once under their key with nonces and signatures, sent, and told as they are."""

from __future__ import annotations

from uuid import uuid4

import pytest

from core.chains import abi, evm, operations, wallets
from core.chains.models import Broadcast, ChainOperation, ChainTransaction, OperationState, Wallet
from core.chains.operations import Step
from core.kernel import assets, errors
from core.kernel.money import Money
from core.providers import contract
from tests.chain.handle import Chain
from tests.core.chains.acts import quiet, tick

ETHER = 10**18
DOLLAR = 10**6
USDC = assets.get("USDC:ethereum")


def pay(
    to: str, wei: int = ETHER, *, sender: wallets.Owner = "treasury", label: str = "pay", waits: bool = False
) -> Step:
    return Step(sender=sender, to=to, value=wei, label=label, waits=waits)


def transfer(chain: Chain, to: str, units: int) -> Step:
    data = abi.encode("transfer(address,uint256)", to, units)
    return Step(sender="treasury", to=chain.contracts["USDC:ethereum"], data=data, label="transfer")


def test_a_payment_is_sent_mined_and_final(ethereum: Chain) -> None:
    to = ethereum.accounts[0]
    before = ethereum.ether_of(to)

    sent = operations.submit(key="k1", chain="ethereum", steps=[pay(to)], reference="txn_1")
    tick(ethereum)
    mined = operations.status(key="k1")
    ethereum.mine(2)
    tick(ethereum)
    final = operations.status(key="k1")

    assert (sent.state, sent.confirmations, sent.cost) == (OperationState.PENDING, 0, Money.of(0, "ETH:ethereum"))
    assert mined is not None
    assert final is not None
    assert (mined.state, mined.confirmations, mined.required) == (OperationState.MINED, 1, 3)
    assert (final.state, final.confirmations, final.reference) == (OperationState.FINAL, 3, "txn_1")
    assert ethereum.ether_of(to) == before + ETHER
    told = ethereum.receipt(final.steps[0].hash)
    assert told is not None
    assert final.cost.units == int(told["gasUsed"], 16) * int(told["effectiveGasPrice"], 16) > 0
    assert final.steps[0].block_number == int(told["blockNumber"], 16)


def test_the_same_key_does_it_once(ethereum: Chain) -> None:
    to = ethereum.accounts[0]
    before = ethereum.ether_of(to)

    first = operations.submit(key="k1", chain="ethereum", steps=[pay(to)])
    again = operations.submit(key="k1", chain="ethereum", steps=[pay(to, 5 * ETHER)])
    quiet(ethereum)

    assert again.hashes == first.hashes
    assert ethereum.ether_of(to) == before + ETHER
    assert ChainTransaction.objects.count() == Broadcast.objects.count() == 1
    with pytest.raises(errors.Refused, match="not supported"):
        operations.submit(key="k2", chain="solana", steps=[pay(to)])


def test_allowance_and_what_needs_it_are_one_operation(ethereum: Chain) -> None:
    router = ethereum.contracts["uniswap_v3.router"]
    usdc, weth = ethereum.contracts["USDC:ethereum"], ethereum.contracts["WETH"]
    treasury = wallets.address_of(owner="treasury", chain="ethereum")
    swap = abi.encode(
        "exactInputSingle((address,address,uint24,address,uint256,uint256,uint160))",
        (usdc, weth, 500, treasury, 3_000 * DOLLAR, 0, 0),
    )
    steps = [
        Step(
            sender="treasury",
            to=usdc,
            data=abi.encode("approve(address,uint256)", router, 3_000 * DOLLAR),
            label="approve",
        ),
        Step(sender="treasury", to=router, data=swap, label="swap"),
    ]

    operations.submit(key="swap", chain="ethereum", steps=steps)
    ethereum.mine(3)
    tick(ethereum)

    view = operations.status(key="swap")
    assert view is not None
    assert view.state is OperationState.FINAL
    assert [step.nonce for step in view.steps] == [0, 1]
    received = ethereum.balance_of("WETH", treasury)
    moved = [log for log in view.step("swap").logs if log.topics[0] == abi.topic("Transfer(address,address,uint256)")]
    assert received == next(int(log.data, 16) for log in moved if log.topics[2] == abi.topic_of(treasury)) > 0


def test_what_would_be_refused_is_never_sent(ethereum: Chain) -> None:
    too_much = transfer(ethereum, ethereum.accounts[0], 2_000_000 * DOLLAR)

    with pytest.raises(contract.Rejected) as refused:
        operations.submit(key="k1", chain="ethereum", steps=[too_much])

    assert refused.value.code == "insufficient_token_balance"
    assert refused.value.detail == "The address holds too little of the token."
    assert operations.status(key="k1") is None
    assert Wallet.objects.get(owner="treasury").next_nonce == 0


def test_what_cannot_pay_its_gas_is_not_stored(ethereum: Chain) -> None:
    customer = uuid4()

    with pytest.raises(contract.Unavailable) as poor:
        operations.submit(
            key="k1",
            chain="ethereum",
            steps=[Step(sender=customer, to=ethereum.contracts["WETH"], data=abi.encode("deposit()"), label="x")],
        )

    assert poor.value.code == "insufficient_gas"
    assert ChainOperation.objects.count() == 0


def test_a_node_that_does_not_answer_stores_nothing(ethereum: Chain, hasty: None) -> None:
    steps = [pay(ethereum.accounts[0])]

    with ethereum.silenced(), pytest.raises(contract.Unavailable):
        operations.submit(key="k1", chain="ethereum", steps=steps)

    assert ChainOperation.objects.count() == 0


def test_a_waiting_step_is_signed_when_the_others_are_in_a_block(ethereum: Chain) -> None:
    customer = uuid4()
    address = wallets.address_of(owner=customer, chain="ethereum")
    steps = [
        pay(address, ETHER, sender="gas", label="top_up"),
        pay(ethereum.accounts[0], ETHER // 2, sender=customer, label="move", waits=True),
    ]

    with ethereum.held():
        first = operations.submit(key="k1", chain="ethereum", steps=steps)
        ethereum.mine()
    tick(ethereum)
    second = operations.status(key="k1")
    tick(ethereum)
    ethereum.mine(3)
    tick(ethereum)

    done = operations.status(key="k1")
    assert second is not None
    assert done is not None
    assert [step.nonce for step in first.steps] == [0, None]
    assert [step.nonce for step in second.steps] == [0, 0]
    assert done.state is OperationState.FINAL
    assert evm.balance(chain="ethereum", address=address).units < ETHER // 2


def test_what_took_too_long_is_not_stored_later(ethereum: Chain, monkeypatch: pytest.MonkeyPatch) -> None:
    """A look-up that finds nothing a minute after the call proves that nothing will come."""
    clock = iter([0.0, operations._STORE_WITHIN_S + 0.1])
    monkeypatch.setattr(operations, "_now_s", lambda: next(clock))

    with pytest.raises(contract.Unavailable, match="node_slow"):
        operations.submit(key="k1", chain="ethereum", steps=[pay(ethereum.accounts[0])])

    assert ChainOperation.objects.count() == 0
    assert operations.PROVEN_AFTER_S > operations._STORE_WITHIN_S + 60
