"""Nothing that waits is forgotten, and what is stuck is paid more for."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from core.chains import operations, wallets
from core.chains.following import waiting
from core.chains.models import Broadcast, OperationState, Wallet
from core.chains.operations import Step
from tests.chain.handle import Chain
from tests.core.chains.acts import ETHER, older, pay, state, tick


def test_what_was_stored_and_never_sent_is_sent(ethereum: Chain, monkeypatch: pytest.MonkeyPatch) -> None:
    """As after a crash between the commit and the call."""
    before = ethereum.ether_of(ethereum.accounts[0])
    with monkeypatch.context() as patch:
        patch.setattr(operations, "_send", lambda _operation: None)
        pay(ethereum)
    assert (Broadcast.objects.get().sent_at, ethereum.ether_of(ethereum.accounts[0])) == (None, before)

    tick(ethereum)
    tick(ethereum)

    assert state() is OperationState.MINED
    assert ethereum.ether_of(ethereum.accounts[0]) == before + ETHER


def test_what_the_node_forgot_is_offered_again(ethereum: Chain) -> None:
    with ethereum.held():
        pay(ethereum)
        ethereum.node.call("anvil_dropAllTransactions")
        assert tick(ethereum).attended.offered == 0
        older(timedelta(seconds=10))
        assert tick(ethereum).attended.offered == 1
        ethereum.mine()

    tick(ethereum)
    assert state() is OperationState.MINED
    assert Broadcast.objects.get().times_sent == 2


def test_a_stuck_transaction_is_replaced_under_its_nonce(ethereum: Chain) -> None:
    before = ethereum.ether_of(ethereum.accounts[0])
    with ethereum.held():
        pay(ethereum)
        assert tick(ethereum).attended.replaced == 0
        older(timedelta(minutes=2))
        assert tick(ethereum).attended.replaced == 1
        assert tick(ethereum).attended.replaced == 0
        ethereum.mine()
    tick(ethereum)

    view = operations.status(key="k1")
    assert view is not None
    first, second = view.steps[0].offers
    assert second.max_fee * 10 >= first.max_fee * 11
    assert second.priority_fee * 10 >= first.priority_fee * 11
    assert (view.steps[0].hash, view.state) == (second.tx_hash, OperationState.MINED)
    assert ethereum.ether_of(ethereum.accounts[0]) == before + ETHER
    assert Wallet.objects.get(owner="treasury").next_nonce == 1


def test_an_address_without_coin_is_not_made_to_bid(ethereum: Chain) -> None:
    treasury = wallets.address_of(owner="treasury", chain="ethereum")
    with ethereum.held():
        pay(ethereum)
        ethereum.node.call("anvil_dropAllTransactions")
        ethereum.give_ether(treasury, 0)
        older(timedelta(minutes=2))
        seen = [tick(ethereum).attended for _ in range(2)]
        assert [(each.offered, each.replaced) for each in seen] == [(1, 0), (0, 0)]
        assert "nsufficient funds" in Broadcast.objects.get().trouble
        ethereum.give_ether(treasury, 100 * ETHER)
        older(timedelta(minutes=2))
        assert tick(ethereum).attended.offered == 1
        ethereum.mine()
    tick(ethereum)

    assert (state(), Broadcast.objects.get().trouble) == (OperationState.MINED, "")


def test_nobody_bids_more_than_the_address_can_pay(ethereum: Chain) -> None:
    """What the treasury has left pays the first form, and no tenth more: the first form is what stays."""
    treasury = wallets.address_of(owner="treasury", chain="ethereum")
    with ethereum.held():
        pay(ethereum)
        first = Broadcast.objects.get()
        ethereum.give_ether(treasury, ETHER + 21_000 * int(first.max_fee) * 105 // 100)
        older(timedelta(minutes=2))
        assert tick(ethereum).attended.replaced == 0
        ethereum.mine()
    tick(ethereum)

    assert state() is OperationState.MINED
    assert Broadcast.objects.get().trouble == ""


def test_a_form_that_is_too_dear_does_not_keep_out_a_cheaper_one(ethereum: Chain) -> None:
    treasury = wallets.address_of(owner="treasury", chain="ethereum")
    with ethereum.held():
        pay(ethereum)
        first = Broadcast.objects.get()
        older(timedelta(minutes=2))
        assert tick(ethereum).attended.replaced == 1
        ethereum.node.call("anvil_dropAllTransactions")
        ethereum.give_ether(treasury, ETHER + 21_000 * int(first.max_fee))
        for _ in range(2):
            older(timedelta(seconds=10))
            assert tick(ethereum).attended.offered == 1
        dear = Broadcast.objects.exclude(pk=first.pk).get()
        assert "nsufficient funds" in dear.trouble
        ethereum.mine()
    tick(ethereum)

    view = operations.status(key="k1")
    assert view is not None
    assert (view.state, view.steps[0].hash) == (OperationState.MINED, first.tx_hash)


def test_however_much_waits_each_has_its_turn(ethereum: Chain, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(waiting, "_AT_ONCE", 1)
    with ethereum.held():
        pay(ethereum)
        other = Step(sender="gas", to=ethereum.accounts[1], value=1, label="pay")
        operations.submit(key="k2", chain="ethereum", steps=[other])
        ethereum.node.call("anvil_dropAllTransactions")
        for _ in range(40):
            older(timedelta(seconds=10))
            tick(ethereum)
            ethereum.node.call("anvil_dropAllTransactions")

    assert all(sent.times_sent > 1 for sent in Broadcast.objects.all())


def test_the_cap_ends_the_bidding(ethereum: Chain, settings: Any) -> None:
    settings.CHAINS["ethereum"]["fee_cap_gwei"] = 4
    with ethereum.held():
        pay(ethereum)
        for _ in range(8):
            older(timedelta(minutes=2))
            tick(ethereum)

    assert max(sent.max_fee for sent in Broadcast.objects.all()) <= 4 * 10**9
    assert tick(ethereum).attended.replaced == 0
