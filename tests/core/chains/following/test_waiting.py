"""Nothing that waits is forgotten, and what is stuck is paid more for."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest

from core.chains import custody, operations, wallets
from core.chains.fees import Fees
from core.chains.following import waiting
from core.chains.models import Broadcast, ChainTransaction, OperationState, Wallet
from core.chains.operations import Step
from core.chains.sending import offering, storing
from core.kernel.money import Money
from core.providers.contract import Operation, Order
from tests.chain.handle import Chain
from tests.core.chains.acts import ETHER, older, pay, quiet, state, tick

GWEI = 10**9


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
        older(timedelta(seconds=10))
        assert tick(ethereum).attended.offered == 1
        older(timedelta(seconds=10))
        assert tick(ethereum).attended.offered == 0
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


def test_steps_whose_turn_came_are_not_behind_those_that_wait(ethereum: Chain, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(waiting, "_AT_ONCE", 1)
    with ethereum.held():
        for key, first in (("stuck", "treasury"), ("ready", "gas")):
            house: Any = first
            steps = [
                Step(sender=house, to=ethereum.accounts[0], value=1, label="first"),
                Step(sender=house, to=ethereum.accounts[0], value=1, label="then", waits=True),
            ]
            operations.submit(key=key, chain="ethereum", steps=steps)
        stuck = operations.status(key="stuck")
        assert stuck is not None
        ethereum.node.call("anvil_dropTransaction", stuck.steps[0].hash)
        ethereum.mine()
        assert tick(ethereum).attended.signed == 1


def test_no_more_is_bid_than_the_address_can_pay(ethereum: Chain) -> None:
    """A spike of the gas price, with all of the customer's coin in the transaction: it ends once gas is cheap again."""
    treasury = wallets.address_of(owner="treasury", chain="ethereum")
    before = ethereum.ether_of(treasury)
    with ethereum.held():
        _from_a_customer(ethereum, key="k1", gas_price=10 * GWEI)
        _spike(ethereum, 200 * GWEI)
        older(timedelta(minutes=2))
        seen = [tick(ethereum).attended.replaced for _ in range(3)]
        older(timedelta(minutes=2))
        seen.append(tick(ethereum).attended.replaced)
        _spike(ethereum, 7)
        older(timedelta(seconds=10))
        tick(ethereum)
        ethereum.mine()
    tick(ethereum)

    assert [int(sent.max_fee) for sent in Broadcast.objects.order_by("pk")][1:] == [10 * GWEI]
    assert sum(seen) <= 1
    assert not any("nsufficient" in sent.trouble for sent in Broadcast.objects.all())
    assert (state(), ethereum.ether_of(treasury)) == (OperationState.MINED, before + ETHER)


def test_where_none_could_be_paid_each_is_tried_again(ethereum: Chain) -> None:
    """What comes back to the address pays the cheaper form only."""
    treasury = wallets.address_of(owner="treasury", chain="ethereum")
    with ethereum.held():
        pay(ethereum)
        older(timedelta(minutes=2))
        assert tick(ethereum).attended.replaced == 1
        cheap, _dear = Broadcast.objects.order_by("pk")
        ethereum.node.call("anvil_dropAllTransactions")
        ethereum.give_ether(treasury, 0)
        older(timedelta(seconds=10))
        tick(ethereum)
        assert all("nsufficient funds" in sent.trouble for sent in Broadcast.objects.all())
        ethereum.give_ether(treasury, ETHER + 21_000 * int(cheap.max_fee))
        older(timedelta(seconds=10))
        assert tick(ethereum).attended.offered == 1
        ethereum.mine()
    tick(ethereum)

    view = operations.status(key="k1")
    assert view is not None
    assert (view.state, view.steps[0].hash, len(view.steps[0].offers)) == (OperationState.MINED, cheap.tx_hash, 2)


