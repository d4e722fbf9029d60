"""The public channel ``prices``: a round says which have changed, the feed says how much they are."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest

from core.market import feed, observing
from core.outbox import snapshots, streams
from core.resilience import breaker
from tests.core.market.factories import Telling, quoted, tick

pytestmark = pytest.mark.django_db


def _news() -> list[object]:
    page = streams.read(customer_id=snapshots.PUBLIC, channel="prices", after_seq=0)
    return [(row.type, row.data) for row in page.rows]


def _round(source: Telling, **prices: str) -> None:
    breaker.Breaker(name=f"{source.code}:market").success()
    source.said = [tick(f"{base}/USD", price) for base, price in prices.items()]
    observing.observe()


def test_the_channel_is_open_to_everybody() -> None:
    assert snapshots.get("prices").is_public
    assert snapshots.get("prices").complete is feed.complete


def test_a_round_says_in_one_row_what_has_changed_and_nothing_if_nothing_has(source: Telling) -> None:
    _round(source, ETH="3000", BTC="97000")
    _round(source, ETH="3000", BTC="97000")
    _round(source, ETH="3001", BTC="97000", SOL="0")

    assert _news() == [
        ("prices.changed", {"symbols": ["BTC", "ETH"]}),
        ("prices.changed", {"symbols": ["ETH"]}),
    ]


def test_rows_are_completed_with_prices_at_least_as_new_as_they_are(source: Telling) -> None:
    _round(source, BTC="97000")
    feed.snapshot(snapshots.PUBLIC, {})  # the price is held in memory now
    _round(source, BTC="97001")

    (done,) = feed.complete([(snapshots.PUBLIC, {"symbols": ["BTC", "SUI"]})])

    shown = done["prices"]
    assert isinstance(shown, list)
    assert [(row["symbol"], row["price"], row["stale"]) for row in shown] == [
        ("BTC", "97001", False),
        ("SUI", None, True),
    ]
    assert json.loads(json.dumps(done)) == done


def test_the_snapshot_is_one_object_with_all_prices() -> None:
    quoted("BTC/USD", "97000", age=timedelta(minutes=2))

    (found,) = feed.snapshot(snapshots.PUBLIC, {})

    shown = found["prices"]
    assert isinstance(shown, list)
    assert [row["symbol"] for row in shown] == ["BTC", "ETH", "EUR", "GBP", "SOL", "SUI", "USDC", "USDT"]
    assert (shown[0]["price"], shown[0]["stale"]) == ("97000", True)
