"""Prices for tests: what a source said, written as the round would have written it."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

from core.market import book, observing
from core.market.models import LatestPrice, Pair
from core.market.sources import Bar, Tick

FRESH = timedelta(0)


def quoted(pair: str, price: str, *, source: str = "kraken", age: timedelta = FRESH) -> None:
    """Let a source have said this price so long ago, whatever it said before; visible at once."""
    LatestPrice.objects.filter(pair=pair, source=source).delete()
    ticks = [tick(pair, price)]
    believed = observing.keep(source=source, ticks=ticks, pairs={pair: Pair.objects.get(pk=pair)}, age=age)
    assert believed == 1
    book.forget()


def tick(pair: str, price: str, *, bid: str = "", ask: str = "") -> Tick:
    """Return a tick whose bid and ask are the price itself, unless they are given."""
    return Tick(pair=pair, bid=Decimal(bid or price), ask=Decimal(ask or price), last=Decimal(price))


class Telling:
    """A source that says what a test put into it, and counts what it was asked."""

    name = "A test's source"

    def __init__(self, *, code: str = "kraken") -> None:
        self.code = code
        self.said: list[Tick] = []
        self.drawn: list[Bar] = []
        self.error: Exception | None = None
        self.asked: list[object] = []

    def ticks(self, pairs: object) -> list[Tick]:
        self.asked.append(pairs)
        if self.error is not None:
            raise self.error
        return self.said

    def bars(self, *, pair: str, interval_s: int, since: object) -> list[Bar]:
        self.asked.append((pair, interval_s, since))
        if self.error is not None:
            raise self.error
        return self.drawn
