"""What gas costs, from the history of fees."""

from __future__ import annotations

from typing import Any

import pytest

from core.chains import fees
from core.chains.config import GWEI
from core.chains.fees import Fees
from core.chains.node import client
from core.kernel.money import Money
from core.providers import contract
from tests.chain.handle import Chain

BUSY = {
    "oldestBlock": "0x10",
    "baseFeePerGas": [hex(20 * GWEI), hex(22 * GWEI), hex(24 * GWEI)],
    "gasUsedRatio": [0.9, 0.9],
    "reward": [[hex(GWEI), hex(2 * GWEI), hex(5 * GWEI)], ["0x0", hex(4 * GWEI), hex(9 * GWEI)]],
}


@pytest.fixture
def told(configured: Chain, monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """Let the node tell this history."""
    history = dict(BUSY)
    monkeypatch.setattr(client.Node, "ask", lambda *_: history)
    return history


def test_three_speeds_outbid_more_and_leave_more_room(told: dict[str, Any]) -> None:
    found = fees.estimate(chain="ethereum")

    assert (found.block_number, found.base_fee) == (17, 24 * GWEI)
    assert found.slow == Fees(max_fee=31 * GWEI, priority_fee=GWEI)
    assert found.normal == Fees(max_fee=52 * GWEI, priority_fee=4 * GWEI)
    assert found.fast == Fees(max_fee=69 * GWEI, priority_fee=9 * GWEI)
    assert found.cost(gas=100_000) == Money.of(28 * GWEI * 100_000, "ETH:ethereum")
    assert found.ceiling(gas=100_000, speed="fast") == Money.of(69 * GWEI * 100_000, "ETH:ethereum")


def test_no_more_than_the_cap_is_offered(told: dict[str, Any], settings: Any) -> None:
    settings.CHAINS["ethereum"]["fee_cap_gwei"] = 40

    assert fees.estimate(chain="ethereum").fast == Fees(max_fee=40 * GWEI, priority_fee=9 * GWEI)
    settings.CHAINS["ethereum"]["fee_cap_gwei"] = 24
    with pytest.raises(contract.Unavailable, match="gas_too_expensive"):
        fees.estimate(chain="ethereum")


@pytest.mark.parametrize("wrong", [None, {}, {"baseFeePerGas": ["0x1"]}, {**BUSY, "reward": [["0x"]]}])
def test_nonsense_is_no_price(configured: Chain, monkeypatch: pytest.MonkeyPatch, wrong: object) -> None:
    monkeypatch.setattr(client.Node, "ask", lambda *_: wrong)

    with pytest.raises(contract.Unavailable, match="node_unavailable"):
        fees.estimate(chain="ethereum")


def test_a_replacement_is_an_eighth_higher_up_to_the_cap() -> None:
    offer = Fees(max_fee=1_001, priority_fee=9)

    assert offer.raised(cap=10_000) == Fees(max_fee=1_127, priority_fee=11)
    assert offer.raised(cap=1_050) == Fees(max_fee=1_050, priority_fee=11)


def test_a_quiet_chain_asks_for_the_smallest_tip(configured: Chain) -> None:
    found = fees.estimate(chain="ethereum")

    assert found.normal.priority_fee >= GWEI // 10
    assert found.normal.max_fee == 2 * found.base_fee + found.normal.priority_fee
