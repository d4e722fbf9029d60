"""Callers of the wallet's endpoints."""

from tests.core.realtime.callers import (  # noqa: F401 - fixtures
    anyone,
    by_key,
    customer,
    fresh_rates,
    other,
    own,
)
