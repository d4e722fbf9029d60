"""GET /market/prices and /market/candles."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from fractions import Fraction
from typing import Any

import pytest
from django.db.models.functions import Now
from django.http import HttpResponse

from core.market import shapes
from core.market.models import Candle, CandleFeed
from tests.core.market.factories import quoted

pytestmark = [pytest.mark.django_db, pytest.mark.urls("core.market.urls")]
Call = Callable[..., HttpResponse]
NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)


def _prices(own: Call, query: str = "") -> dict[str, Any]:
    return {row["symbol"]: row for row in own("GET", f"/market/prices{query}").json()["data"]}


def test_every_watched_symbol_is_told_with_its_age(own: Call) -> None:
    quoted("BTC/USD", "97123.40", age=timedelta(seconds=5))

    answer = own("GET", "/market/prices")

    body = answer.json()
    rows = {row["symbol"]: row for row in body["data"]}
    assert sorted(rows) == ["BTC", "ETH", "EUR", "GBP", "SOL", "SUI", "USDC", "USDT"]
    btc = rows["BTC"]
    assert btc.pop("observed_at").endswith("Z")
    assert btc.pop("age_seconds") in range(5, 10)
    assert btc == {
        "symbol": "BTC",
        "quote": "USD",
        "price": "97123.4",
        "reason": None,
        "source": "kraken",
        "path": [{"pair": "BTC/USD", "inverse": False}],
        "stale": False,
    }
    assert (body["has_more"], body["next_cursor"], answer.headers["Cache-Control"]) == (False, None, "no-store")


def test_what_nobody_told_is_null_and_says_why(own: Call) -> None:
    found = _prices(own, "?symbols=ETH,AUSDC")

    assert {symbol: (row["price"], row["reason"], row["stale"]) for symbol, row in found.items()} == {
        "ETH": (None, "price_unavailable", True),
        "AUSDC": (None, "price_unavailable", True),
    }


def test_a_price_that_is_too_old_is_told_and_says_so(own: Call) -> None:
    quoted("BTC/USD", "97123.4", age=timedelta(minutes=2))

    row = _prices(own, "?symbols=BTC")["BTC"]

    assert (row["price"], row["stale"], row["age_seconds"] >= 120) == ("97123.4", True, True)


def test_prices_in_another_currency_show_the_way(own: Call) -> None:
    quoted("BTC/USD", "97123.4")
    quoted("EUR/USD", "1.08")

    found = _prices(own, "?symbols=BTC,USD,EUR&quote=EUR")

    assert (found["BTC"]["price"], found["USD"]["price"], found["EUR"]["price"]) == (
        "89929.0740741",
        "0.925925925926",
        "1",
    )
    assert found["BTC"]["path"] == [
        {"pair": "BTC/USD", "inverse": False},
        {"pair": "EUR/USD", "inverse": True},
    ]
    assert (found["EUR"]["path"], found["EUR"]["source"], found["EUR"]["age_seconds"]) == ([], None, None)


@pytest.mark.parametrize(
    ("query", "code"),
    [
        ("symbols=DOGE", "unknown_asset"),
        ("symbols=", "unknown_asset"),
        ("symbols=BTC,%00", "unknown_asset"),
        ("quote=JPY", "unknown_currency"),
        ("x=1", "unknown_filter"),
    ],
)
def test_wrong_wishes_are_named(own: Call, query: str, code: str) -> None:
    answer = own("GET", f"/market/prices?{query}")

    assert (answer.status_code, answer.json()["code"]) == (400, code)
    assert answer.json()["errors"][0]["pointer"].startswith("/query/")


def _drawn(count: int) -> None:
    Candle.objects.bulk_create(
        Candle(
            pair_id="BTC/USD",
            source="kraken",
            interval="1m",
            start=NOON + timedelta(minutes=number),
            open=Decimal("100.10"),
            high=Decimal(105),
            low=Decimal("99.5"),
            close=Decimal(100 + number),
            volume=Decimal("0.00210000"),
            trades=number,
        )
        for number in range(count)
    )
    CandleFeed.objects.create(pair_id="BTC/USD", source="kraken", interval="1m", fetched_at=Now())


def test_candles_come_newest_first_page_by_page(own: Call) -> None:
    _drawn(5)

    path, closes, pages = "/market/candles?symbol=BTC&interval=1m&limit=2", [], 0
    while path:
        body = own("GET", path).json()
        closes += [row["close"] for row in body["data"]]
        pages += 1
        path = (
            f"/market/candles?symbol=BTC&interval=1m&limit=2&cursor={body['next_cursor']}" if body["has_more"] else ""
        )

    assert (closes, pages) == (["104", "103", "102", "101", "100"], 3)
    assert body["data"][0] == {
        "start": "2026-03-01T12:00:00.000000Z",
        "end": "2026-03-01T12:01:00.000000Z",
        "open": "100.1",
        "high": "105",
        "low": "99.5",
        "close": "100",
        "volume": "0.0021",
        "trades": 0,
        "complete": True,
    }
    assert {name: body[name] for name in ("symbol", "quote", "interval", "source", "stale")} == {
        "symbol": "BTC",
        "quote": "USD",
        "interval": "1m",
        "source": "kraken",
        "stale": False,
    }


def test_the_candle_that_still_runs_is_not_complete(own: Call) -> None:
    _drawn(2)
    CandleFeed.objects.update(fetched_at=NOON + timedelta(seconds=90))

    rows = own("GET", "/market/candles?symbol=BTC&interval=1m").json()["data"]

    assert [row["complete"] for row in rows] == [False, True]


def test_candles_never_fetched_are_an_empty_stale_list(own: Call) -> None:
    body = own("GET", "/market/candles?symbol=ETH&interval=1d").json()

    assert (body["data"], body["stale"], body["as_of"], body["source"]) == ([], True, None, None)


@pytest.mark.parametrize(
    ("query", "status", "code"),
    [
        ("interval=1m", 400, "required"),
        ("symbol=DOGE&interval=1m", 400, "unknown_asset"),
        ("symbol=AUSDC&interval=1m", 422, "price_unavailable"),
        ("symbol=BTC", 400, "invalid_filter"),
        ("symbol=BTC&interval=2m", 400, "invalid_filter"),
        ("symbol=BTC&interval=1m&limit=101", 400, "invalid_limit"),
        ("symbol=BTC&interval=1m&cursor=!!", 400, "invalid_cursor"),
        ("symbol=BTC&interval=1m&quote=EUR", 400, "unknown_filter"),
    ],
)
def test_wrong_wishes_for_candles_are_named(own: Call, query: str, status: int, code: str) -> None:
    answer = own("GET", f"/market/candles?{query}")

    assert (answer.status_code, answer.json()["code"]) == (status, code)


def test_a_cursor_far_in_the_future_is_only_a_cursor(own: Call) -> None:
    _drawn(1)

    answer = own("GET", "/market/candles?symbol=BTC&interval=1m&cursor=OTk5OTk5OTk5OTk5OTk5OTk5")

    assert (answer.status_code, len(answer.json()["data"])) == (200, 1)


def test_strangers_are_told_nothing(anyone: Call) -> None:
    assert anyone("GET", "/market/prices").status_code == 401
    assert anyone("GET", "/market/candles?symbol=BTC&interval=1m").status_code == 401


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (Fraction(971234, 10), "97123.4"),
        (Fraction(1), "1"),
        (Fraction(1, 10**18), "0.000000000000000001"),
        (Fraction(1, 3), "0.333333333333"),
        (Fraction(100000), "100000"),
        (Fraction(200, 3), "66.6666666667"),
    ],
)
def test_numbers_are_plain_decimals(value: Fraction, text: str) -> None:
    assert shapes.number(value) == text
