"""How an order of ours becomes Kraken's: which price, which volume. It never asks for more than the order has.

A market order would take any price, so with a limit it is sent as a limit order that executes at once or not at all
(IOC). Its price is just beyond what the book asks for now, but inside the limit: the volume is what the money buys at
that price with the fee on top, so the closer the price, the less money stays over. What cannot be executed there comes
back as a partial fill, never at a worse price.
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from fractions import Fraction
from uuid import UUID

from core.kernel import clock
from core.providers import contract
from core.providers.transport.wire import Doc, Malformed
from investing.providers.kraken.mapping import BUY, SELL, Market, exact

# How far beyond the book's price we go: it moves between looking and trading.
CUSHION = Fraction(1, 1000)
DEADLINE = timedelta(seconds=10)


@dataclass(frozen=True, slots=True, kw_only=True)
class Level:
    """One price of the book and how much of the base asset there is at it."""

    price: Fraction
    volume: Fraction


def client_order_id(key: str) -> str:
    """Return our name for the order, one UUID per key of ours: Kraken takes a UUID or 18 characters."""
    return str(UUID(bytes=hashlib.sha256(f"kraken:{key}".encode()).digest()[:16], version=4))


def levels(depth: Doc, *, side: str) -> list[Level]:
    """Read the side of the book that an order would meet, best first."""
    for name in depth.fields:
        rows = depth.doc(name).fields.get("asks" if side == BUY else "bids")
        if not isinstance(rows, list) or not all(isinstance(row, list) and len(row) > 1 for row in rows):
            raise Malformed("the book is not a list of levels")
        return [Level(price=exact(str(row[0])), volume=exact(str(row[1]))) for row in rows]
    raise Malformed("the book is empty")


def fields(order: contract.Order, *, market: Market, book: Sequence[Level], now: datetime) -> list[tuple[str, str]]:
    """Return the form of AddOrder.

    Raises: Rejected (``price_moved``, ``order_minimum_not_met``); Unavailable when nobody is in the book.
    """
    side, limit = str(order.terms["side"]), _limit(order)
    price = None if limit is None else _price(order, market=market, book=book, limit=limit)
    volume, by_cost = _volume(order, market=market, price=price)
    if not volume:
        raise contract.Rejected(code="order_minimum_not_met", detail="It is less than one lot.")
    kind = [("ordertype", "market")]
    if price is not None:
        digits = market.listing.price_decimals
        kind = [("ordertype", "limit"), ("price", text(price, digits)), ("timeinforce", "IOC")]
    return [
        ("pair", market.altname),
        ("type", side),
        *kind,
        ("volume", volume),
        ("oflags", "viqc,fciq" if by_cost else "fciq"),
        ("cl_ord_id", client_order_id(order.key)),
        ("deadline", clock.rfc3339(now + DEADLINE)),
    ]


def text(value: Fraction, decimals: int) -> str:
    """Return a number that has at most these decimals as plain text."""
    units = math.floor(value * 10**decimals)
    digits = str(units).rjust(decimals + 1, "0")
    return f"{digits[:-decimals]}.{digits[-decimals:]}" if decimals else digits


def _limit(order: contract.Order) -> Fraction | None:
    given = order.terms.get("limit_price")
    try:
        return None if given is None else exact(str(given))
    except Malformed as error:
        raise contract.Rejected(code="price_invalid", detail="The limit is not a number.") from error


def _price(order: contract.Order, *, market: Market, book: Sequence[Level], limit: Fraction) -> Fraction:
    """Return the price to send: what the book needs and a little more, inside the limit, on a tick."""
    if not book:
        raise contract.Unavailable(code="no_liquidity", detail="Nobody is in the book.")
    buys, tick = order.terms["side"] == BUY, Fraction(1, 10**market.listing.price_decimals)
    if (book[0].price > limit) if buys else (book[0].price < limit):
        raise contract.Rejected(code="price_moved", detail="The price moved beyond the limit.")
    needed = _needed(order, book)
    if buys:
        return math.floor(min(limit, needed * (1 + CUSHION)) / tick) * tick
    return max(math.ceil(max(limit, needed * (1 - CUSHION)) / tick) * tick, tick)


def _needed(order: contract.Order, book: Sequence[Level]) -> Fraction:
    """Return the worst price at which the whole order would be executed now; the book's last if it is too thin."""
    left, buys = Fraction(order.amount.decimal), order.terms["side"] == BUY
    for level in book:
        left -= level.volume * level.price if buys else level.volume
        if left <= 0:
            return level.price
    return book[-1].price


def _volume(order: contract.Order, *, market: Market, price: Fraction | None) -> tuple[str, bool]:
    """Return the volume, empty if it is nothing, and whether it is in the quote asset (Kraken: market buys only).

    A buy keeps back the fee and one unit: Kraken rounds each fill to its own digits.
    """
    decimals = market.listing.lot_decimals
    if order.terms["side"] == SELL:
        volume = _floor(Fraction(order.amount.decimal), decimals)
        return (text(volume, decimals), False) if volume else ("", False)
    money = Fraction(max(order.amount.units - 1, 0), 10**market.quote.decimals) / (1 + market.listing.taker_fee)
    if price is None:
        cost = _floor(money, market.quote.decimals)
        return (text(cost, market.quote.decimals), True) if cost else ("", True)
    volume = _floor(min(money / price, _wanted(order) or money / price), decimals)
    return (text(volume, decimals), False) if volume else ("", False)


def _wanted(order: contract.Order) -> Fraction | None:
    """Return how many coins are wanted, where the customer named that: the money is enough at the worst price."""
    given = order.terms.get("quantity")
    try:
        return None if given is None else exact(str(given))
    except Malformed as error:
        raise contract.Rejected(code="order_invalid", detail="The quantity is not a number.") from error


def _floor(value: Fraction, decimals: int) -> Fraction:
    return Fraction(math.floor(value * 10**decimals), 10**decimals)


def pair_of(order: contract.Order) -> str:
    """Return our name of the pair, from the terms or from the two assets."""
    terms: Mapping[str, object] = order.terms
    if "pair" in terms:
        return str(terms["pair"])
    if order.target is None:
        raise contract.Rejected(code="pair_unknown", detail="An order needs a target.")
    ends = (order.target, order.amount.asset) if terms["side"] == BUY else (order.amount.asset, order.target)
    return f"{ends[0].symbol}/{ends[1].symbol}"
