"""The real contracts on a local chain, the real adapters, our house's wallets funded on it and in the books."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from core.chains import custody, keystore, wallets
from core.kernel import assets
from core.kernel.money import Money
from core.ledger import funding
from core.providers import registry
from defi.providers import aave_v3, uniswap_v3
from tests.chain.handle import Chain
from tests.core.chains.conftest import hasty
from tests.core.market import factories

__all__ = ["ethereum", "hasty"]
ETHER = 10**18
DOLLAR = 10**6


@pytest.fixture
def ethereum(chain: Chain, settings: Any, db: None) -> Iterator[Chain]:
    """Give a chain of three confirmations with a treasury of dollars and ether, and gas; one ether costs 3,000 USD."""
    settings.CHAINS = {"ethereum": {**chain.facts["ethereum"], "confirmations": 3}}
    keystore.ensure()
    treasury = wallets.address_of(owner="treasury", chain="ethereum")
    chain.give_ether(treasury, 101 * ETHER)
    chain.give_ether(wallets.address_of(owner="gas", chain="ethereum"), 10 * ETHER)
    funding.open_on_chain(role="treasury", amount=Money(100 * ETHER, assets.get("ETH:ethereum")))
    funding.open_on_chain(role="gas", amount=Money(10 * ETHER, assets.get("ETH:ethereum")))
    for code in ("USDC:ethereum", "USDT:ethereum"):
        chain.mint(code, treasury, 1_000_000 * DOLLAR)
        funding.open_on_chain(role="treasury", amount=Money(1_000_000 * DOLLAR, assets.get(code)))
    for pair, price in (("ETH/USD", "3000"), ("USDC/USD", "1"), ("USDT/USD", "1")):
        factories.quoted(pair, price)
    with registry.replaced(custody.Treasury(), aave_v3.AaveV3(), uniswap_v3.UniswapV3()):
        yield chain
