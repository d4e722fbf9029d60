"""Health tells of what waits too long on a chain, so that somebody looks before a customer asks."""

from __future__ import annotations

from datetime import timedelta

import pytest

from core.chains import health, watch
from core.resilience import heartbeats
from tests.chain.handle import Chain
from tests.core.chains.acts import older, pay, tick


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
