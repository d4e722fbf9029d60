"""Kraken's envelope and shapes: what the wire shows of orders, fills, pairs and coins. Numbers are texts there."""

from __future__ import annotations

from collections.abc import Sequence

import orjson

from sandbox.engine.provider import Refused
from sandbox.engine.values import Answer, Json, json_answer
from sandbox.kraken.exchange import listing
from sandbox.kraken.exchange.listing import LOT_DECIMALS, Coin, Pair
from sandbox.kraken.exchange.orders import Fill, Order

# Kraken's first fee tiers by volume of 30 days; only the first one applies here.
_VOLUMES = (0, 50_000, 100_000, 250_000, 500_000, 1_000_000, 2_500_000, 5_000_000, 10_000_000)
_STEP = 200


def ok(result: object) -> Answer:
    """Return a good answer."""
    return json_answer({"error": [], "result": result})


def error(code: str, *, status: int = 200) -> Answer:
    """Return an error; Kraken tells most of them with status 200."""
    return json_answer({"error": [code]}, status=status)


def refused(code: str) -> Refused:
    """Return the refusal with this error."""
    return Refused(error(code))


def number(text: str) -> orjson.Fragment:
    """Return a number for JSON with exactly these digits."""
    return orjson.Fragment(text.encode())


def coin_shape(coin: Coin) -> Json:
    """Return one asset."""
    return {
        "aclass": "currency",
        "altname": coin.altname,
        "decimals": coin.decimals,
        "display_decimals": coin.display_decimals,
        "status": "enabled",
    }


def pair_shape(pair: Pair, *, status: str) -> Json:
    """Return one asset pair."""
    return {
        "altname": pair.altname,
        "wsname": pair.wsname,
        "aclass_base": "currency",
        "base": pair.base.id,
        "aclass_quote": "currency",
        "quote": pair.quote.id,
        "lot": "unit",
        "cost_decimals": pair.quote.decimals,
        "pair_decimals": pair.price_decimals,
        "lot_decimals": LOT_DECIMALS,
        "lot_multiplier": 1,
        "leverage_buy": [],
        "leverage_sell": [],
        "fees": _fees(pair.taker),
        "fees_maker": _fees(pair.maker),
        "fee_volume_currency": "ZUSD",
        "margin_call": 80,
        "margin_stop": 40,
        "ordermin": listing.text(pair.ordermin, LOT_DECIMALS),
        "costmin": listing.text(pair.costmin, pair.quote.decimals),
        "tick_size": listing.text(1, pair.price_decimals),
        "status": status,
    }


def order_shape(order: Order, *, fills: Sequence[Fill] | None = None) -> Json:
    """Return one order; with ``fills`` it lists their ids."""
    pair = order.market
    shape = {
        "refid": None,
        "userref": int(order.userref) if order.userref else None,
        **({"cl_ord_id": order.cl_ord_id} if order.cl_ord_id else {}),
        "status": order.status,
        "reason": order.reason or None,
        "opentm": order.opened_at,
        "starttm": 0,
        "expiretm": 0,
        "descr": describe(order),
        "vol": volume_text(order),
        "vol_exec": _executed_text(order),
        "cost": listing.text(order.cost, pair.quote.decimals),
        "fee": listing.text(order.fee, pair.quote.decimals),
        "price": listing.text(_average(order), pair.price_decimals),
        "stopprice": listing.text(0, pair.price_decimals),
        "limitprice": listing.text(0, pair.price_decimals),
        "misc": "",
        "oflags": ",".join(order.flags),
        **({} if order.is_open else {"closetm": order.closed_at}),
    }
    return shape if fills is None else {**shape, "trades": [fill.id for fill in fills]}


def describe(order: Order) -> Json:
    """Return an order in words."""
    pair = order.market
    price = listing.text(order.price, pair.price_decimals) if order.price is not None else "0"
    at = f"limit {price}" if order.price is not None else "market"
    return {
        "pair": pair.altname,
        "type": order.side,
        "ordertype": order.kind,
        "price": price,
        "price2": "0",
        "leverage": "none",
        "order": f"{order.side} {volume_text(order)} {pair.altname} @ {at}",
        "close": "",
    }


def volume_text(order: Order) -> str:
    """Return an order's volume: of the base asset, or of the quote asset where the order says so."""
    if order.by_cost:
        return _to_lots(order.volume, order.market.quote)
    return listing.text(order.volume, LOT_DECIMALS)


def fill_shape(fill: Fill) -> Json:
    """Return one trade of an account."""
    pair = fill.market
    return {
        "ordertxid": fill.order_id,
        "postxid": fill.id,
        "pair": pair.id,
        "aclass": "forex",
        "time": fill.at,
        "type": fill.side,
        "ordertype": fill.kind,
        "price": listing.text(fill.price, pair.price_decimals),
        "cost": listing.text(fill.cost, pair.quote.decimals),
        "fee": listing.text(fill.fee, pair.quote.decimals),
        "vol": listing.text(fill.volume, LOT_DECIMALS),
        "margin": listing.text(0, pair.quote.decimals),
        "leverage": "0",
        "misc": "",
        "trade_id": fill.number,
        "maker": fill.maker,
    }


def _fees(rate: int) -> list[list[object]]:
    return [[volume, number(_percent(max(0, rate - place * _STEP)))] for place, volume in enumerate(_VOLUMES)]


def _percent(rate: int) -> str:
    return listing.text(rate, 4).rstrip("0").rstrip(".")


def _executed_text(order: Order) -> str:
    if order.by_cost:
        return _to_lots(order.cost, order.market.quote)
    return listing.text(order.executed, LOT_DECIMALS)


def _to_lots(units: int, coin: Coin) -> str:
    return listing.text(units * listing.ONE_LOT // coin.one, LOT_DECIMALS)


def _average(order: Order) -> int:
    if not order.executed:
        return 0
    pair = order.market
    return listing.ratio(order.cost * pair.lots, order.executed * pair.quote.one)
