"""The watcher: every block is read once, what a reorganisation takes is taken back, nothing that waits is forgotten."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.db import connection
from django.db.models import F

from core.chains import abi, arrivals, health, operations, wallets, watch
from core.chains.following import heads, listeners
from core.chains.models import Arrival, ArrivalState, Block, Broadcast, Cursor, Inclusion, OperationState, Wallet
from core.chains.node import client
from core.chains.operations import Step
from core.health import metrics
from core.kernel.money import Money
from core.providers import contract
from tests.chain.handle import Chain

ETHER = 10**18
DOLLAR = 10**6
QUOTE = "quoteExactInputSingle((address,address,uint256,uint24,uint160))"
SWAP = "exactInputSingle((address,address,uint24,address,uint256,uint256,uint160))"
FOUR = ("uint256", "uint160", "uint32", "uint256")


@dataclass
class Heard:
    operations: list[str] = field(default_factory=list)
    reorged: list[str] = field(default_factory=list)
    arrivals: list[watch.ArrivalView] = field(default_factory=list)


@pytest.fixture
def heard(monkeypatch: pytest.MonkeyPatch) -> Heard:
    """Listen to everything that is told."""
    ear = Heard()
    for name in ("_operation", "_reorged", "_arrival"):
        monkeypatch.setattr(listeners, name, [])
    watch.on_operation(ear.operations.extend)
    watch.on_reorged(ear.reorged.extend)
    watch.on_arrival(ear.arrivals.extend)
    return ear


def pay(chain: Chain, *, key: str = "k1", wei: int = ETHER) -> operations.OperationView:
    step = Step(sender="treasury", to=chain.accounts[0], value=wei, label="pay")
    return operations.submit(key=key, chain="ethereum", steps=[step])


def blocks_with_something(chain: Chain, count: int) -> None:
    """Make blocks that differ from the empty ones that a reorganisation puts in their place."""
    for number in range(count):
        chain.mint("USDC:ethereum", chain.accounts[0], number + 1)


def state(key: str = "k1") -> OperationState:
    found = operations.status(key=key)
    assert found is not None
    return found.state


def older(by: timedelta) -> None:
    """Let everything that was signed and sent have happened earlier, on the database's clock."""
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute("ALTER TABLE chains_broadcast DISABLE TRIGGER chains_broadcast_terms")
        Broadcast.objects.update(signed_at=F("signed_at") - by, sent_at=F("sent_at") - by)
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute("ALTER TABLE chains_broadcast ENABLE TRIGGER chains_broadcast_terms")


# Reorganisations


def test_what_vanishes_goes_back_to_waiting_and_is_sent_again(ethereum: Chain, heard: Heard) -> None:
    watch.tick(chain="ethereum")
    sent = pay(ethereum)
    watch.tick(chain="ethereum")
    assert state() is OperationState.MINED
    before = ethereum.ether_of(ethereum.accounts[0])

    ethereum.reorg(1)
    assert ethereum.ether_of(ethereum.accounts[0]) == before - ETHER
    watch.tick(chain="ethereum")

    assert heard.reorged == ["k1"]
    view = operations.status(key="k1")
    assert view is not None
    assert (view.steps[0].nonce, view.hashes, view.steps[0].vanished) == (sent.steps[0].nonce, sent.hashes, 1)
    watch.tick(chain="ethereum")
    ethereum.mine(2)
    watch.tick(chain="ethereum")
    assert state() is OperationState.FINAL
    assert ethereum.ether_of(ethereum.accounts[0]) == before
    stands = Inclusion.objects.order_by("pk").values_list("vanished_at", flat=True)
    assert [at is None for at in stands] == [False, True]


def test_a_final_operation_that_vanishes_is_told(ethereum: Chain, heard: Heard) -> None:
    watch.tick(chain="ethereum")
    pay(ethereum)
    ethereum.mine(3)
    watch.tick(chain="ethereum")
    assert state() is OperationState.FINAL
    first = operations.status(key="k1")
    assert first is not None

    with ethereum.held():
        ethereum.reorg(5)
        watch.tick(chain="ethereum")

    view = operations.status(key="k1")
    assert view is not None
    assert (view.state, heard.reorged) == (OperationState.PENDING, ["k1"])
    assert view.version > first.version
    assert view.cost == Money.of(0, "ETH:ethereum")


def test_a_reorganisation_below_the_start_of_our_reading_is_survived(ethereum: Chain) -> None:
    blocks_with_something(ethereum, 5)
    watch.tick(chain="ethereum")

    ethereum.reorg(4)
    ethereum.mine(1)
    seen = watch.tick(chain="ethereum")

    assert (seen.followed.taken_back, seen.followed.read) == (4, 5)
    assert Cursor.objects.get().block_hash == ethereum.block("latest")["hash"]


def test_one_further_back_than_we_remember_stops_the_watcher(ethereum: Chain) -> None:
    blocks_with_something(ethereum, 8)
    watch.tick(chain="ethereum")
    Block.objects.filter(number__lt=ethereum.height - 1).delete()
    head = Cursor.objects.get().number

    ethereum.reorg(6)
    with pytest.raises(heads.TooDeep):
        watch.tick(chain="ethereum")
    assert watch.look(chain="ethereum") is None

    assert Cursor.objects.get().number == head
    assert "reorg_too_deep" in Cursor.objects.get().trouble


