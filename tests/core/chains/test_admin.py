"""The chains in the console: operations with every hash, wallets, arrivals; and the story over the API."""

from __future__ import annotations

from uuid import uuid4

from django.urls import reverse

from core.chains import operations, story, wallets
from core.chains.models import Arrival, ChainOperation, OperationState, Wallet
from core.chains.operations import Step
from core.kernel import ids
from tests.chain.handle import Chain
from tests.core.chains.acts import tick
from tests.core.console.door import signed_in

ETHER = 10**18


def something(chain: Chain) -> tuple[operations.OperationView, str]:
    """Let an operation become final and something arrive; return it with its transaction."""
    tick(chain)
    reference = ids.new(ids.Prefix.TRANSACTION)
    customer = wallets.address_of(owner=uuid4(), chain="ethereum")
    step = Step(sender="gas", to=customer, value=ETHER, label="top_up")
    operations.submit(key=f"{reference}:move", chain="ethereum", steps=[step], reference=reference)
    coin = {"from": chain.accounts[1], "to": customer, "value": hex(3 * ETHER)}
    chain.node.call("eth_sendTransaction", coin)
    chain.mine(3)
    tick(chain)
    found = operations.status(key=f"{reference}:move")
    assert found is not None
    assert found.state is OperationState.FINAL
    return found, reference


def test_every_list_and_page_is_there(ethereum: Chain) -> None:
    view, _ = something(ethereum)
    client = signed_in("operations")

    pages = {
        name: client.get(reverse(f"console:chains_{name}_changelist")).content.decode()
        for name in ("chainoperation", "wallet", "arrival")
    }
    one = client.get(reverse("console:chains_chainoperation_change", args=[ChainOperation.objects.get().pk]))
    wallet = client.get(reverse("console:chains_wallet_change", args=[Wallet.objects.get(owner="gas").pk]))
    arrival = client.get(reverse("console:chains_arrival_change", args=[Arrival.objects.get().pk]))

    assert view.key in pages["chainoperation"]
    assert "verified" in pages["chainoperation"]
    assert all(each.address in pages["wallet"] for each in Wallet.objects.all())
    assert "3.000000000000000000 ETH:ethereum" in pages["arrival"]
    assert view.hashes[0] in one.content.decode()
    assert f"https://scan.test/tx/{view.hashes[0]}" in one.content.decode()
    assert "top_up" in wallet.content.decode()
    assert arrival.status_code == 200


def test_an_operation_is_found_by_its_hash(ethereum: Chain) -> None:
    view, _ = something(ethereum)
    client, address = signed_in("auditor"), reverse("console:chains_chainoperation_changelist")

    assert view.key in client.get(address, {"q": view.hashes[0]}).content.decode()
    assert view.key not in client.get(address, {"q": "0x" + "1" * 64}).content.decode()


def test_the_story_of_a_transaction_tells_its_hashes(ethereum: Chain) -> None:
    view, reference = something(ethereum)

    told = story.explain(ids.parse(ids.Prefix.TRANSACTION, reference))

    assert len(told) == 1
    assert (told[0]["state"], told[0]["confirmations"], told[0]["confirmations_required"]) == ("final", 5, 3)
    step = told[0]["transactions"][0]
    assert (step["label"], step["hash"], step["hashes"], step["nonce"]) == (
        "top_up",
        view.hashes[0],
        [view.hashes[0]],
        0,
    )
    assert told[0]["gas_cost"]["amount"] == view.cost.text
    assert story.explain(ids.uuid7()) == []
