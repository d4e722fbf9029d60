"""How orders meet: one pair's two sides in price-time priority. Pure: no clock, no database, whole numbers only."""

from __future__ import annotations

import bisect
from collections.abc import Iterator
from dataclasses import dataclass, field

from sandbox.kraken.exchange.listing import Pair

BUY, SELL = "buy", "sell"


@dataclass(slots=True, kw_only=True)
class Resting:
    """What an order has in the book. ``seq`` says who came first; ``left`` is in lots."""

    order_id: str
    account: str
    side: str
    price: int
    left: int
    seq: int
    at: float

    @property
    def rank(self) -> tuple[int, int]:
        """The best comes first: the lowest ask, the highest bid, and of equals the earlier."""
        return (self.price if self.side == SELL else -self.price, self.seq)


@dataclass(frozen=True, slots=True, kw_only=True)
class Taking:
    """What an arriving order wants: a volume in lots or, with ``money``, what that buys; no ``limit``: any price."""

    account: str
    side: str
    limit: int | None
    volume: int | None = None
    money: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Match:
    """One meeting of two orders, at the price of the one that was there."""

    maker: Resting
    price: int
    volume: int


@dataclass(slots=True)
class Taken:
    """What came of an arriving order. ``own`` is True when it stopped because it met its own account."""

    matches: list[Match] = field(default_factory=list)
    own: bool = False

    @property
    def volume(self) -> int:
        return sum(match.volume for match in self.matches)


class OrderBook:
    """The resting orders of one pair."""

    def __init__(self, *, pair: Pair) -> None:
        self.pair = pair
        self._sides: dict[str, list[Resting]] = {BUY: [], SELL: []}
        self._seq = 0

    def side(self, side: str) -> list[Resting]:
        """Return the resting orders of one side, best first."""
        return self._sides[side]

    def best(self, side: str) -> int | None:
        """Return the best price of a side."""
        return self._sides[side][0].price if self._sides[side] else None

    def rest(self, order: Resting) -> None:
        """Put an order behind all that are at its price."""
        self._seq += 1
        order.seq = self._seq
        bisect.insort(self._sides[order.side], order, key=_rank)

    def remove(self, *, order_id: str) -> Resting | None:
        """Take an order out of the book."""
        for orders in self._sides.values():
            for place, order in enumerate(orders):
                if order.order_id == order_id:
                    return orders.pop(place)
        return None

    def clear(self, *, account: str) -> None:
        """Take all orders of an account out."""
        for side, orders in self._sides.items():
            self._sides[side] = [order for order in orders if order.account != account]

    def preview(self, taking: Taking) -> Taken:
        """Return what would come of an order, and change nothing."""
        taken = Taken()
        for maker, volume in self._meetings(taking):
            if maker.account == taking.account:
                taken.own = True
                break
            taken.matches.append(Match(maker=maker, price=maker.price, volume=volume))
        return taken

    def take(self, taking: Taking) -> Taken:
        """Execute an arriving order against the book. It never meets its own account: the newer one stops."""
        taken = self.preview(taking)
        for match in taken.matches:
            match.maker.left -= match.volume
        orders = self._sides[_other(taking.side)]
        while orders and orders[0].left == 0:
            del orders[0]
        return taken

    def _meetings(self, taking: Taking) -> Iterator[tuple[Resting, int]]:
        left, money = taking.volume, taking.money
        for maker in self._sides[_other(taking.side)]:
            if taking.limit is not None and not _crosses(taking.side, limit=taking.limit, price=maker.price):
                return
            wanted = left if left is not None else self.pair.volume_for(money=money or 0, price=maker.price)
            volume = min(wanted, maker.left)
            if volume <= 0:
                return
            yield maker, volume
            if left is not None:
                left -= volume
            if money is not None:
                money -= self.pair.cost(price=maker.price, volume=volume)
                if volume == wanted:
                    return  # what is left by rounding buys nothing


def _other(side: str) -> str:
    return SELL if side == BUY else BUY


def _crosses(side: str, *, limit: int, price: int) -> bool:
    return price <= limit if side == BUY else price >= limit


def _rank(order: Resting) -> tuple[int, int]:
    return order.rank