def test_blocks_missed_while_we_slept_are_all_read(ethereum: Chain) -> None:
    watch.tick(chain="ethereum")
    pay(ethereum)
    for _ in range(3):
        ethereum.mine(7)

    seen = watch.tick(chain="ethereum")

    assert (seen.followed.read, seen.followed.behind) == (22, 0)
    assert state() is OperationState.FINAL


def test_an_operation_older_than_the_watcher_is_found(ethereum: Chain) -> None:
    pay(ethereum)
    ethereum.mine(10)

    watch.tick(chain="ethereum")

    assert state() is OperationState.FINAL


def test_a_node_that_is_behind_us_changes_nothing(ethereum: Chain, heard: Heard) -> None:
    snapshot = ethereum.node.call("evm_snapshot")
    pay(ethereum)
    ethereum.mine(3)
    watch.tick(chain="ethereum")
    head = Cursor.objects.get().number

    ethereum.node.call("evm_revert", snapshot)
    watch.tick(chain="ethereum")

    assert (state(), heard.reorged, Cursor.objects.get().number) == (OperationState.FINAL, [], head)


# What waits


def test_what_was_stored_and_never_sent_is_sent(ethereum: Chain, monkeypatch: pytest.MonkeyPatch) -> None:
    """As after a crash between the commit and the call."""
    before = ethereum.ether_of(ethereum.accounts[0])
    with monkeypatch.context() as patch:
        patch.setattr(operations, "_send", lambda _operation: None)
        pay(ethereum)
    assert (Broadcast.objects.get().sent_at, ethereum.ether_of(ethereum.accounts[0])) == (None, before)

    watch.tick(chain="ethereum")
    watch.tick(chain="ethereum")

    assert state() is OperationState.MINED
    assert ethereum.ether_of(ethereum.accounts[0]) == before + ETHER


def test_what_the_node_forgot_is_offered_again(ethereum: Chain) -> None:
    with ethereum.held():
        pay(ethereum)
        ethereum.node.call("anvil_dropAllTransactions")
        assert watch.tick(chain="ethereum").attended.offered == 0
        older(timedelta(seconds=10))
        assert watch.tick(chain="ethereum").attended.offered == 1
        ethereum.mine()

    watch.tick(chain="ethereum")
    assert state() is OperationState.MINED
    assert Broadcast.objects.get().times_sent == 2


def test_a_stuck_transaction_is_replaced_under_its_nonce(ethereum: Chain) -> None:
    before = ethereum.ether_of(ethereum.accounts[0])
    with ethereum.held():
        pay(ethereum)
        assert watch.tick(chain="ethereum").attended.replaced == 0
        older(timedelta(minutes=2))
        assert watch.tick(chain="ethereum").attended.replaced == 1
        assert watch.tick(chain="ethereum").attended.replaced == 0
        ethereum.mine()
    watch.tick(chain="ethereum")

    view = operations.status(key="k1")
    assert view is not None
    first, second = view.steps[0].offers
    assert second.max_fee * 10 >= first.max_fee * 11
    assert second.priority_fee * 10 >= first.priority_fee * 11
    assert (view.steps[0].hash, view.state) == (second.tx_hash, OperationState.MINED)
    assert ethereum.ether_of(ethereum.accounts[0]) == before + ETHER
    assert Wallet.objects.get(owner="treasury").next_nonce == 1


def test_the_cap_ends_the_bidding(ethereum: Chain, settings: Any) -> None:
    settings.CHAINS["ethereum"]["fee_cap_gwei"] = 4
    with ethereum.held():
        pay(ethereum)
        for _ in range(8):
            older(timedelta(minutes=2))
            watch.tick(chain="ethereum")

    assert max(sent.max_fee for sent in Broadcast.objects.all()) <= 4 * 10**9
    assert watch.tick(chain="ethereum").attended.replaced == 0


# Reverts


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
    watch.tick(chain="ethereum")
    assert (state("a"), state("b")) == (OperationState.MINED, OperationState.REVERTING)
    ethereum.mine(2)
    watch.tick(chain="ethereum")

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
    watch.tick(chain="ethereum")

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
    watch.tick(chain="ethereum")
    step = Step(sender="treasury", to=router, data=data, label="pay")
    with pytest.raises(contract.Rejected, match="too_much_gas"):
        operations.submit(
            key="small",
            chain="ethereum",
            steps=[Step(sender="treasury", to=router, data=data, label="pay", gas_limit=22_000)],
        )
    assert operations.submit(key="whole", chain="ethereum", steps=[step]).steps[0].gas_limit > 40_000


# Strangers


