"""One trader on the shared sandbox; every test begins with the same price, depth and an empty list of orders."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.sandbox.kraken.trader import Trader
from tests.sandbox.rig import Sandbox


@pytest.fixture
def trader(sandbox: Sandbox) -> Iterator[Trader]:
    made = Trader(sandbox)
    made.private("CancelAll")
    made.sandbox.control("POST", "kraken/market", {"status": "online"})
    made.set_price("XBTUSD", "100000.0", levels=3, size=100_000, spread=500)
    yield made
    made.sandbox.control("POST", "kraken/market", {"status": "online"})
