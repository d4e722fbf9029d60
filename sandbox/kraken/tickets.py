"""Reads the form of AddOrder into an order, with Kraken's errors for what does not hold."""

from __future__ import annotations

import re
from datetime import datetime

from sandbox.engine.values import Json
from sandbox.kraken import wire
from sandbox.kraken.exchange import listing, orders
from sandbox.kraken.exchange.engine import OMNIBUS
from sandbox.kraken.exchange.listing import LOT_DECIMALS, Pair
from sandbox.kraken.exchange.matching import BUY, SELL
from sandbox.kraken.exchange.orders import Order

_FLAGS = ("post", "fciq", "nompp", "viqc")
_LASTING = ("GTC", "IOC", "FOK")
# A long or short UUID, or free text of at most 18 characters (docs.kraken.com, "Spot Client Order Identifiers").
_NAME = re.compile(r"[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}|[0-9a-fA-F]{32}|[!-~]{1,18}", re.ASCII)
_USERREF = re.compile(r"-?[0-9]{1,10}", re.ASCII)
_FARTHEST_DEADLINE_S = 60


def read(params: Json, *, at: float) -> Order:
    """Return the order that a form asks for. It is not checked against money or the market yet.

    Raises: Refused with Kraken's error.
    """
    pair = listing.find(params.get("pair", ""))
    if pair is None:
        raise wire.refused("EQuery:Unknown asset pair")
    side, kind, lasting = params.get("type"), params.get("ordertype"), params.get("timeinforce", "GTC")
    for name, value, known in (
        ("type", side, (BUY, SELL)),
        ("ordertype", kind, ("market", "limit")),
        ("timeinforce", lasting, _LASTING),
    ):
        if value not in known:
            raise wire.refused(f"EGeneral:Invalid arguments:{name}")
    flags = _flags(params, side=str(side), kind=str(kind))
    by_cost = "viqc" in flags
    order = Order(
        id=orders.new_id("O"),
        account=OMNIBUS,
        pair=pair.id,
        side=str(side),
        kind=str(kind),
        volume=_volume(params, pair=pair, by_cost=by_cost),
        price=_price(params, pair=pair) if kind == "limit" else None,
        lasting=lasting if kind == "limit" else "IOC",
        flags=flags,
        by_cost=by_cost,
        cl_ord_id=_name(params),
        userref=_userref(params),
        opened_at=at,
    )
    _check_size(order)
    return order


def check_deadline(params: Json, *, wall: float) -> None:
    """Refuse an order that comes after its deadline. Kraken takes deadlines of up to a minute.

    Raises: Refused with Kraken's error.
    """
    raw = params.get("deadline")
    if raw is None:
        return
    try:
        deadline = datetime.fromisoformat(raw)
    except ValueError:
        raise wire.refused("EGeneral:Invalid arguments:deadline") from None
    if deadline.tzinfo is None or deadline.timestamp() > wall + _FARTHEST_DEADLINE_S:
        raise wire.refused("EGeneral:Invalid arguments:deadline")
    if deadline.timestamp() < wall:
        raise wire.refused("EService:Deadline elapsed")


def _flags(params: Json, *, side: str, kind: str) -> tuple[str, ...]:
    """Return the flags. Fees are always taken in the quote asset here, so ``fcib`` is not taken."""
    flags = [flag for flag in params.get("oflags", "").split(",") if flag]
    if any(flag not in _FLAGS for flag in flags) or ("post" in flags and kind != "limit"):
        raise wire.refused("EGeneral:Invalid arguments:oflags")
    if "viqc" in flags and (kind != "market" or side != BUY):
        raise wire.refused("EGeneral:Invalid arguments:viqc")
    return tuple(dict.fromkeys([*flags, "fciq"]))


def _volume(params: Json, *, pair: Pair, by_cost: bool) -> int:
    volume = listing.parse(params.get("volume", ""), pair.quote.decimals if by_cost else LOT_DECIMALS)
    if not volume:
        raise wire.refused("EGeneral:Invalid arguments:volume")
    return volume


def _price(params: Json, *, pair: Pair) -> int:
    raw = params.get("price", "")
    if listing.parse(raw, 18) is None:
        raise wire.refused("EGeneral:Invalid arguments:price")
    price = listing.parse(raw, pair.price_decimals)
    if price is None:
        digits = pair.price_decimals
        raise wire.refused(f"EOrder:Invalid price:{pair.altname} price can only be specified up to {digits} decimals.")
    if price == 0:
        raise wire.refused("EOrder:Invalid price")
    return price


def _name(params: Json) -> str:
    name = params.get("cl_ord_id", "")
    if name and (not _NAME.fullmatch(name) or "userref" in params):
        raise wire.refused("EGeneral:Invalid arguments:cl_ord_id")
    return str(name)


def _userref(params: Json) -> str:
    raw = params.get("userref", "")
    if raw and (not _USERREF.fullmatch(raw) or not -(2**31) <= int(raw) < 2**31):
        raise wire.refused("EGeneral:Invalid arguments:userref")
    return str(raw)


def _check_size(order: Order) -> None:
    pair = order.market
    if not order.by_cost and order.volume < pair.ordermin:
        raise wire.refused("EOrder:Order minimum not met")
    cost = order.volume if order.by_cost else pair.cost(price=order.price, volume=order.volume) if order.price else None
    if cost is not None and cost < pair.costmin:
        raise wire.refused("EOrder:Cost minimum not met")