def test_a_transaction_that_we_never_signed_freezes_the_wallet(ethereum: Chain) -> None:
    treasury = wallets.address_of(owner="treasury", chain="ethereum")
    with ethereum.held():
        pay(ethereum)
        ethereum.node.call("anvil_dropAllTransactions")
        ethereum.node.call("anvil_impersonateAccount", treasury)
        stolen = {"from": treasury, "to": ethereum.accounts[1], "value": hex(ETHER), "nonce": "0x0"}
        ethereum.node.call("eth_sendTransaction", stolen)
        ethereum.mine()
    watch.tick(chain="ethereum")

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


# Arrivals


def test_money_that_arrives_unasked_is_seen_and_becomes_final(ethereum: Chain, heard: Heard) -> None:
    watch.tick(chain="ethereum")
    customer = uuid4()
    address = wallets.address_of(owner=customer, chain="ethereum")
    ethereum.mint("USDC:ethereum", ethereum.accounts[0], 7 * DOLLAR)
    ethereum.send(ethereum.accounts[0], "USDC:ethereum", "transfer(address,uint256)", address, 7 * DOLLAR)
    coin = {"from": ethereum.accounts[1], "to": address, "value": hex(ETHER)}
    ethereum.node.call("eth_sendTransaction", coin)

    watch.tick(chain="ethereum")
    seen = {(each.amount, each.state, each.customer_id) for each in heard.arrivals}
    heard.arrivals.clear()
    ethereum.mine(70)
    watch.tick(chain="ethereum")

    both = {Money.of(7 * DOLLAR, "USDC:ethereum"), Money.of(ETHER, "ETH:ethereum")}
    assert seen == {(money, ArrivalState.SEEN, customer) for money in both}
    assert {(each.amount, each.state) for each in heard.arrivals} == {(money, ArrivalState.FINAL) for money in both}
    assert watch.tick(chain="ethereum").ripened == 0
    assert [each.amount for each in arrivals.final(limit=5)] == [each.amount for each in reversed(heard.arrivals)]
    assert len(arrivals.final(limit=1)) == 1


def test_an_arrival_may_vanish_and_come_again(ethereum: Chain, heard: Heard) -> None:
    watch.tick(chain="ethereum")
    address = wallets.address_of(owner=uuid4(), chain="ethereum")
    nonce = ethereum.node.call("eth_getTransactionCount", ethereum.accounts[1], "latest")
    coin = {"from": ethereum.accounts[1], "to": address, "value": hex(ETHER), "nonce": nonce, "gas": hex(21_000)}
    coin |= {"maxFeePerGas": hex(10**11), "maxPriorityFeePerGas": hex(10**9)}
    first = ethereum.node.call("eth_sendTransaction", coin)
    watch.tick(chain="ethereum")
    ethereum.reorg(1)
    watch.tick(chain="ethereum")
    vanished = Arrival.objects.get()
    second = ethereum.node.call("eth_sendTransaction", coin)
    watch.tick(chain="ethereum")

    assert (first, vanished.vanished_at is None) == (second, False)
    states = [ArrivalState.SEEN, ArrivalState.VANISHED, ArrivalState.SEEN]
    assert [each.state for each in heard.arrivals] == states
    assert Arrival.objects.get().state == ArrivalState.SEEN


def test_what_we_sent_ourselves_does_not_arrive_unasked(ethereum: Chain, heard: Heard) -> None:
    watch.tick(chain="ethereum")
    address = wallets.address_of(owner=uuid4(), chain="ethereum")
    step = Step(sender="gas", to=address, value=ETHER, label="top_up")
    operations.submit(key="k1", chain="ethereum", steps=[step])

    watch.tick(chain="ethereum")

    assert heard.arrivals == []
    assert Arrival.objects.count() == 0


# A node that is away


def test_a_dead_node_is_waited_for_and_told(ethereum: Chain, hasty: None) -> None:
    watch.look(chain="ethereum")
    assert "0 behind" in health.condition()
    with ethereum.silenced():
        assert watch.look(chain="ethereum") is None
    with pytest.raises(health.Ill, match="not followed"):
        health.condition()

    pay(ethereum)
    ethereum.mine(3)
    assert watch.look(chain="ethereum") is not None
    assert state() is OperationState.FINAL
    assert "0 behind" in health.condition()


def test_a_node_of_another_chain_is_not_trusted(ethereum: Chain, settings: Any) -> None:
    settings.CHAINS["ethereum"]["chain_id"] = 1

    with pytest.raises(client.WrongChain):
        pay(ethereum)


def test_a_listener_that_fails_stops_nobody(ethereum: Chain, heard: Heard) -> None:
    def broken(_keys: Sequence[str]) -> None:
        raise RuntimeError("no")

    listeners._operation.insert(0, broken)
    pay(ethereum)

    watch.tick(chain="ethereum")

    assert heard.operations == ["k1"]


def test_the_lag_is_a_figure_for_everybody(ethereum: Chain) -> None:
    watch.tick(chain="ethereum")
    Cursor.objects.update(node_number=F("number") + 7)
    pay(ethereum)

    text = metrics.render().decode()

    assert 'diboas_chain_blocks_behind{chain="ethereum"} 7.0' in text
    assert 'diboas_chain_operations_open{chain="ethereum",state="pending"} 1.0' in text
    assert "diboas_scrape_errors 0.0" in text
