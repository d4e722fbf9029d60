"""Health tells of what waits too long on a chain, so that somebody looks before a customer asks."""

from __future__ import annotations

from datetime import timedelta

import pytest

from core.chains import health, wallets, watch
from core.resilience import heartbeats
from tests.chain.handle import Chain
from tests.core.chains.acts import ETHER, older, pay, tick


def test_what_waits_long_for_its_block_is_ill(ethereum: Chain) -> None:
    heartbeats.beat(name=watch.heartbeat_name("ethereum"), detail="")
    with ethereum.held():
        pay(ethereum)
        tick(ethereum)
        assert "0 behind" in health.condition()
        older(timedelta(minutes=31))

        with pytest.raises(health.Ill, match="1 transactions wait"):
            health.condition()
        ethereum.mine()

    tick(ethereum)
    assert "0 behind" in health.condition()


def test_an_address_that_cannot_pay_for_what_it_signed_is_ill(ethereum: Chain) -> None:
    heartbeats.beat(name=watch.heartbeat_name("ethereum"), detail="")
    treasury = wallets.address_of(owner="treasury", chain="ethereum")
    with ethereum.held():
        pay(ethereum)
        ethereum.node.call("anvil_dropAllTransactions")
        ethereum.give_ether(treasury, 0)
        older(timedelta(minutes=6))
        tick(ethereum)
        with pytest.raises(health.Ill, match=f"cannot pay.*{treasury}"):
            health.condition()

        ethereum.give_ether(treasury, 100 * ETHER)
        older(timedelta(seconds=10))
        tick(ethereum)
        assert "0 behind" in health.condition()
