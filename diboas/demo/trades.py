"""The demo's scenes on the exchange: coins bought and sold, an answer that is lost, a market that is too thin."""

from __future__ import annotations

import time
from collections.abc import Callable
from decimal import Decimal

from diboas.demo.stage import Body, Stage

PATIENCE_S = 20
BITCOIN = {"asset": "BTC", "chain": "bitcoin"}


def buy_and_sell(stage: Stage) -> None:
    """Dollars become bitcoin and dollars again: the position says what it cost and what was earned."""
    _await_price(stage)
    before = _orders(stage)
    bought = stage.move("buy bitcoin (Kraken)", _buy("250.00"), status="completed", domain="investing")
    held = _position(stage)
    stage.told.check("buy: held", found=held["quantity"]["amount"], wanted=bought["target"]["amount"])
    _executed_once(stage, "buy", bought, before)
    body = {"kind": "sell", "source": {**BITCOIN, "amount": bought["target"]["amount"]}, "target": {"asset": "USD"}}
    sold = stage.move("sell it again", body, status="completed", domain="investing")
    left = _position(stage)
    gained = Decimal(sold["target"]["amount"]) - Decimal(held["cost"]["amount"])
    stage.told.row("  realised profit, fees and spread inside", "", left["realised_profit"]["amount"])
    stage.told.check("sell: profit", found=Decimal(left["realised_profit"]["amount"]), wanted=gained)
    stage.told.check("sell: left", found=Decimal(left["quantity"]["amount"]), wanted=Decimal(0))


def silent_after_acting(stage: Stage) -> None:
    """The exchange takes the order and says nothing: it is asked by our own name for it, and it was executed once."""
    before = _orders(stage)
    stage.sandbox.break_once(provider="kraken", operation="order", fault="reset_after")
    done = stage.move(
        "buy, the exchange silent after acting",
        _buy("100.00"),
        status="completed",
        remark="asked, once",
        domain="investing",
    )
    _executed_once(stage, "silent exchange", done, before)


def too_thin(stage: Stage) -> None:
    """The market has less than was wanted within the price: part is bought, the rest is given back at once."""
    before = stage.sandbox.exchange("GET", "kraken")["markets"]["XBTUSD"]
    stage.sandbox.exchange("POST", "kraken/depth", {"pair": "XBTUSD", "levels": 1, "size": 200})
    done = stage.move("buy more than there is", _buy("500.00"), status="completed", domain="investing")
    stage.sandbox.exchange(
        "POST", "kraken/depth", {"pair": "XBTUSD", "levels": before["levels"], "size": before["size"]}
    )
    stage.told.check("too thin: reason", found=done["reason"], wanted="partially_filled")
    order = stage.ana.get(f"/transactions/{done['id']}/explain")["order"]
    spent = Decimal(order["spent"]["amount"])
    stage.told.row("  of it spent, the rest given back", "", order["spent"]["amount"], order["our_fee"]["amount"])
    stage.told.check("too thin: less was spent", found=Decimal(0) < spent < Decimal(400), wanted=True)


SCENES: tuple[Callable[[Stage], None], ...] = (buy_and_sell, silent_after_acting, too_thin)


def _await_price(stage: Stage) -> None:
    """Wait for the first round of prices: the exchange is asked every few seconds, and we may be younger than that."""
    until = time.monotonic() + PATIENCE_S
    while stage.ana.get("/market/prices?symbols=BTC")["data"][0]["stale"] and time.monotonic() < until:
        time.sleep(0.1)


def _buy(amount: str) -> Body:
    return {"kind": "buy", "source": {"asset": "USD", "amount": amount}, "target": BITCOIN}


def _position(stage: Stage) -> Body:
    found: list[Body] = stage.ana.get("/investing/positions")["data"]
    return next(one for one in found if one["quantity"]["asset"] == "BTC")


def _orders(stage: Stage) -> dict[str, Body]:
    """Return every order in the exchange's own book, by its id there."""
    return {order["id"]: order for order in stage.sandbox.exchange("GET", "kraken/orders")["orders"]}


def _executed_once(stage: Stage, what: str, done: Body, before: dict[str, Body]) -> None:
    """Count the orders that the exchange has since, and compare how much they executed with what we say arrived."""
    executed = [order["vol_exec"] for id_, order in _orders(stage).items() if id_ not in before]
    stage.told.check(f"{what}: in the exchange's own book", found=executed, wanted=[done["target"]["amount"]])
