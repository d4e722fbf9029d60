"""Callers of the wallet's endpoints, and a domain that tells positions."""

from __future__ import annotations

import pytest

from core.wallet import positions
from core.wallet.positions import PositionView
from tests.core.realtime.callers import (  # noqa: F401 - fixtures
    anyone,
    by_key,
    customer,
    fresh_rates,
    other,
    own,
)


@pytest.fixture(autouse=True)
def told(monkeypatch: pytest.MonkeyPatch) -> list[PositionView]:
    """Give the list of what the only domain with positions tells; empty unless a test fills it."""
    views: list[PositionView] = []
    monkeypatch.setattr(positions, "_tellers", {"defi": lambda _customer_id: list(views)})
    return views
