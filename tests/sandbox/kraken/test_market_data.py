"""What the public sees is what happened: quotes, trades and candles of the exchange agree with each other."""

from __future__ import annotations

import itertools
from decimal import Decimal
from pathlib import Path

import pytest

from tests.sandbox.kraken.trader import Trader
from tests.sandbox.rig import Sandbox, environ

PAIRS = {"XXBTZUSD", "XETHZUSD", "SOLUSD", "SUIUSD", "XBTUSDC", "ETHUSDC", "SOLUSDC", "SUIUSDC", "USDCUSD", "USDTZUSD"}
MONEY = {"ZEURZUSD", "ZGBPZUSD"}


def test_the_pairs_of_the_product_are_listed_with_their_rules(trader: Trader) -> None:
    pairs = trader.public("AssetPairs")

    assert set(pairs) == PAIRS | MONEY
    bitcoin = pairs["XXBTZUSD"]
    assert (bitcoin["altname"], bitcoin["wsname"], bitcoin["base"], bitcoin["quote"]) == (
        "XBTUSD",
        "XBT/USD",
        "XXBT",
        "ZUSD",
    )
    assert (bitcoin["pair_decimals"], bitcoin["lot_decimals"], bitcoin["tick_size"]) == (1, 8, "0.1")
    assert (bitcoin["ordermin"], bitcoin["costmin"], bitcoin["status"]) == ("0.00005000", "0.5000", "online")
    assert (bitcoin["fees"][0], bitcoin["fees_maker"][0]) == ([0, 0.4], [0, 0.25])


@pytest.mark.parametrize("name", ["XBTUSD", "XXBTZUSD", "XBT/USD", "BTC/USD", "btcusd"])
def test_a_pair_is_known_by_all_its_names(trader: Trader, name: str) -> None:
    assert list(trader.public("Ticker", pair=name)) == ["XXBTZUSD"]


def test_the_ticker_shows_the_best_of_the_book_and_the_last_trade(trader: Trader) -> None:
    trader.order("buy", "0.3")

    ticker = trader.public("Ticker", pair="XBTUSD")["XXBTZUSD"]
    depth = trader.public("Depth", pair="XBTUSD")["XXBTZUSD"]
    last = trader.public("Trades", pair="XBTUSD")["XXBTZUSD"][-1]

    assert (ticker["a"][0], ticker["a"][2]) == (depth["asks"][0][0], depth["asks"][0][1])
    assert (ticker["b"][0], ticker["b"][2]) == (depth["bids"][0][0], depth["bids"][0][1])
    assert ticker["c"] == [last[0], last[1]] == ["100050.0", "0.30000000"]
    assert last[3:6] == ["b", "m", ""]
    assert Decimal(depth["asks"][0][0]) > Decimal(depth["bids"][0][0])


def test_depth_is_in_order_and_as_long_as_asked(trader: Trader) -> None:
    depth = trader.public("Depth", pair="XBTUSD", count=2)["XXBTZUSD"]

    asks, bids = [Decimal(row[0]) for row in depth["asks"]], [Decimal(row[0]) for row in depth["bids"]]
    assert (asks, bids) == ([Decimal(100_050), Decimal("100150.1")], [Decimal(99_950), Decimal("99849.9")])


@pytest.mark.parametrize("minutes", [1, 5, 15, 30, 60, 240, 1440])
def test_candles_are_made_of_trades_without_gaps(trader: Trader, minutes: int) -> None:
    trader.order("buy", "0.3")
    trader.set_price("XBTUSD", "101000.0")

    answer = trader.public("OHLC", pair="XBTUSD", interval=minutes)
    rows = answer["XXBTZUSD"]

    assert {later[0] - sooner[0] for sooner, later in itertools.pairwise(rows)} == {minutes * 60}
    assert len(rows) <= 720
    assert answer["last"] == rows[-2][0]
    for _, opened, high, low, closed, vwap, volume, count in rows:
        assert (
            Decimal(low)
            <= min(Decimal(opened), Decimal(closed))
            <= max(Decimal(opened), Decimal(closed))
            <= Decimal(high)
        )
        assert (Decimal(volume) > 0) == (count > 0) == (Decimal(vwap) > 0)
    assert Decimal(rows[-1][4]) == Decimal(trader.public("Trades", pair="XBTUSD")["XXBTZUSD"][-1][0])


