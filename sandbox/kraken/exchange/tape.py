"""What the public sees of trades: the last ones, candles of every length, the last 24 hours; all from real trades."""

from __future__ import annotations

from dataclasses import dataclass

from sandbox.engine.store import Row, Store
from sandbox.kraken.exchange.listing import PAIRS, Pair

# Candles are kept at three lengths (minutes); longer ones are made of them.
_KEPT = (1, 60, 1440)
INTERVALS = {1: 1, 5: 1, 15: 1, 30: 1, 60: 60, 240: 60, 1440: 1440, 10080: 1440, 21600: 1440}
MOST_CANDLES = 720
_DAY_S = 86_400
_KEEP_TRADES_S = 4 * 3_600
_KEEP_MINUTES_S = 16 * _DAY_S
_TRADE = "pair, at, price, volume, side, kind, number"
_CANDLE = "start, open, high, low, close, volume, cost, count"


@dataclass(frozen=True, slots=True, kw_only=True)
class Trade:
    """One public trade. ``side`` and ``kind`` are the arriving order's."""

    pair: str
    at: float
    price: int
    volume: int
    side: str
    kind: str
    number: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Candle:
    """What happened in one span. ``cost`` is the sum of price times volume, in ticks times lots of a millionth."""

    start: int
    open: int
    high: int
    low: int
    close: int
    volume: int = 0
    cost: int = 0
    count: int = 0


class Tape:
    """Writes trades down and sums them up."""

    def __init__(self, *, store: Store) -> None:
        self._store = store

    def record(self, trade: Trade) -> int:
        """Write one trade and return its number. Needs an open change."""
        number = self._store.write(
            "INSERT INTO exchange_tape (pair, at, price, volume, side, kind) VALUES (?, ?, ?, ?, ?, ?)",
            (trade.pair, trade.at, trade.price, trade.volume, trade.side, trade.kind),
        )
        cost = trade.price * trade.volume // 1_000_000
        for minutes in _KEPT:
            self._store.write(
                "INSERT INTO exchange_candles (pair, minutes, start, open, high, low, close, volume, cost, count)"
                " VALUES (?1, ?2, ?3, ?4, ?4, ?4, ?4, ?5, ?6, 1) ON CONFLICT (pair, minutes, start) DO UPDATE SET"
                " high = max(high, ?4), low = min(low, ?4), close = ?4, volume = volume + ?5, cost = cost + ?6,"
                " count = count + 1",
                (trade.pair, minutes, _floor(trade.at, minutes), trade.price, trade.volume, cost),
            )
        return number

    def last(self, pair: Pair) -> Trade | None:
        """Return the last trade of a pair."""
        rows = self._store.read(
            f"SELECT {_TRADE} FROM exchange_tape WHERE pair = ? ORDER BY number DESC LIMIT 1",  # noqa: S608 - constants only
            (pair.id,),
        )
        return _trade(rows[0]) if rows else None

    def trades(self, pair: Pair, *, after: float, limit: int) -> list[Trade]:
        """Return trades after a moment, oldest first; with ``after`` 0 the last ones."""
        order = "ASC" if after else "DESC"
        rows = self._store.read(
            f"SELECT {_TRADE} FROM exchange_tape WHERE pair = ? AND at > ?"  # noqa: S608 - constants only
            f" ORDER BY number {order} LIMIT ?",
            (pair.id, after, limit),
        )
        found = [_trade(row) for row in rows]
        return found if after else found[::-1]

    def candles(self, pair: Pair, *, minutes: int, now: float) -> list[Candle]:
        """Return up to 720 candles to the present one, oldest first, without gaps. Needs: ``minutes`` of INTERVALS."""
        newest, span = _floor(now, minutes), minutes * 60
        oldest = newest - (MOST_CANDLES - 1) * span
        kept = self._kept(pair, minutes=INTERVALS[minutes], since=oldest)
        grouped: dict[int, list[Candle]] = {}
        for candle in kept:
            grouped.setdefault(_floor(candle.start, minutes), []).append(candle)
        found: list[Candle] = []
        close = self._close_before(pair, minutes=INTERVALS[minutes], start=oldest)
        for start in range(oldest, newest + 1, span):
            if start in grouped:
                found.append(_joined(start, grouped[start]))
            elif close is not None:
                found.append(Candle(start=start, open=close, high=close, low=close, close=close))
            close = found[-1].close if found else close
        return found

    def day(self, pair: Pair, *, since: float) -> Candle | None:
        """Return everything since a moment as one candle, to the minute."""
        rows = self._store.read(
            "SELECT min(start), 0, max(high), min(low), 0, sum(volume), sum(cost), sum(count) FROM exchange_candles"
            " WHERE pair = ? AND minutes = 1 AND start >= ?",
            (pair.id, _floor(since, 1)),
        )
        return _candle(rows[0]) if rows and rows[0][0] is not None else None

    def opening(self, pair: Pair, *, now: float) -> int | None:
        """Return the first price of the present day."""
        rows = self._store.read(
            "SELECT open FROM exchange_candles WHERE pair = ? AND minutes = 1440 AND start = ?",
            (pair.id, _floor(now, 1440)),
        )
        return int(rows[0][0]) if rows else self._close_before(pair, minutes=1440, start=_floor(now, 1440))

    def prune(self, *, now: float) -> None:
        """Forget old trades and old candles of a minute. Needs an open change."""
        self._store.write(
            "DELETE FROM exchange_tape WHERE at < ?"
            " AND number NOT IN (SELECT max(number) FROM exchange_tape GROUP BY pair)",
            (now - _KEEP_TRADES_S,),
        )
        for pair in PAIRS.values():
            self._store.write(
                "DELETE FROM exchange_candles WHERE pair = ? AND minutes = 1 AND start < ?",
                (pair.id, int(now - _KEEP_MINUTES_S)),
            )

    def _kept(self, pair: Pair, *, minutes: int, since: int) -> list[Candle]:
        rows = self._store.read(
            f"SELECT {_CANDLE} FROM exchange_candles WHERE pair = ? AND minutes = ? AND start >= ? ORDER BY start",  # noqa: S608 - constants only
            (pair.id, minutes, since),
        )
        return [_candle(row) for row in rows]

    def _close_before(self, pair: Pair, *, minutes: int, start: int) -> int | None:
        rows = self._store.read(
            "SELECT close FROM exchange_candles WHERE pair = ? AND minutes = ? AND start < ?"
            " ORDER BY start DESC LIMIT 1",
            (pair.id, minutes, start),
        )
        return int(rows[0][0]) if rows else None


def _joined(start: int, parts: list[Candle]) -> Candle:
    return Candle(
        start=start,
        open=parts[0].open,
        high=max(part.high for part in parts),
        low=min(part.low for part in parts),
        close=parts[-1].close,
        volume=sum(part.volume for part in parts),
        cost=sum(part.cost for part in parts),
        count=sum(part.count for part in parts),
    )


def _floor(at: float, minutes: int) -> int:
    return int(at) // (minutes * 60) * (minutes * 60)


def _trade(row: Row) -> Trade:
    pair, at, price, volume, side, kind, number = row
    return Trade(pair=pair, at=at, price=price, volume=volume, side=side, kind=kind, number=number)


def _candle(row: Row) -> Candle:
    return Candle(**dict(zip(_CANDLE.split(", "), row, strict=True)))
