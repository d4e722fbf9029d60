"""Orders of an account: what they cost to the last digit, how they end, and what the exchange does not take."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any

import pytest

from tests.sandbox.kraken.trader import Trader

D = Decimal


def balances(trader: Trader) -> dict[str, Decimal]:
    return {name: D(text) for name, text in trader.private("Balance").items()}


def moved(trader: Trader, before: dict[str, Decimal]) -> dict[str, Decimal]:
    return {name: now - before[name] for name, now in balances(trader).items() if now != before[name]}


def test_a_market_buy_pays_cost_and_fee_and_gets_coins(trader: Trader) -> None:
    before = balances(trader)

    order = trader.look(trader.order("buy", "0.5"))

    assert (order["status"], order["vol"], order["vol_exec"]) == ("closed", "0.50000000", "0.50000000")
    assert (order["cost"], order["fee"], order["price"]) == ("50025.0000", "200.1000", "100050.0")
    assert moved(trader, before) == {"ZUSD": D("-50225.1"), "XXBT": D("0.5")}


def test_a_market_sell_gets_cost_less_fee(trader: Trader) -> None:
    before = balances(trader)

    order = trader.look(trader.order("sell", "0.5"))

    assert (order["cost"], order["fee"]) == ("49975.0000", "199.9000")
    assert moved(trader, before) == {"ZUSD": D("49775.1"), "XXBT": D("-0.5")}


def test_an_order_larger_than_a_level_is_filled_from_several_at_their_prices(trader: Trader) -> None:
    id_ = trader.order("buy", "2")

    fills = trader.fills(id_)
    assert [(fill["price"], fill["vol"]) for fill in fills] == [("100050.0", "1.00000000"), ("100150.1", "1.00000000")]
    order = trader.look(id_)
    assert (order["cost"], order["price"]) == ("200200.1000", "100100.1")  # the mean, half up
    assert sum(D(fill["cost"]) for fill in fills) == D(order["cost"])
    assert sum(D(fill["fee"]) for fill in fills) == D(order["fee"])
    assert [fill["maker"] for fill in fills] == [False, False]


def test_a_buy_by_cost_spends_what_was_asked(trader: Trader) -> None:
    before = balances(trader)

    order = trader.look(trader.order("buy", "1000", oflags="viqc"))

    assert (order["status"], order["oflags"], order["vol"], order["cost"], order["fee"]) == (
        ("closed", "viqc,fciq", "1000.00000000", "999.9998", "4.0000")  # to the last lot
    )
    assert moved(trader, before) == {"ZUSD": D("-1003.9998"), "XXBT": D("0.00999500")}


def test_a_limit_order_rests_holds_money_and_is_filled_as_maker_when_the_price_comes(trader: Trader) -> None:
    before = balances(trader)
    id_ = trader.order("buy", "0.4", "98000.0")
    assert trader.look(id_)["status"] == "open"
    assert trader.private("BalanceEx")["ZUSD"]["hold_trade"] == "39356.8000"  # 39200 and the fee of a taker

    trader.set_price("XBTUSD", "97900.0")

    order = trader.look(id_)
    assert (order["status"], order["price"], order["fee"]) == ("closed", "98000.0", "98.0000")
    assert trader.fills(id_)[0]["maker"] is True
    assert moved(trader, before) == {"ZUSD": D("-39298"), "XXBT": D("0.4")}
    assert trader.private("BalanceEx")["ZUSD"]["hold_trade"] == "0.0000"


def test_the_earlier_of_two_orders_at_one_price_is_filled_first(trader: Trader) -> None:
    first, second = trader.order("buy", "0.6", "99960.0"), trader.order("buy", "0.6", "99960.0")

    trader.sandbox.control("POST", "kraken/depth", {"pair": "XBTUSD", "levels": 1, "size": 69_972})
    trader.sandbox.control(
        "POST", "kraken/price", {"pair": "XBTUSD", "price": "99900.0"}
    )  # sells 0.70042042 and the 0.00005 for the trade that shows the price

    assert trader.look(first)["vol_exec"] == "0.60000000"
    assert trader.look(second)["vol_exec"] == "0.10047042"


def test_what_cannot_be_had_at_once_is_given_back(trader: Trader) -> None:
    before = balances(trader)

    order = trader.look(trader.order("buy", "1.5", "100060.0", timeinforce="IOC"))

    assert (order["status"], order["vol_exec"]) == ("canceled", "1.00000000")
    assert moved(trader, before) == {"ZUSD": D("-100450.2"), "XXBT": D(1)}
    nothing = trader.look(trader.order("buy", "1", "90000.0", timeinforce="IOC"))
    assert (nothing["status"], nothing["vol_exec"], nothing["trades"]) == ("canceled", "0.00000000", [])


def test_all_or_nothing(trader: Trader) -> None:
    before = balances(trader)

    assert trader.error("buy", "1.5", "100060.0", timeinforce="FOK")
    order = trader.look(trader.order("buy", "1.5", "100160.0", timeinforce="FOK"))

    assert order["vol_exec"] == "1.50000000"
    assert moved(trader, before)["XXBT"] == D("1.5")


def test_a_cancel_ends_what_is_open_and_keeps_what_was_filled(trader: Trader) -> None:
    id_ = trader.order("buy", "3", "100060.0")
    assert trader.look(id_)["status"] == "open"

    assert trader.private("CancelOrder", txid=id_) == {"count": 1}

    order = trader.look(id_)
    assert (order["status"], order["reason"], order["vol_exec"]) == ("canceled", "User requested", "1.00000000")
    assert trader.ask("CancelOrder", txid=id_)["error"] == ["EOrder:Unknown order"]
    assert trader.look(id_)["vol_exec"] == "1.00000000"


def test_our_own_name_finds_and_cancels_an_order_and_is_unique_among_open_ones(trader: Trader) -> None:
    name = "6d1b345e-2821-40e2-ad83-4ecb18a06876"
    id_ = trader.order("buy", "0.1", "90000.0", cl_ord_id=name)

    assert list(trader.private("OpenOrders", cl_ord_id=name)["open"]) == [id_]
    assert trader.error("buy", "0.1", "90000.0", cl_ord_id=name) == ["EOrder:cl_ord_id already in use"]
    assert trader.private("CancelOrder", cl_ord_id=name) == {"count": 1}
    assert list(trader.private("ClosedOrders", cl_ord_id=name)["closed"]) == [id_]
    again = trader.order("buy", "0.1", cl_ord_id=name)  # closed ones do not count: this is why nothing may be resent
    assert set(trader.private("ClosedOrders", cl_ord_id=name)["closed"]) == {id_, again}
    assert [row["object_id"] for row in trader.sandbox.book(provider="kraken", operation="order", key=name)] == [
        id_,
        again,
    ]


def test_a_dry_run_trades_nothing(trader: Trader) -> None:
    before = balances(trader)

    answer = trader.private("AddOrder", pair="XBTUSD", type="buy", ordertype="market", volume="0.5", validate="true")

    assert answer == {"descr": {"order": "buy 0.50000000 XBTUSD @ market"}}
    assert moved(trader, before) == {}


REFUSALS: list[tuple[dict[str, Any], str]] = [
    ({"pair": "NOPE"}, "EQuery:Unknown asset pair"),
    ({"type": "hold"}, "EGeneral:Invalid arguments:type"),
    ({"ordertype": "stop-loss"}, "EGeneral:Invalid arguments:ordertype"),
    ({"volume": "0.000000001"}, "EGeneral:Invalid arguments:volume"),
    ({"volume": "-1"}, "EGeneral:Invalid arguments:volume"),
    ({"volume": "1e3"}, "EGeneral:Invalid arguments:volume"),
    ({"volume": "0.00004"}, "EOrder:Order minimum not met"),
    ({"volume": "0.00005", "price": "9990.0"}, "EOrder:Cost minimum not met"),
    ({"price": "100000.01"}, "EOrder:Invalid price:XBTUSD price can only be specified up to 1 decimals."),
    ({"price": "cheap"}, "EGeneral:Invalid arguments:price"),
    ({"timeinforce": "GTD"}, "EGeneral:Invalid arguments:timeinforce"),
    ({"oflags": "viqc"}, "EGeneral:Invalid arguments:viqc"),
    ({"oflags": "fcib"}, "EGeneral:Invalid arguments:oflags"),
    ({"oflags": "post", "price": "100060.0"}, "EOrder:Post only order"),
    ({"cl_ord_id": "longer than eighteen characters"}, "EGeneral:Invalid arguments:cl_ord_id"),
    ({"cl_ord_id": "one", "userref": "1"}, "EGeneral:Invalid arguments:cl_ord_id"),
    ({"userref": "99999999999"}, "EGeneral:Invalid arguments:userref"),
    ({"volume": "100000"}, "EOrder:Insufficient funds"),
    ({"type": "sell", "volume": "100000"}, "EOrder:Insufficient funds"),
    ({"deadline": "2020-01-01T00:00:00Z"}, "EService:Deadline elapsed"),
    ({"deadline": "tomorrow"}, "EGeneral:Invalid arguments:deadline"),
]


@pytest.mark.parametrize(("changes", "error"), REFUSALS, ids=[error for _, error in REFUSALS])
def test_what_the_exchange_does_not_take_moves_nothing(trader: Trader, changes: dict[str, Any], error: str) -> None:
    before, orders = balances(trader), len(trader.sandbox.book(provider="kraken", operation="order", limit="1000"))
    fields = {"pair": "XBTUSD", "type": "buy", "ordertype": "limit", "volume": "0.01", "price": "95000.0", **changes}

    assert trader.ask("AddOrder", **fields)["error"] == [error]

    assert moved(trader, before) == {}
    assert len(trader.sandbox.book(provider="kraken", operation="order", limit="1000")) == orders
    assert trader.private("OpenOrders") == {"open": {}}


def test_a_deadline_to_come_is_kept(trader: Trader) -> None:
    soon = dt.datetime.now(dt.UTC) + dt.timedelta(seconds=5)
    late = dt.datetime.now(dt.UTC) + dt.timedelta(seconds=90)

    assert trader.look(trader.order("buy", "0.01", deadline=soon.isoformat()))["status"] == "closed"
    assert trader.error("buy", "0.01", deadline=late.isoformat()) == ["EGeneral:Invalid arguments:deadline"]


def test_nobody_meets_oneself(trader: Trader) -> None:
    trader.sandbox.control("POST", "kraken/depth", {"pair": "XBTUSD", "levels": 0})
    mine = trader.order("sell", "0.5", "100000.0")

    order = trader.look(trader.order("buy", "0.5", "100000.0"))

    assert (order["status"], order["vol_exec"], order["reason"]) == ("canceled", "0.00000000", "Self trade prevention")
    assert trader.look(mine)["status"] == "open"


def test_a_market_order_into_an_empty_book_ends_without_a_trade(trader: Trader) -> None:
    trader.sandbox.control("POST", "kraken/depth", {"pair": "XBTUSD", "levels": 0})

    order = trader.look(trader.order("sell", "0.5"))

    assert (order["status"], order["vol_exec"]) == ("canceled", "0.00000000")


@pytest.mark.parametrize(
    ("mode", "error"),
    [
        ("maintenance", "EService:Unavailable"),
        ("cancel_only", "EService:Market in cancel_only mode"),
        ("post_only", "EService:Market in post_only mode"),
        ("limit_only", "EService:Market in limit_only mode"),
    ],
)
def test_modes_of_the_exchange(trader: Trader, mode: str, error: str) -> None:
    resting = trader.order("buy", "0.1", "90000.0")
    trader.sandbox.control("POST", "kraken/market", {"status": mode})

    assert trader.public("SystemStatus")["status"] == mode
    assert trader.error("buy", "0.1") == [error]
    assert trader.private("CancelOrder", txid=resting) == {"count": 1}


def test_money_is_neither_made_nor_lost(trader: Trader) -> None:
    def totals() -> dict[str, Decimal]:
        accounts = trader.sandbox.control("GET", "kraken")["accounts"]
        return {coin: sum((D(account[coin]) for account in accounts.values()), D(0)) for coin in accounts["omnibus"]}

    before = totals()
    trader.order("buy", "1.23456789")
    trader.order("sell", "0.7", "99000.0")
    trader.order("buy", "777.77", oflags="viqc", pair="XBTUSDC")
    trader.order("buy", "0.5", "99990.0")
    trader.set_price("XBTUSD", "95000.0")
    trader.sandbox.control("POST", "kraken/step", {"steps": 5})

    assert totals() == before


def test_history_lists_what_was_traded_newest_first_and_by_pages(trader: Trader) -> None:
    ids = [trader.order("buy", "0.01") for _ in range(3)]

    history = trader.private("TradesHistory")
    assert [trade["ordertxid"] for trade in history["trades"].values()][:3] == ids[::-1]
    assert next(trade["ordertxid"] for trade in trader.private("TradesHistory", ofs=2)["trades"].values()) == ids[0]
    assert history["count"] >= 3
    assert trader.private("ClosedOrders")["count"] >= 3
    assert len(trader.private("ClosedOrders")["closed"]) <= 50


def test_the_omnibus_can_be_given_and_taken_money(trader: Trader) -> None:
    before = balances(trader)

    trader.sandbox.control("POST", "kraken/funds", {"asset": "USD", "amount": "12.34"})
    trader.sandbox.control("POST", "kraken/funds", {"asset": "XXBT", "amount": "1", "take": True})

    assert moved(trader, before) == {"ZUSD": D("12.34"), "XXBT": D(-1)}
    trader.sandbox.control("POST", "kraken/funds", {"asset": "XXBT", "amount": "1"})
