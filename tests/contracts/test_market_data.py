"""Our reader of Kraken's public data against the pretend exchange, beside ccxt as an independent reader of the same."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import ccxt
import pytest

from core.market import book, charts, market, observing, sources
from core.market.models import Candle, LatestPrice, Pair
from core.market.providers import kraken
from core.market.providers.kraken import KrakenMarket
from core.resilience import breaker
from tests.sandbox.rig import Sandbox

pytestmark = pytest.mark.django_db
PAIRS = ("BTC/USD", "ETH/USD", "SOL/USD", "SUI/USD", "USDC/USD", "USDT/USD")


@pytest.fixture
def exchange(sandbox: Sandbox) -> Iterator[Sandbox]:
    """Let prices stand still, and no breaker be open, while a test looks."""
    sandbox.control("POST", "kraken/market", {"moving": False})
    for operation in ("market", "candles"):
        breaker.Breaker(name=f"kraken:{operation}").success()
    yield sandbox
    sandbox.control("POST", "kraken/market", {"moving": True})


@pytest.fixture
def source(exchange: Sandbox) -> Iterator[KrakenMarket]:
    reader = KrakenMarket(place=kraken.Place(base_url=exchange.url, allowed_hosts=frozenset({"127.0.0.1"})))
    with sources.replaced(reader):
        yield reader


@pytest.fixture
def judge(exchange: Sandbox) -> Any:
    reader = ccxt.kraken({"enableRateLimit": False})
    reader.urls["api"] = {"public": exchange.url, "private": exchange.url}
    return reader


def test_tickers_are_what_ccxt_reads(source: KrakenMarket, judge: Any) -> None:
    ours = {tick.pair: (tick.bid, tick.ask, tick.last) for tick in source.ticks(PAIRS)}

    theirs = judge.fetch_tickers(list(PAIRS))

    assert sorted(ours) == sorted(PAIRS)
    assert ours == {
        pair: tuple(Decimal(each["info"][name][0]) for name in ("b", "a", "c")) for pair, each in theirs.items()
    }
    assert {pair: float(last) for pair, (_, _, last) in ours.items()} == {  # ccxt's own reading is in floats
        pair: each["last"] for pair, each in theirs.items()
    }


@pytest.mark.parametrize(("interval_s", "timeframe"), [(60, "1m"), (300, "5m"), (3600, "1h"), (86400, "1d")])
def test_candles_are_what_ccxt_reads(source: KrakenMarket, judge: Any, interval_s: int, timeframe: str) -> None:
    ours = source.bars(pair="BTC/USD", interval_s=interval_s, since=None)

    theirs = judge.fetch_ohlcv("BTC/USD", timeframe)

    assert len(ours) > 1
    assert [
        [bar.start.timestamp() * 1000, *map(float, (bar.open, bar.high, bar.low, bar.close, bar.volume))]
        for bar in ours
    ] == theirs


def test_candles_since_a_moment_begin_after_it(source: KrakenMarket) -> None:
    since = datetime.now(UTC).replace(second=0, microsecond=0) - timedelta(minutes=5)

    bars = source.bars(pair="BTC/USD", interval_s=60, since=since)

    assert bars
    assert all(bar.start > since for bar in bars)


def test_a_round_makes_prices_that_are_fresh(source: KrakenMarket) -> None:
    assert observing.observe() >= len(PAIRS)

    book.forget()
    found = {pair: market.fresh(base=pair.partition("/")[0]) for pair in PAIRS}
    assert all(price.value > 0 and price.age_s < 10 for price in found.values())
    assert found["BTC/USD"].value > found["ETH/USD"].value > found["SOL/USD"].value > found["USDC/USD"].value


def test_candles_are_kept_complete_and_in_order(source: KrakenMarket) -> None:
    Pair.objects.exclude(pk="BTC/USD").update(is_active=False)

    assert charts.refresh() == 4

    starts = list(Candle.objects.filter(interval="1m").order_by("start").values_list("start", flat=True))
    assert len(starts) > 60
    assert {later - earlier for earlier, later in itertools.pairwise(starts)} == {timedelta(minutes=1)}


def test_a_jump_on_the_exchange_is_not_believed_at_once(source: KrakenMarket, exchange: Sandbox) -> None:
    observing.observe()
    before = LatestPrice.objects.get(pair="SUI/USD")
    exchange.control("POST", "kraken/price", {"pair": "SUIUSD", "price": f"{before.price / 2:.4f}"})
    try:
        observing.observe()
    finally:
        exchange.control("POST", "kraken/price", {"pair": "SUIUSD", "price": f"{before.price:.4f}"})

    after = LatestPrice.objects.get(pair="SUI/USD")
    assert (after.price, after.observed_at, after.refused_why) == (before.price, before.observed_at, "jump")


@pytest.mark.parametrize("fault", ["error", "garbage", "reset_before", "rate_limit"])
def test_an_exchange_that_is_ill_leaves_the_last_price(source: KrakenMarket, exchange: Sandbox, fault: str) -> None:
    observing.observe()
    before = LatestPrice.objects.get(pair="BTC/USD")
    exchange.fault(provider="kraken", operation="market", fault=fault, times=1)

    assert observing.observe() == 0

    after = LatestPrice.objects.get(pair="BTC/USD")
    assert (after.price, after.observed_at) == (before.price, before.observed_at)
    assert observing.observe() > 0
