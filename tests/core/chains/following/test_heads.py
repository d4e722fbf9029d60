"""Every block is read once, and what a reorganisation takes is taken back; a node that is away is waited for."""

from __future__ import annotations

from typing import Any

import pytest

from core.chains import health, operations, watch
from core.chains.following import heads
from core.chains.models import Block, Cursor, Inclusion, OperationState
from core.chains.node import client
from core.kernel.money import Money
from tests.chain.handle import Chain
from tests.core.chains.acts import ETHER, Heard, blocks_with_something, pay, state, tick


def test_what_vanishes_goes_back_to_waiting_and_is_sent_again(ethereum: Chain, heard: Heard) -> None:
    tick(ethereum)
    sent = pay(ethereum)
    tick(ethereum)
    assert state() is OperationState.MINED
    before = ethereum.ether_of(ethereum.accounts[0])

    ethereum.reorg(1)
    assert ethereum.ether_of(ethereum.accounts[0]) == before - ETHER
    tick(ethereum)

    assert heard.reorged == ["k1"]
    view = operations.status(key="k1")
    assert view is not None
    assert (view.steps[0].nonce, view.hashes, view.steps[0].vanished) == (sent.steps[0].nonce, sent.hashes, 1)
    tick(ethereum)
    ethereum.mine(2)
    tick(ethereum)
    assert state() is OperationState.FINAL
    assert ethereum.ether_of(ethereum.accounts[0]) == before
    stands = Inclusion.objects.order_by("pk").values_list("vanished_at", flat=True)
    assert [at is None for at in stands] == [False, True]


def test_a_final_operation_that_vanishes_is_told(ethereum: Chain, heard: Heard) -> None:
    tick(ethereum)
    pay(ethereum)
    ethereum.mine(3)
    tick(ethereum)
    assert state() is OperationState.FINAL
    first = operations.status(key="k1")
    assert first is not None

    with ethereum.held():
        ethereum.reorg(5)
        tick(ethereum)

    view = operations.status(key="k1")
    assert view is not None
    assert (view.state, heard.reorged) == (OperationState.PENDING, ["k1"])
    assert view.version > first.version
    assert view.cost == Money.of(0, "ETH:ethereum")


def test_a_reorganisation_below_the_start_of_our_reading_is_survived(ethereum: Chain) -> None:
    blocks_with_something(ethereum, 5)
    tick(ethereum)

    ethereum.reorg(4)
    ethereum.mine(1)
    seen = tick(ethereum)

    assert (seen.followed.taken_back, seen.followed.read) == (4, 5)
    assert Cursor.objects.get().block_hash == ethereum.block("latest")["hash"]


def test_one_further_back_than_we_remember_stops_the_watcher(ethereum: Chain) -> None:
    blocks_with_something(ethereum, 8)
    tick(ethereum)
    Block.objects.filter(number__lt=ethereum.height - 1).delete()
    head = Cursor.objects.get().number

    ethereum.reorg(6)
    with pytest.raises(heads.TooDeep):
        tick(ethereum)
    assert watch.look(chain="ethereum") is None

    assert Cursor.objects.get().number == head
    assert "reorg_too_deep" in Cursor.objects.get().trouble


def test_blocks_missed_while_we_slept_are_all_read(ethereum: Chain) -> None:
    tick(ethereum)
    pay(ethereum)
    for _ in range(3):
        ethereum.mine(7)

    seen = tick(ethereum)

    assert (seen.followed.read, seen.followed.behind) == (22, 0)
    assert state() is OperationState.FINAL


def test_an_operation_older_than_the_watcher_is_found(ethereum: Chain) -> None:
    pay(ethereum)
    ethereum.mine(10)

    tick(ethereum)

    assert state() is OperationState.FINAL


def test_a_node_that_is_behind_us_changes_nothing(ethereum: Chain, heard: Heard) -> None:
    snapshot = ethereum.node.call("evm_snapshot")
    pay(ethereum)
    ethereum.mine(3)
    tick(ethereum)
    head = Cursor.objects.get().number

    ethereum.node.call("evm_revert", snapshot)
    tick(ethereum)

    assert (state(), heard.reorged, Cursor.objects.get().number) == (OperationState.FINAL, [], head)


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
