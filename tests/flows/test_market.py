"""Prices through the whole platform: the scheduler asks the pretend exchange, every process reads the same."""

from __future__ import annotations

import time
from decimal import Decimal

import pytest

from tests.platform import Client, Json, Platform, eventually

pytestmark = pytest.mark.timeout(120)


@pytest.fixture
def ana(platform: Platform) -> Client:
    return platform.client("ana")


def _price(client: Client, symbol: str) -> Json | None:
    """Return the price of a symbol once it is fresh."""
    (row,) = client.get(f"/market/prices?symbols={symbol}")["data"]
    return None if row["stale"] else row


def test_prices_are_fresh_and_stay_so(ana: Client) -> None:
    first = eventually(lambda: _price(ana, "BTC"), timeout_s=40, pause_s=0.5)
    time.sleep(7)  # a round is every five seconds

    second = _price(ana, "BTC")

    assert (first["source"], first["quote"]) == ("kraken", "USD")
    assert second is not None
    assert second["observed_at"] > first["observed_at"]
    assert second["age_seconds"] <= 10
    assert abs(Decimal(second["price"]) / Decimal(first["price"]) - 1) < Decimal("0.1")


def test_candles_are_drawn_without_being_asked_for(ana: Client) -> None:
    def minutes() -> Json | None:
        body = ana.get("/market/candles?symbol=BTC&interval=1m&limit=100")
        return body if body["data"] else None

    chart = eventually(minutes, timeout_s=60, pause_s=1.0)

    assert (len(chart["data"]), chart["has_more"], chart["stale"]) == (100, True, False)
    # The newest is under way, and the one before it may have been fetched while it was.
    assert [row["complete"] for row in chart["data"][2:]] == [True] * 98
    assert all(Decimal(row["low"]) <= Decimal(row["close"]) <= Decimal(row["high"]) for row in chart["data"])


def test_the_wallet_is_valued_by_them(ana: Client) -> None:
    eventually(lambda: _price(ana, "EUR"), timeout_s=40, pause_s=0.5)

    body = ana.get("/wallet?currency=EUR")

    dollars = next(part for part in body["assets"] if part["asset"] == "USD")
    exact = Decimal(dollars["total"]["amount"]) * Decimal(dollars["price"]["price"])
    assert dollars["price"]["path"] == [{"pair": "EUR/USD", "inverse": True}]
    assert abs(Decimal(dollars["value"]["amount"]) - exact) <= Decimal("0.02")
    assert "USD" not in body["totals"]["unvalued"]
