"""What blocks hold for us: refusals in plain words, strangers, and money that arrives unasked."""

from __future__ import annotations

from dataclasses import replace
from typing import Any
from uuid import uuid4

import pytest

from core.chains import abi, arrivals, health, operations, wallets
from core.chains.following import blocks, heads, writing
from core.chains.models import Arrival, ArrivalState, Cursor, OperationState, Wallet
from core.chains.node.answers import Header
from core.chains.operations import Step
from core.kernel.money import Money
from core.providers import contract
from tests.chain.handle import Chain
from tests.core.chains.acts import (
    DOLLAR,
    ETHER,
    FOUR,
    QUOTE,
    SWAP,
    Heard,
    blocks_with_something,
    pay,
    quiet,
    state,
    tick,
)


def test_a_refusal_on_the_chain_is_told_in_plain_words(ethereum: Chain) -> None:
    """It would have gone well when it was simulated; a transaction before it took the money."""
    usdc, customer = ethereum.contracts["USDC:ethereum"], uuid4()
    address = wallets.address_of(owner=customer, chain="ethereum")
    ethereum.give_ether(address, ETHER)
    ethereum.mint("USDC:ethereum", address, 10 * DOLLAR)
    data = abi.encode("transfer(address,uint256)", ethereum.accounts[0], 10 * DOLLAR)
    step = Step(sender=customer, to=usdc, data=data, label="pay")
    with ethereum.held():
        operations.submit(key="a", chain="ethereum", steps=[step])
        operations.submit(key="b", chain="ethereum", steps=[step])
        ethereum.mine()
    tick(ethereum)
    assert (state("a"), state("b")) == (OperationState.MINED, OperationState.REVERTING)
    ethereum.mine(2)
    tick(ethereum)

    view = operations.status(key="b")
    assert view is not None
    assert (view.state, view.reason_code) == (OperationState.REVERTED, "insufficient_token_balance")
    assert view.reason == "The address holds too little of the token."
    assert view.cost.units > 0


def test_a_swap_whose_price_moved_is_told_as_that(ethereum: Chain) -> None:
    router, usdc, weth = (ethereum.contracts[name] for name in ("uniswap_v3.router", "USDC:ethereum", "WETH"))
    treasury, whale = wallets.address_of(owner="treasury", chain="ethereum"), ethereum.accounts[2]
    for who in (treasury, whale):
        ethereum.mint("USDC:ethereum", who, 500_000 * DOLLAR)
    ethereum.send(whale, "USDC:ethereum", "approve(address,uint256)", router, 500_000 * DOLLAR)
    quoted = ethereum.ask("uniswap_v3.quoter", QUOTE, (usdc, weth, 3_000 * DOLLAR, 500, 0), returns=FOUR)[0]
    swap = (usdc, weth, 500, treasury, 3_000 * DOLLAR, quoted, 0)
    steps = [
        Step(sender="treasury", to=usdc, data=abi.encode("approve(address,uint256)", router, swap[4]), label="approve"),
        Step(sender="treasury", to=router, data=abi.encode(SWAP, swap), label="swap"),
    ]
    first = abi.encode(SWAP, (usdc, weth, 500, whale, 500_000 * DOLLAR, 0, 0))
    with ethereum.held():
        operations.submit(key="k1", chain="ethereum", steps=steps)
        rush = {"from": whale, "to": router, "data": "0x" + first.hex(), "gas": hex(400_000)}
        rush |= {"maxFeePerGas": hex(10**12), "maxPriorityFeePerGas": hex(10**11)}
        ethereum.node.call("eth_sendTransaction", rush)
        ethereum.mine(3)
    tick(ethereum)

    view = operations.status(key="k1")
    assert view is not None
    assert (view.state, view.reason_code) == (OperationState.REVERTED, "slippage_exceeded")
    assert [step.succeeded for step in view.steps] == [True, False]
    assert all(step.cost for step in view.steps)
    assert ethereum.balance_of("WETH", treasury) == 0


def test_running_out_of_gas_is_told(ethereum: Chain) -> None:
    router = ethereum.contracts["USDC:ethereum"]
    data = abi.encode("transfer(address,uint256)", ethereum.accounts[0], DOLLAR)
    pay(ethereum, key="before")
    tick(ethereum)
    step = Step(sender="treasury", to=router, data=data, label="pay")
    with pytest.raises(contract.Rejected, match="too_much_gas"):
        operations.submit(
            key="small",
            chain="ethereum",
            steps=[Step(sender="treasury", to=router, data=data, label="pay", gas_limit=22_000)],
        )
    assert operations.submit(key="whole", chain="ethereum", steps=[step]).steps[0].gas_limit > 40_000


def test_a_transaction_that_we_never_signed_freezes_the_wallet(ethereum: Chain) -> None:
    treasury = wallets.address_of(owner="treasury", chain="ethereum")
    with ethereum.held():
        pay(ethereum)
        ethereum.node.call("anvil_dropAllTransactions")
        ethereum.node.call("anvil_impersonateAccount", treasury)
        stolen = {"from": treasury, "to": ethereum.accounts[1], "value": hex(ETHER), "nonce": "0x0"}
        ethereum.node.call("eth_sendTransaction", stolen)
        ethereum.mine()
    tick(ethereum)

    wallet = Wallet.objects.get(owner="treasury")
    assert wallet.frozen_at is not None
    view = operations.status(key="k1")
    assert view is not None
    assert (view.state, view.reason_code) == (OperationState.REVERTING, "nonce_taken")
    assert view.cost == Money.of(0, "ETH:ethereum")
    with pytest.raises(Exception, match="wallet_frozen"):
        pay(ethereum, key="k2")
    with pytest.raises(health.Ill, match="Frozen"):
        health.condition()


