"""What the fixture promises: time, history and the mempool are a test's own, and are put back."""

from __future__ import annotations

import time

import pytest

from sandbox.chain import rpc
from tests.chain.handle import Chain

STRANGER = "0x00000000000000000000000000000000000000AA"


def pay(chain: Chain, wei: int) -> str:
    wish = {"from": chain.accounts[1], "to": STRANGER, "value": hex(wei)}
    sent: str = chain.node.call("eth_sendTransaction", wish)
    return sent


@pytest.mark.parametrize("turn", [1, 2])
def test_nothing_of_one_test_reaches_the_next(chain: Chain, turn: int) -> None:
    """Whichever runs second finds neither the money nor the time nor the waiting transaction of the first."""
    assert chain.balance_of("USDC:ethereum", STRANGER) == 0
    assert chain.ether_of(STRANGER) == 0
    assert abs(chain.now - time.time()) < 3_600

    chain.mint("USDC:ethereum", STRANGER, 5)
    chain.give_ether(STRANGER, 7)
    chain.travel(400 * 86_400)
    with chain.held():
        pay(chain, 1)

    assert chain.balance_of("USDC:ethereum", STRANGER) == 5


def test_mined_blocks_make_earlier_ones_final(chain: Chain) -> None:
    height = chain.height

    chain.mine(12)

    assert chain.height == height + 12
    assert int(chain.block("finalized")["number"], 16) == height


def test_a_reorg_takes_a_transaction_out_of_history(chain: Chain) -> None:
    # The node keeps the state of blocks that it made itself, so it goes back to one of those.
    chain.mine(1)
    sent = pay(chain, 9)
    chain.mine(2)
    mined = chain.receipt(sent)
    assert mined is not None

    chain.reorg(3)

    assert chain.receipt(sent) is None
    assert chain.ether_of(STRANGER) == 0
    assert chain.block(int(mined["blockNumber"], 16))["hash"] != mined["blockHash"]


def test_a_held_transaction_waits_until_a_block_is_mined(chain: Chain) -> None:
    with chain.held():
        sent = pay(chain, 9)
        assert chain.receipt(sent) is None
        chain.mine()

    assert chain.ether_of(STRANGER) == 9
    assert chain.receipt(sent) is not None


def test_the_base_fee_can_be_set(chain: Chain) -> None:
    chain.set_base_fee(70 * 10**9)
    chain.mine()

    assert int(chain.block("latest")["baseFeePerGas"], 16) == 70 * 10**9


def test_a_silenced_node_answers_nobody(chain: Chain) -> None:
    impatient = rpc.Connection(chain.url, timeout_s=0.3)

    with chain.silenced(), pytest.raises(ConnectionError):
        impatient.call("eth_blockNumber")

    assert chain.height > 0
