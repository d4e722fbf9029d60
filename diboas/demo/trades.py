"""The demo's scenes on the exchange: coins bought and sold, an answer that is lost, a market that is too thin."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal

from diboas.demo.stage import Body, Stage
from investing.providers.kraken.sizing import client_order_id

BITCOIN = {"asset": "BTC", "chain": "bitcoin"}


def buy_and_sell(stage: Stage) -> None:
    """Dollars become bitcoin and dollars again: the position says what it cost and what was earned."""
    bought = stage.move("buy bitcoin (Kraken)", _buy("250.00"), status="completed", domain="investing")
    held = _position(stage)
    stage.told.check("buy: held", found=held["quantity"]["amount"], wanted=bought["target"]["amount"])
    _executed_once(stage, "buy", bought)
    body = {"kind": "sell", "source": {**BITCOIN, "amount": bought["target"]["amount"]}, "target": {"asset": "USD"}}
    sold = stage.move("sell it again", body, status="completed", domain="investing")
    left = _position(stage)
    gained = Decimal(sold["target"]["amount"]) - Decimal(held["cost"]["amount"])
    stage.told.row("  realised profit, fees and spread inside", "", left["realised_profit"]["amount"])
    stage.told.check("sell: profit", found=Decimal(left["realised_profit"]["amount"]), wanted=gained)
    stage.told.check("sell: left", found=Decimal(left["quantity"]["amount"]), wanted=Decimal(0))


def silent_after_acting(stage: Stage) -> None:
    """The exchange takes the order and says nothing: it is asked by our own name for it, and it was executed once."""
    stage.sandbox.break_once(provider="kraken", operation="order", fault="reset_after")
    done = stage.move(
        "buy, the exchange silent after acting",
        _buy("100.00"),
        status="completed",
        remark="asked, once",
        domain="investing",
    )
    _executed_once(stage, "silent exchange", done)


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


def _buy(amount: str) -> Body:
    return {"kind": "buy", "source": {"asset": "USD", "amount": amount}, "target": BITCOIN}


def _position(stage: Stage) -> Body:
    found: list[Body] = stage.ana.get("/investing/positions")["data"]
    return next(one for one in found if one["quantity"]["asset"] == "BTC")


def _executed_once(stage: Stage, what: str, done: Body) -> None:
    """Count in the exchange's own book what it has under our name for the order, and compare how much it executed."""
    name = client_order_id(f"{done['id']}:order:{done['provider']}")
    found = stage.sandbox.exchange("GET", f"kraken/orders?cl_ord_id={name}")["orders"]
    executed = [order["vol_exec"] for order in found]
    stage.told.check(f"{what}: in the exchange's own book", found=executed, wanted=[done["target"]["amount"]])