def test_money_that_arrives_unasked_is_seen_and_becomes_final(ethereum: Chain, heard: Heard) -> None:
    tick(ethereum)
    customer = uuid4()
    address = wallets.address_of(owner=customer, chain="ethereum")
    ethereum.mint("USDC:ethereum", ethereum.accounts[0], 7 * DOLLAR)
    ethereum.send(ethereum.accounts[0], "USDC:ethereum", "transfer(address,uint256)", address, 7 * DOLLAR)
    coin = {"from": ethereum.accounts[1], "to": address, "value": hex(ETHER)}
    ethereum.node.call("eth_sendTransaction", coin)

    tick(ethereum)
    seen = {(each.amount, each.state, each.customer_id) for each in heard.arrivals}
    heard.arrivals.clear()
    ethereum.mine(70)
    tick(ethereum)

    both = {Money.of(7 * DOLLAR, "USDC:ethereum"), Money.of(ETHER, "ETH:ethereum")}
    assert seen == {(money, ArrivalState.SEEN, customer) for money in both}
    assert {(each.amount, each.state) for each in heard.arrivals} == {(money, ArrivalState.FINAL) for money in both}
    assert tick(ethereum).ripened == 0
    assert [each.amount for each in arrivals.final(limit=5)] == [each.amount for each in reversed(heard.arrivals)]
    assert len(arrivals.final(limit=1)) == 1


def test_a_final_block_of_another_chain_than_the_one_we_read_makes_nothing_final(
    ethereum: Chain, heard: Heard, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As when the next node asked, behind the same address, has another view."""
    tick(ethereum)
    address = wallets.address_of(owner=uuid4(), chain="ethereum")
    coin = {"from": ethereum.accounts[1], "to": address, "value": hex(ETHER)}
    ethereum.node.call("eth_sendTransaction", coin)
    real = blocks.header

    def other_view(*, chain: str, which: str, full: bool = False) -> Header | None:
        found = real(chain=chain, which=which, full=full)
        return replace(found, block_hash="0x" + "99" * 32) if found and which == "finalized" else found

    with monkeypatch.context() as patch:
        patch.setattr(blocks, "header", other_view)
        ethereum.mine(70)
        assert tick(ethereum).ripened == 0
    assert Arrival.objects.get().state == ArrivalState.SEEN
    assert "final" in Cursor.objects.get().trouble
    assert Cursor.objects.get().finalized_number != ethereum.height - 64

    assert tick(ethereum).ripened == 1
    assert Cursor.objects.get().trouble == ""


def test_what_another_watcher_took_back_meanwhile_is_not_made_final(
    ethereum: Chain, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The node said what is final of a chain that is no longer the one we read when it is written down."""
    tick(ethereum)
    address = wallets.address_of(owner=uuid4(), chain="ethereum")
    coin = {"from": ethereum.accounts[1], "to": address, "value": hex(ETHER)}
    snapshot = ethereum.node.call("evm_snapshot")
    blocks_with_something(ethereum, 1)
    ethereum.mine(70)
    real = writing.finalise

    def later(**given: Any) -> Any:
        ethereum.node.call("evm_revert", snapshot)
        ethereum.node.call("eth_sendTransaction", coin)
        quiet(ethereum)
        ethereum.mine(71)
        heads.follow(chain="ethereum", go_on=lambda: True)
        return real(**given)

    with monkeypatch.context() as patch:
        patch.setattr(writing, "finalise", later)
        tick(ethereum)
    assert [each.state for each in Arrival.objects.all()] == [ArrivalState.SEEN]


def test_an_arrival_may_vanish_and_come_again(ethereum: Chain, heard: Heard) -> None:
    tick(ethereum)
    address = wallets.address_of(owner=uuid4(), chain="ethereum")
    nonce = ethereum.node.call("eth_getTransactionCount", ethereum.accounts[1], "latest")
    coin = {"from": ethereum.accounts[1], "to": address, "value": hex(ETHER), "nonce": nonce, "gas": hex(21_000)}
    coin |= {"maxFeePerGas": hex(10**11), "maxPriorityFeePerGas": hex(10**9)}
    first = ethereum.node.call("eth_sendTransaction", coin)
    tick(ethereum)
    ethereum.reorg(1)
    tick(ethereum)
    vanished = Arrival.objects.get()
    second = ethereum.node.call("eth_sendTransaction", coin)
    tick(ethereum)

    assert (first, vanished.vanished_at is None) == (second, False)
    states = [ArrivalState.SEEN, ArrivalState.VANISHED, ArrivalState.SEEN]
    assert [each.state for each in heard.arrivals] == states
    assert Arrival.objects.get().state == ArrivalState.SEEN


def test_what_we_sent_ourselves_does_not_arrive_unasked(ethereum: Chain, heard: Heard) -> None:
    tick(ethereum)
    address = wallets.address_of(owner=uuid4(), chain="ethereum")
    step = Step(sender="gas", to=address, value=ETHER, label="top_up")
    operations.submit(key="k1", chain="ethereum", steps=[step])

    tick(ethereum)

    assert heard.arrivals == []
    assert Arrival.objects.count() == 0
