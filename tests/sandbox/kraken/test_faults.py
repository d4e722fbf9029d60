"""What may go wrong on demand, seen by a client, and what the exchange's own book says of it."""

from __future__ import annotations

from typing import Any

import pytest
import requests

from tests.sandbox.kraken.trader import Trader
from tests.sandbox.rig import Sandbox, eventually

ORDER = {"pair": "XBTUSD", "type": "buy", "ordertype": "market", "volume": "0.2"}


def executed(trader: Trader, name: str) -> int:
    return len(trader.sandbox.book(provider="kraken", operation="order", key=name))


def fault(trader: Trader, name: str, kind: str, **more: object) -> None:
    trader.sandbox.fault(provider="kraken", operation="order", fault=kind, reference=name, times=1, **more)


@pytest.mark.parametrize("kind", ["timeout_before", "reset_before", "timeout_after", "reset_after"])
def test_no_answer_before_or_after_acting(trader: Trader, kind: str) -> None:
    fault(trader, kind, kind, **({"delay_ms": 5_000} if kind.startswith("timeout") else {}))

    with pytest.raises((requests.ReadTimeout, requests.ConnectionError)):
        trader.ask("AddOrder", timeout_s=0.3, cl_ord_id=kind, **ORDER)

    assert executed(trader, kind) == (1 if kind.endswith("after") else 0)


def test_errors_of_the_edge_and_of_kraken_itself(trader: Trader) -> None:
    fault(trader, "edge", "error", id="edge", status=503)
    fault(trader, "inside", "error", id="inside", when="after")
    fault(trader, "fast", "rate_limit")
    fault(trader, "garbled", "garbage")

    with pytest.raises(requests.JSONDecodeError):
        trader.ask("AddOrder", cl_ord_id="garbled", **ORDER)
    assert trader.ask("AddOrder", cl_ord_id="edge", **ORDER) == {"error": ["EService:Unavailable"]}
    assert trader.ask("AddOrder", cl_ord_id="inside", **ORDER) == {"error": ["EGeneral:Internal error"]}
    assert trader.ask("AddOrder", cl_ord_id="fast", **ORDER) == {"error": ["EAPI:Rate limit exceeded"]}

    assert [executed(trader, name) for name in ("garbled", "edge", "inside", "fast")] == [1, 0, 1, 0]


def test_refused_with_a_code(trader: Trader) -> None:
    fault(trader, "refused", "refuse", code="EOrder:Orders limit exceeded")

    assert trader.ask("AddOrder", cl_ord_id="refused", **ORDER)["error"] == ["EOrder:Orders limit exceeded"]
    assert executed(trader, "refused") == 0


def test_a_part_is_filled_and_the_rest_stalls_until_it_is_cancelled(trader: Trader) -> None:
    fault(trader, "stalls", "partial_fill", percent=25)

    id_ = trader.order("buy", "0.2", cl_ord_id="stalls")
    order = trader.look(id_)
    assert (order["status"], order["vol_exec"], len(order["trades"])) == ("open", "0.05000000", 1)
    trader.set_price("XBTUSD", "90000.0")
    assert trader.look(id_)["vol_exec"] == "0.05000000"

    trader.private("CancelOrder", cl_ord_id="stalls")
    order = trader.look(id_)
    assert (order["status"], order["vol_exec"]) == ("canceled", "0.05000000")


def test_an_order_may_stay_pending(trader: Trader) -> None:
    fault(trader, "pends", "never_settle")

    id_ = trader.order("buy", "0.2", cl_ord_id="pends")

    assert (trader.look(id_)["status"], trader.look(id_)["vol_exec"]) == ("pending", "0.00000000")
    assert trader.private("CancelOrder", txid=id_) == {"count": 1}


def test_the_price_may_move_before_an_order_is_matched(trader: Trader) -> None:
    fault(trader, "moves", "price_move", bps=300)

    order = trader.look(trader.order("buy", "0.2", "101000.0", timeinforce="IOC", cl_ord_id="moves"))

    assert (order["status"], order["vol_exec"]) == ("canceled", "0.00000000")
    assert trader.sandbox.control("GET", "kraken")["markets"]["XBTUSD"]["price"] == "103000.0000000000"


def test_trades_may_be_listed_later_than_the_order_is_closed(trader: Trader) -> None:
    fault(trader, "later", "late_trades", delay_ms=300)

    id_ = trader.order("buy", "0.2", cl_ord_id="later")

    assert (trader.look(id_)["status"], trader.look(id_)["trades"]) == ("closed", [])
    eventually(lambda: trader.look(id_)["trades"])


@pytest.mark.parametrize(
    ("script", "field"),
    [
        ({"provider": "kraken", "operation": "order", "fault": "dispute"}, "fault"),
        ({"provider": "kraken", "operation": "order", "fault": "wrong_amount"}, "fault"),
        ({"provider": "stripe", "operation": "charge", "fault": "partial_fill"}, "provider"),
        ({"provider": "kraken", "operation": "order", "fault": "partial_fill", "percent": 100}, "percent"),
        ({"provider": "kraken", "operation": "order", "fault": "refuse", "percent": 10}, "percent"),
        ({"provider": "kraken", "operation": "order", "fault": "price_move", "bps": 10_000}, "bps"),
    ],
)
def test_a_script_that_means_nothing_is_refused(sandbox: Sandbox, script: dict[str, Any], field: str) -> None:
    answer = requests.put(f"{sandbox.url}/_control/faults", json=script, timeout=5)

    assert (answer.status_code, answer.json()["error"]["field"]) == (400, field)


def test_magic_volumes_for_people(trader: Trader) -> None:
    halves = trader.look(trader.order("buy", "933.02", oflags="viqc"))
    pends = trader.look(trader.order("sell", "0.00093303"))

    assert (halves["status"], halves["cost"]) == ("open", "466.5091")
    assert pends["status"] == "pending"
    assert trader.error("buy", "0.00093301") == ["EOrder:Insufficient funds"]
    assert {row["volume"] for row in trader.sandbox.control("GET", "magic")["kraken"]} == set(range(93_301, 93_310))


def test_the_market_may_be_ill_while_orders_are_not(trader: Trader) -> None:
    trader.sandbox.fault(provider="kraken", operation="market", fault="error", status=502, times=1)

    assert requests.get(f"{trader.sandbox.url}/0/public/Time", timeout=5).status_code == 502
    assert trader.look(trader.order("buy", "0.01"))["status"] == "closed"
