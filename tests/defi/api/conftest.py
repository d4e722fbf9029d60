"""Callers of DeFi's endpoints."""

from tests.core.realtime.callers import anyone, customer, fresh_rates, other, own

__all__ = ["anyone", "customer", "fresh_rates", "other", "own"]
