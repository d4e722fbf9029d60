"""The public channel ``prices`` of the live feed.

A round of prices writes one row with the symbols whose price has changed; the prices themselves are read when the row
is sent. So a client that was away gets the present prices and not every one in between: they are states, not changes.
A snapshot holds one object of the same kind with all of them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from uuid import UUID

from core.kernel import clock
from core.market import book, market, shapes
from core.outbox import snapshots, streams

CHANNEL = "prices"
Json = dict[str, object]


def tell(pairs: Sequence[str]) -> None:
    """Say in the present transaction that the prices of these pairs have changed; nothing is said of none."""
    if pairs:
        news = {"symbols": sorted({pair.partition("/")[0] for pair in pairs})}
        streams.append(
            rows=[streams.StreamEntry(customer_id=snapshots.PUBLIC, channel=CHANNEL, type="prices.changed", data=news)]
        )


def snapshot(customer_id: UUID, params: Mapping[str, object]) -> list[Json]:
    """Return the prices of all that is watched: the same for everybody."""
    del customer_id, params
    return [_shown([symbol for symbol in book.current().symbols if symbol != market.PIVOT])]


def complete(rows: Sequence[tuple[UUID, Json]]) -> list[Json]:
    """Put the present prices in the place of the symbols, never older ones than the row's own."""
    book.forget()
    return [_shown(_symbols(data)) for _, data in rows]


def _symbols(data: Json) -> list[str]:
    said = data.get("symbols")
    return [str(symbol) for symbol in said] if isinstance(said, list) else []


def _shown(symbols: Sequence[str]) -> Json:
    prices = [shapes.told(symbol=symbol, quote=market.PIVOT) for symbol in symbols]
    return {"prices": prices, "as_of": clock.rfc3339(clock.SYSTEM.now())}
