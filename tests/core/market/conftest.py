"""Prices that no other test left behind, and callers of the endpoints."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from core.market import sources
from tests.core.market.factories import Telling
from tests.core.realtime.callers import (  # noqa: F401 - fixtures
    anyone,
    customer,
    fresh_rates,
    own,
)


@pytest.fixture
def source() -> Iterator[Telling]:
    """Give the only source there is."""
    telling = Telling()
    with sources.replaced(telling):
        yield telling