def test_where_nothing_that_was_signed_can_be_paid_less_is_bid(ethereum: Chain) -> None:
    """As after a spike in which it was signed: gas is cheap again, and the old bid is more than is there."""
    treasury = wallets.address_of(owner="treasury", chain="ethereum")
    with ethereum.held():
        pay(ethereum)
        ethereum.node.call("anvil_dropAllTransactions")
        ethereum.give_ether(treasury, ETHER + 21_000 * GWEI // 20)
        older(timedelta(seconds=10))
        assert tick(ethereum).attended.replaced == 1
        ethereum.mine()
    tick(ethereum)

    first, second = Broadcast.objects.order_by("pk")
    assert (first.max_fee > GWEI // 20, int(second.max_fee)) == (True, GWEI // 20)
    assert state() is OperationState.MINED


def test_nothing_less_is_bid_while_the_node_has_the_dearer_one(ethereum: Chain) -> None:
    treasury = wallets.address_of(owner="treasury", chain="ethereum")
    with ethereum.held():
        pay(ethereum)
        ethereum.give_ether(treasury, ETHER + 21_000 * GWEI // 20)
        for _ in range(3):
            older(timedelta(minutes=2))
            tick(ethereum)
        ethereum.give_ether(treasury, 100 * ETHER)
        ethereum.mine()
    tick(ethereum)

    assert (state(), Broadcast.objects.count()) == (OperationState.MINED, 1)


def test_gas_above_the_cap_keeps_nothing_from_being_offered(ethereum: Chain, settings: Any) -> None:
    settings.CHAINS["ethereum"]["fee_cap_gwei"] = 4
    with ethereum.held():
        pay(ethereum)
        ethereum.node.call("anvil_dropAllTransactions")
        _spike(ethereum, 100 * GWEI)
        older(timedelta(minutes=2))
        seen = tick(ethereum).attended
        assert (seen.offered, seen.replaced) == (1, 0)
        _spike(ethereum, 7)
        older(timedelta(seconds=10))
        assert tick(ethereum).attended.offered == 1
        ethereum.mine()
    tick(ethereum)
    assert state() is OperationState.MINED


def test_nonces_behind_a_waiting_one_go_with_it(ethereum: Chain) -> None:
    """The first is replaced, those behind it keep their form, and a node that forgot all of them gets all of them."""
    with ethereum.held():
        for number in range(3):
            pay(ethereum, key=f"k{number}")
        older(timedelta(minutes=2))
        assert tick(ethereum).attended.replaced == 1
        ethereum.node.call("anvil_dropAllTransactions")
        older(timedelta(seconds=10))
        assert tick(ethereum).attended.offered == 3
        ethereum.mine()
    tick(ethereum)

    assert {state(f"k{number}") for number in range(3)} == {OperationState.MINED}
    assert Broadcast.objects.count() == 4


def test_an_older_form_may_be_the_one_that_is_mined(ethereum: Chain) -> None:
    """Whoever saw the cheaper form may bring it into a block; our own dearer one is told that its nonce is gone."""
    with ethereum.held():
        pay(ethereum)
        older(timedelta(minutes=2))
        assert tick(ethereum).attended.replaced == 1
        cheap, dear = Broadcast.objects.order_by("pk")
        ethereum.node.call("anvil_dropAllTransactions")
        ethereum.node.call("eth_sendRawTransaction", cheap.raw)
        ethereum.mine()
        assert offering.offer(chain="ethereum", broadcast_id=dear.pk) is offering.Offer.NONCE_USED
        ethereum.reorg(1)
        older(timedelta(seconds=10))
        tick(ethereum)
        ethereum.mine()
    tick(ethereum)

    view = operations.status(key="k1")
    assert view is not None
    assert (view.state, view.steps[0].hash) == (OperationState.MINED, dear.tx_hash)


def test_a_bid_below_the_one_that_waits_changes_nothing(ethereum: Chain) -> None:
    """The node keeps the better one and says so; the same form again it takes for what it is."""
    with ethereum.held():
        pay(ethereum)
        first = Broadcast.objects.get()
        assert offering.offer(chain="ethereum", broadcast_id=first.pk) is offering.Offer.TAKEN
        half = Fees(max_fee=int(first.max_fee) // 2, priority_fee=int(first.priority_fee) // 2)
        second = storing.keep(ChainTransaction.objects.get(), fees=half)
        assert offering.offer(chain="ethereum", broadcast_id=second.pk) is offering.Offer.UNDERPRICED
        older(timedelta(seconds=10))
        seen = tick(ethereum).attended
        assert (seen.offered, seen.replaced) == (0, 0)
        ethereum.mine()
    tick(ethereum)

    view = operations.status(key="k1")
    assert view is not None
    assert (view.state, view.steps[0].hash) == (OperationState.MINED, first.tx_hash)


def test_a_spike_between_the_gas_and_the_move_ends_by_itself(ethereum: Chain) -> None:
    """The gas that was brought no longer pays for the move; it goes when it does again, and nothing is lost."""
    customer = uuid4()
    address = wallets.address_of(owner=customer, chain="ethereum")
    treasury = wallets.address_of(owner="treasury", chain="ethereum")
    ethereum.give_ether(address, ETHER)
    before = ethereum.ether_of(treasury)
    wanted = Order(
        operation=Operation.CUSTODY_IN,
        method="ethereum",
        key="k1",
        reference="txn_1",
        amount=Money.of(ETHER, "ETH:ethereum"),
        instrument={},
        customer_id=customer,
    )
    custody.Treasury().submit(wanted)
    quiet(ethereum)
    with ethereum.held():
        _spike(ethereum, 200 * GWEI)
        for _ in range(4):
            tick(ethereum)
            older(timedelta(minutes=2))
        assert (state(), ethereum.ether_of(treasury)) == (OperationState.PENDING, before)
        _spike(ethereum, 7)
        older(timedelta(minutes=2))
        tick(ethereum)
        ethereum.mine()
    tick(ethereum)

    assert (state(), ethereum.ether_of(treasury)) == (OperationState.MINED, before + ETHER)
    assert Broadcast.objects.filter(transaction__wallet__address=address).count() == 2


def _from_a_customer(chain: Chain, *, key: str, gas_price: int) -> None:
    """Send a customer's whole ether to the treasury, with gas of ours for just that price."""
    customer = uuid4()
    address = wallets.address_of(owner=customer, chain="ethereum")
    chain.give_ether(address, ETHER + 21_000 * gas_price)
    to = wallets.address_of(owner="treasury", chain="ethereum")
    step = Step(sender=customer, to=to, value=ETHER, label="move")
    operations.submit(key=key, chain="ethereum", steps=[step])


def _spike(chain: Chain, wei: int) -> None:
    """Let blocks cost that much a unit of gas; what offers less stays out of them."""
    chain.set_base_fee(wei)
    chain.mine()
    chain.set_base_fee(wei)
