"""Callers of the notifications' endpoints."""

from tests.core.realtime.callers import (  # noqa: F401 - fixtures
    anyone,
    by_key,
    customer,
    fresh_rates,
    other,
    own,
)