def test_a_month_of_candles_is_there_from_the_first_start(trader: Trader) -> None:
    days = trader.public("OHLC", pair="ETHUSD", interval=1440)["XETHZUSD"]

    assert len(days) >= 30
    # Other tests push the sandbox's clock, over days on which nobody trades: those come at the end.
    assert all(row[7] > 0 for row in days[1:29])


def test_candles_and_trades_after_a_moment(trader: Trader) -> None:
    rows = trader.public("OHLC", pair="XBTUSD", interval=60)["XXBTZUSD"]
    since = rows[-3][0]

    assert [row[0] for row in trader.public("OHLC", pair="XBTUSD", interval=60, since=since)["XXBTZUSD"]] == [
        since + 3600,
        since + 7200,
    ]
    last = trader.public("Trades", pair="XBTUSD")["last"]
    trader.order("buy", "0.01")
    assert [row[1] for row in trader.public("Trades", pair="XBTUSD", since=last)["XXBTZUSD"]] == ["0.01000000"]


def test_a_pair_in_usdc_follows_its_pair_in_dollars(trader: Trader) -> None:
    trader.set_price("USDCUSD", "0.9900")
    trader.set_price("XBTUSD", "99000.0")

    price = trader.public("Ticker", pair="XBTUSDC")["XBTUSDC"]
    assert Decimal(price["b"][0]) < 100_000 < Decimal(price["a"][0])
    trader.set_price("XBTUSDC", "50000.0")
    dollars = trader.public("Ticker", pair="XBTUSD")["XXBTZUSD"]
    assert Decimal(dollars["b"][0]) < 49_500 < Decimal(dollars["a"][0])
    trader.set_price("USDCUSD", "1.0000")


@pytest.mark.parametrize(
    ("method", "query", "error"),
    [
        ("Ticker", {"pair": "NOPE"}, "EQuery:Unknown asset pair"),
        ("Depth", {}, "EQuery:Unknown asset pair"),
        ("OHLC", {"pair": "XBTUSD", "interval": "7"}, "EGeneral:Invalid arguments"),
        ("OHLC", {"pair": "XBTUSD", "since": "x"}, "EGeneral:Invalid arguments"),
        ("Assets", {"asset": "NOPE"}, "EQuery:Unknown asset"),
        ("Nothing", {}, "EGeneral:Unknown method"),
    ],
)
def test_what_is_not_there_is_an_error_in_kraken_s_words(
    trader: Trader, method: str, query: dict[str, str], error: str
) -> None:
    with pytest.raises(AssertionError, match=error):
        trader.public(method, **query)


def test_the_same_seed_makes_the_same_market(tmp_path: Path) -> None:
    prices = []
    for name in ("one", "two"):
        sandbox = Sandbox(data=tmp_path / name, environ=environ(SANDBOX_KRAKEN_SEED="7"))
        sandbox.start()
        sandbox.control("POST", "kraken/step", {"steps": 25})
        prices.append({pair: seen["price"] for pair, seen in sandbox.control("GET", "kraken")["markets"].items()})
        assert sandbox.stop() == 0

    assert prices[0] == prices[1]
    assert prices[0]["XBTUSD"] != "92500.0000000000"


def test_a_step_moves_the_price_a_little_and_is_traded(trader: Trader) -> None:
    before = trader.sandbox.control("GET", "kraken")["markets"]["ETHUSD"]
    trades = len(trader.public("Trades", pair="ETHUSD")["XETHZUSD"])

    after = trader.sandbox.control("POST", "kraken/step", {"steps": 3})["markets"]["ETHUSD"]

    moved = abs(Decimal(after["price"]) / Decimal(before["price"]) - 1)
    assert 0 < moved < Decimal("0.0005")
    assert after["steps"] == before["steps"] + 3
    assert len(trader.public("Trades", pair="ETHUSD")["XETHZUSD"]) == trades + 3


def test_prices_can_stand_still_for_one_pair(trader: Trader) -> None:
    trader.sandbox.control("POST", "kraken/market", {"pair": "SOLUSD", "moving": False})
    before = trader.sandbox.control("GET", "kraken")["markets"]

    after = trader.sandbox.control("POST", "kraken/step", {"steps": 2})["markets"]

    assert after["SOLUSD"] == before["SOLUSD"]
    assert after["SUIUSD"]["steps"] == before["SUIUSD"]["steps"] + 2
    trader.sandbox.control("POST", "kraken/market", {"moving": True})
