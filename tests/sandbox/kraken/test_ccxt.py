"""The judge: ccxt's own Kraken client trades on the sandbox and understands everything that it says."""

from __future__ import annotations

from typing import Any

import ccxt
import pytest

from tests.sandbox.kraken.trader import Trader
from tests.sandbox.rig import KRAKEN_CCXT_KEY, KRAKEN_SECRET


def client(trader: Trader) -> Any:
    """Return ccxt's Kraken, pointed at the sandbox, on a key of its own."""
    made = ccxt.kraken({"apiKey": KRAKEN_CCXT_KEY, "secret": KRAKEN_SECRET, "enableRateLimit": False})
    made.urls["api"] = {"public": trader.sandbox.url, "private": trader.sandbox.url, "zendesk": trader.sandbox.url}
    return made


@pytest.fixture
def exchange(trader: Trader) -> Any:
    made = client(trader)
    made.load_markets()
    return made


def test_markets_and_currencies(exchange: Any) -> None:
    assert set(exchange.markets) == {
        *("BTC/USD", "ETH/USD", "SOL/USD", "SUI/USD", "USDC/USD", "USDT/USD"),
        *("EUR/USD", "GBP/USD"),
        *("BTC/USDC", "ETH/USDC", "SOL/USDC", "SUI/USDC"),
    }
    bitcoin = exchange.market("BTC/USD")
    assert (bitcoin["id"], bitcoin["active"], bitcoin["taker"], bitcoin["maker"]) == ("XXBTZUSD", True, 0.004, 0.0025)
    assert (bitcoin["precision"], bitcoin["limits"]["amount"]["min"]) == ({"amount": 1e-08, "price": 0.1}, 5e-05)
    assert set(exchange.fetch_currencies()) == {"USD", "USDC", "USDT", "BTC", "ETH", "SOL", "SUI", "EUR", "GBP"}
    assert exchange.fetch_status()["status"] == "ok"
    assert exchange.fetch_trading_fee("BTC/USD")["taker"] == 0.004


def test_ticker_book_and_candles(exchange: Any, trader: Trader) -> None:
    ticker = exchange.fetch_ticker("BTC/USD")
    book = exchange.fetch_order_book("BTC/USD", 2)
    candles = exchange.fetch_ohlcv("BTC/USD", "1h", limit=24)
    trades = exchange.fetch_trades("BTC/USD")

    assert (ticker["bid"], ticker["ask"], ticker["last"]) == (99_950, 100_050, 100_050)
    assert (book["bids"], book["asks"]) == (
        [[99_950, 1, book["bids"][0][2]], [99_849.9, 1.15, book["bids"][1][2]]],
        [[100_050, 1, book["asks"][0][2]], [100_150.1, 1.15, book["asks"][1][2]]],
    )
    assert len(candles) == 24
    assert candles[-1][4] == ticker["last"] == trades[-1]["price"]
    assert set(exchange.fetch_tickers()) == set(exchange.markets)


def test_a_market_order(exchange: Any) -> None:
    before = exchange.fetch_balance()["total"]

    made = exchange.create_order("BTC/USD", "market", "buy", 0.25, params={"clientOrderId": "ccxt-market"})
    order = exchange.fetch_order(made["id"])

    assert (order["status"], order["filled"], order["average"], order["side"], order["type"]) == (
        ("closed", 0.25, 100_050, "buy", "market")
    )
    assert (order["clientOrderId"], order["cost"], order["fee"]["currency"]) == ("ccxt-market", 25_012.5, "USD")
    assert float(order["fee"]["cost"]) == 100.05
    after = exchange.fetch_balance()["total"]
    assert after["BTC"] - before["BTC"] == pytest.approx(0.25)
    assert before["USD"] - after["USD"] == pytest.approx(25_112.55)


def test_a_limit_order_rests_and_is_cancelled(exchange: Any) -> None:
    made = exchange.create_order("BTC/USD", "limit", "sell", 0.5, 150_000)

    assert (made["price"], made["amount"], made["side"]) == (150_000, 0.5, "sell")
    assert [(one["id"], one["status"]) for one in exchange.fetch_open_orders("BTC/USD")] == [(made["id"], "open")]
    assert exchange.fetch_balance()["used"]["BTC"] == 0.5
    exchange.cancel_order(made["id"])
    assert exchange.fetch_order(made["id"])["status"] == "canceled"
    assert exchange.fetch_closed_orders("BTC/USD")[-1]["id"] == made["id"]
    with pytest.raises(ccxt.OrderNotFound):
        exchange.cancel_order(made["id"])


def test_my_trades_are_the_trades_of_my_order(exchange: Any) -> None:
    made = exchange.create_order("BTC/USD", "market", "buy", 1.5)

    mine = [trade for trade in exchange.fetch_my_trades("BTC/USD") if trade["order"] == made["id"]]
    of_order = exchange.fetch_order_trades(made["id"], params={"trades": exchange.fetch_order(made["id"])["trades"]})

    assert sorted((trade["price"], trade["amount"], trade["takerOrMaker"]) for trade in mine) == [
        (100_050, 1, "taker"),
        (100_150.1, 0.5, "taker"),
    ]
    assert {trade["id"] for trade in of_order} == {trade["id"] for trade in mine}


def test_an_order_by_cost_and_one_that_must_be_filled_at_once(exchange: Any) -> None:
    by_cost = exchange.fetch_order(exchange.create_market_buy_order_with_cost("BTC/USD", 500)["id"])
    at_once = exchange.create_order("BTC/USD", "limit", "buy", 5, 100_050, params={"timeInForce": "IOC"})

    assert (by_cost["status"], by_cost["info"]["cost"]) == ("closed", "499.9999")
    order = exchange.fetch_order(at_once["id"])
    assert (order["status"], order["filled"] < 5, order["remaining"] > 0) == ("canceled", True, True)


def test_refusals_become_the_exceptions_that_ccxt_knows(exchange: Any, trader: Trader) -> None:
    with pytest.raises(ccxt.InsufficientFunds):
        exchange.create_order("BTC/USD", "limit", "buy", 100_000, 99_000)
    with pytest.raises(ccxt.InvalidOrder):
        exchange.create_order("BTC/USD", "limit", "buy", 0.00001, 99_000)
    with pytest.raises(ccxt.InvalidOrder):
        exchange.fetch_order("OAAAAA-AAAAA-AAAAAA")
    stranger = client(trader)
    stranger.apiKey = "nobody"
    with pytest.raises(ccxt.AuthenticationError):
        stranger.fetch_balance()
    late = client(trader)
    late.nonce = lambda: 1
    with pytest.raises(ccxt.InvalidNonce):
        late.fetch_balance()
    trader.sandbox.fault(provider="kraken", operation="other", fault="rate_limit", times=1)
    with pytest.raises(ccxt.DDoSProtection):
        exchange.fetch_balance()
