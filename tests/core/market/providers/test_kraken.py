"""Kraken's public answers in their recorded shapes, and what may come instead of them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest

from core.market.providers import kraken
from core.market.providers.kraken import KrakenMarket
from core.market.sources import Bar, Tick
from core.providers import contract
from tests.core.providers.wires import Behaviour, Wire, answer, hang_up, serving, silence

BTC = {
    "a": ["97123.50000", "1", "1.000"],
    "b": ["97123.40000", "2", "2.000"],
    "c": ["97123.40000", "0.00210000"],
    "v": ["812.1", "1900.3"],
    "p": ["97000.1", "96900.2"],
    "t": [12034, 30211],
    "l": ["96000.0", "95800.0"],
    "h": ["98000.0", "98100.0"],
    "o": "96500.0",
}
EUR = {**BTC, "a": ["1.08432", "1", "1"], "b": ["1.08430", "1", "1"], "c": ["1.08431", "5"]}
CANDLE = [1_772_366_400, "97000.0", "97200.5", "96990.1", "97123.4", "97100.0", "12.34567890", 321]


def _ok(result: object) -> Behaviour:
    return answer(200, {"error": [], "result": result})


def _fault(*said: str) -> Behaviour:
    return answer(200, {"error": list(said)})


@contextmanager
def _kraken(*script: Behaviour) -> Iterator[tuple[KrakenMarket, Wire]]:
    with serving(*script) as wire:
        place = kraken.Place(base_url=f"{wire.url}/kraken", allowed_hosts=frozenset({"127.0.0.1"}))
        yield KrakenMarket(place=place), wire


def test_all_pairs_are_asked_for_in_one_call() -> None:
    with _kraken(_ok({"XXBTZUSD": BTC, "ZEURZUSD": EUR})) as (source, wire):
        ticks = source.ticks(["BTC/USD", "EUR/USD"])

    assert ticks == [
        Tick(pair="BTC/USD", bid=Decimal("97123.4"), ask=Decimal("97123.5"), last=Decimal("97123.4")),
        Tick(pair="EUR/USD", bid=Decimal("1.0843"), ask=Decimal("1.08432"), last=Decimal("1.08431")),
    ]
    assert [request.split(b"\r\n")[0] for request in wire.requests] == [
        b"GET /kraken/0/public/Ticker?pair=XBTUSD%2CEURUSD HTTP/1.1"
    ]


def test_one_unknown_pair_costs_only_itself() -> None:
    unknown = _fault("EQuery:Unknown asset pair")
    with _kraken(unknown, _ok({"XXBTZUSD": BTC}), unknown, _ok({"XXBTZUSD": BTC})) as (source, wire):
        rounds = [source.ticks(["BTC/USD", "SUI/USD"]) for _ in range(2)]

    assert [[tick.pair for tick in ticks] for ticks in rounds] == [["BTC/USD"], ["BTC/USD"]]
    assert [request.split(b"pair=")[1].split(b" ")[0] for request in wire.requests] == [
        b"XBTUSD%2CSUIUSD",
        b"XBTUSD",
        b"SUIUSD",
        b"XBTUSD",
    ]


def test_pairs_that_it_cannot_have_are_not_asked_for() -> None:
    with _kraken(hang_up) as (source, wire):
        assert (source.ticks(["DOGE/EUR"]), source.bars(pair="DOGE/EUR", interval_s=60, since=None)) == ([], [])

    assert wire.requests == []


def test_candles_are_read_exactly() -> None:
    since = datetime(2026, 3, 1, 11, tzinfo=UTC)
    with _kraken(_ok({"XXBTZUSD": [CANDLE], "last": 1_772_366_400})) as (source, wire):
        bars = source.bars(pair="BTC/USD", interval_s=3600, since=since)

    assert bars == [
        Bar(
            start=datetime(2026, 3, 1, 12, tzinfo=UTC),
            open=Decimal("97000.0"),
            high=Decimal("97200.5"),
            low=Decimal("96990.1"),
            close=Decimal("97123.4"),
            volume=Decimal("12.3456789"),
            trades=321,
        )
    ]
    assert b"/0/public/OHLC?pair=XBTUSD&interval=60&since=1772362800 " in wire.requests[0]


@pytest.mark.parametrize(
    ("behaviour", "error"),
    [
        (_fault("EService:Unavailable"), contract.Unavailable),
        (_fault("EGeneral:Internal error"), contract.Unavailable),
        (_fault("EAPI:Rate limit exceeded"), contract.RateLimited),
        (_fault("EGeneral:Temporary lockout"), contract.RateLimited),
        (answer(429, {}), contract.RateLimited),
        (answer(404, {"error": ["EGeneral:Unknown method"]}), contract.Unavailable),
        (answer(503, b"<html>"), contract.Unavailable),
        (answer(200, b"not json"), contract.Unavailable),
        (answer(200, {"result": {}}), contract.Unavailable),
        (hang_up, contract.Unavailable),
    ],
)
def test_what_is_no_answer_is_an_error_that_says_so(behaviour: Behaviour, error: type[Exception]) -> None:
    with _kraken(behaviour) as (source, _), pytest.raises(contract.ProviderError) as caught:
        source.ticks(["BTC/USD"])

    assert type(caught.value) is error


@pytest.mark.parametrize(
    "result",
    [
        {},
        {"XXBTZUSD": []},
        {"XXBTZUSD": {**BTC, "a": []}},
        {"XXBTZUSD": {**BTC, "b": ["NaN"]}},
        {"XXBTZUSD": {**BTC, "b": ["1e5"]}},
        {"XXBTZUSD": {**BTC, "c": [97123.4]}},
        {"XXBTZUSD": {**BTC, "c": "97123.4"}},
        {"XETHZUSD": BTC},
    ],
)
def test_a_ticker_of_another_shape_is_refused_whole(result: dict[str, Any]) -> None:
    with _kraken(_ok(result)) as (source, _), pytest.raises(contract.Unavailable, match="malformed"):
        source.ticks(["BTC/USD"])


@pytest.mark.parametrize("row", [[], CANDLE[:7], ["x", *CANDLE[1:]], [*CANDLE[:7], "many"], [1, 2.5, *CANDLE[2:]], {}])
def test_a_candle_of_another_shape_is_refused(row: object) -> None:
    with _kraken(_ok({"XXBTZUSD": [row]})) as (source, _), pytest.raises(contract.Unavailable, match="malformed"):
        source.bars(pair="BTC/USD", interval_s=60, since=None)


def test_a_warning_is_no_error() -> None:
    with _kraken(answer(200, {"error": ["WGeneral:Danger"], "result": {"XXBTZUSD": BTC}})) as (source, _):
        assert len(source.ticks(["BTC/USD"])) == 1


@pytest.mark.filterwarnings("ignore::ResourceWarning")
def test_a_source_that_says_nothing_is_given_up_soon(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(kraken, "_LIMITS", kraken.http.Limits(connect_s=0.5, read_s=0.2, total_s=0.5))
    with _kraken(silence) as (source, _), pytest.raises(contract.Unavailable):
        source.ticks(["BTC/USD"])


def test_only_its_own_host_is_called() -> None:
    with pytest.raises(ValueError, match="not an allowed host"):
        KrakenMarket(place=kraken.Place(base_url="https://example.com"))
