"""The seam to where prices come from, and which sources there are."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Protocol


@dataclass(frozen=True, slots=True, kw_only=True)
class Tick:
    """What a source says of one pair now. ``last`` is the price of the last trade. Not judged yet."""

    pair: str
    bid: Decimal
    ask: Decimal
    last: Decimal


@dataclass(frozen=True, slots=True, kw_only=True)
class Bar:
    """What was traded in one stretch of time."""

    start: datetime
    open: Decimal
    high: Decimal
    low: Decimal
    close: Decimal
    volume: Decimal
    trades: int


class Source(Protocol):
    """One source of market data. Stateless; knows no table; raises the errors of the provider contract."""

    code: str
    name: str

    def ticks(self, pairs: Sequence[str]) -> list[Tick]:
        """Return the present prices of the pairs that it knows among these, in as few calls as it can."""

    def bars(self, *, pair: str, interval_s: int, since: datetime | None) -> list[Bar]:
        """Return the candles that begin after ``since``, oldest first; the last one may be incomplete."""


Factory = Callable[[], Source]
_factories: dict[str, Factory] = {}
_built: dict[str, Source] = {}


def register(factory: Factory, *, code: str) -> None:
    """Make a source known. It is built at first use, once per process."""
    _factories[code] = factory
    _built.pop(code, None)


def current() -> list[Source]:
    """List all sources, by code."""
    for code in sorted(_factories.keys() - _built.keys()):
        _built[code] = _factories[code]()
    return [_built[code] for code in sorted(_built)]


@contextmanager
def replaced(*sources: Source) -> Iterator[None]:
    """Let only these sources be known, for the length of a test."""
    kept = dict(_factories), dict(_built)
    _factories.clear()
    _built.clear()
    _factories.update({source.code: lambda source=source: source for source in sources})  # type: ignore[misc]  # a lambda's default
    try:
        yield
    finally:
        _factories.clear()
        _built.clear()
        _factories.update(kept[0])
        _built.update(kept[1])
