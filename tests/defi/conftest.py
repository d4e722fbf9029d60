"""Fixtures for DeFi: a chain that nobody asks, scripted protocols, prices, and the books proven after each test."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import pytest
from pytest_django import Settings

from core.audit import books
from core.kernel.money import Money
from core.providers import registry
from defi.providers import aave_v3, uniswap_v3
from defi.services import network_costs
from tests.core.market import factories
from tests.core.orchestration import fakes
from tests.defi import world

NAMES = ("USDC:ethereum", "USDT:ethereum", "AUSDC:ethereum", "WETH", "aave_v3.pool", "uniswap_v3.router")
CONTRACTS = {name: f"0x{number:040x}" for number, name in enumerate(NAMES, start=0xA0)}


@dataclass
class Chain:
    """What the chain says of its protocols, as a test wants it; nothing is asked over a wire."""

    treasury: fakes.FakeProvider
    aave: fakes.FakeProvider
    uniswap: fakes.FakeProvider
    reserve: aave_v3.Reserve = field(default_factory=world.reserve)
    cost: Money = field(default_factory=lambda: Money(200_000_000_000_000, world.ETH))
    quotes: dict[tuple[int, ...], Any] = field(default_factory=dict)


@pytest.fixture(autouse=True)
def nothing_outlives_a_test(own_memory: None) -> None:
    """Let every test here begin with a memory of its own."""


@pytest.fixture
def scripted(settings: Settings, monkeypatch: pytest.MonkeyPatch, db: None) -> Iterator[Chain]:
    with scripting(settings, monkeypatch) as chain:
        yield chain


@contextmanager
def scripting(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> Iterator[Chain]:
    """Let scripted protocols stand where the real ones are, one ether cost 3,000 USD, and gas cost 0.0002 ether."""
    settings.CHAINS = {"ethereum": {"rpc_url": "http://127.0.0.1:9", "chain_id": 31337, "contracts": CONTRACTS}}
    factories.quoted("ETH/USD", "3000")
    factories.quoted("USDC/USD", "1")
    factories.quoted("USDT/USD", "1")
    chain = Chain(treasury=world.treasury(), aave=world.protocol(aave_v3.CODE), uniswap=world.protocol(uniswap_v3.CODE))
    monkeypatch.setattr(network_costs, "estimate", lambda **_: chain.cost)
    monkeypatch.setattr(aave_v3, "read_reserve", lambda _: chain.reserve)
    monkeypatch.setattr(uniswap_v3, "quote", lambda *, route, given: chain.quotes[route.fees](given))
    with registry.replaced(chain.treasury, chain.aave, chain.uniswap):
        yield chain


@pytest.fixture
def books_agree(db: None) -> Iterator[None]:
    """Prove every registered promise on what the test left behind."""
    yield
    assert [str(one) for one in books.run()] == []
