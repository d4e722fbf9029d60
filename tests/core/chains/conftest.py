"""A chain with our house's wallets funded on it, known to the settings."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from core.chains import books, config, keystore, wallets, watch
from core.chains.following import listeners
from core.chains.node import client
from core.providers.transport import http
from tests.chain.handle import Chain
from tests.core.chains.acts import DOLLAR, ETHER, Heard


@pytest.fixture
def configured(chain: Chain, settings: Any) -> Chain:
    """Give the chain with the settings that name it; nothing is in the database."""
    settings.CHAINS = {
        "ethereum": {
            **chain.facts["ethereum"],
            "confirmations": 3,
            "stuck_after_s": 60,
            "explorer": "https://scan.test",
        }
    }
    return chain


@pytest.fixture
def ethereum(configured: Chain, db: None) -> Iterator[Chain]:
    """Give the chain with a seed, a treasury of 1,000,000 USDC, USDT and 100 ETH, and gas of 10 ETH."""
    fund(configured)
    yield configured
    assert [each for each in books.breaks() if each.check != "chains wallets"] == []


@pytest.fixture
def committed_ethereum(configured: Chain, committed_db: object) -> Chain:
    """Do the same where tests really commit."""
    fund(configured)
    return configured


@pytest.fixture
def hasty(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Wait for a node for a moment only."""
    monkeypatch.setattr(client, "_LIMITS", http.Limits(connect_s=0.3, read_s=0.3, total_s=0.5))
    client._node.cache_clear()
    yield
    client._node.cache_clear()


def fund(chain: Chain) -> None:
    keystore.ensure()
    treasury = wallets.address_of(owner="treasury", chain="ethereum")
    chain.give_ether(treasury, 100 * ETHER)
    chain.give_ether(wallets.address_of(owner="gas", chain="ethereum"), 10 * ETHER)
    for token in ("USDC:ethereum", "USDT:ethereum"):
        chain.mint(token, treasury, 1_000_000 * DOLLAR)
    assert config.get("ethereum").confirmations == 3


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
