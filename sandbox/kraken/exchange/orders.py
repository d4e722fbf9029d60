"""An order of an account and what it executed, and the tables that keep them."""

from __future__ import annotations

import secrets
from dataclasses import dataclass, fields

import orjson

from sandbox.engine.store import Row, Store
from sandbox.kraken.exchange import listing
from sandbox.kraken.exchange.listing import Pair
from sandbox.kraken.exchange.matching import BUY

_LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"
_FILL = "id, order_id, account, pair, side, kind, price, volume, cost, fee, maker, number, at"


@dataclass(slots=True, kw_only=True)
class Order:
    """One order. ``volume`` is in lots, or in units of the quote asset where ``by_cost``; ``executed`` in lots.

    ``status`` is Kraken's: pending, open, closed, canceled. A ``stalled`` order is open and never meets another.
    """

    id: str
    account: str
    pair: str
    side: str
    kind: str
    volume: int
    price: int | None
    lasting: str
    flags: tuple[str, ...]
    by_cost: bool
    cl_ord_id: str
    userref: str
    opened_at: float
    status: str = "pending"
    reason: str = ""
    closed_at: float = 0.0
    executed: int = 0
    cost: int = 0
    fee: int = 0
    stalled: bool = False
    trades_shown_at: float = 0.0

    @property
    def market(self) -> Pair:
        return listing.PAIRS[self.pair]

    @property
    def is_open(self) -> bool:
        return self.closed_at == 0

    @property
    def left(self) -> int:
        """What is not executed: lots, or money where ``by_cost``."""
        return self.volume - (self.cost if self.by_cost else self.executed)

    def fill(self, *, volume: int, cost: int, fee: int) -> None:
        """Add what was executed."""
        self.executed += volume
        self.cost += cost
        self.fee += fee

    def close(self, *, status: str, at: float, reason: str = "") -> None:
        """End it."""
        self.status, self.closed_at, self.reason = status, at, reason


@dataclass(frozen=True, slots=True, kw_only=True)
class Fill:
    """One order's part in one trade. ``number`` is the trade's on the tape."""

    id: str
    order_id: str
    account: str
    pair: str
    side: str
    kind: str
    price: int
    volume: int
    cost: int
    fee: int
    maker: bool
    number: int
    at: float

    @property
    def market(self) -> Pair:
        return listing.PAIRS[self.pair]

    @property
    def buys(self) -> bool:
        return self.side == BUY


_ORDER = tuple(field.name for field in fields(Order))


class Orders:
    """Keeps orders and fills."""

    def __init__(self, *, store: Store) -> None:
        self._store = store

    def add(self, order: Order) -> None:
        """Insert a new order."""
        self._store.write(
            "INSERT INTO exchange_orders (id, account, status, cl_ord_id, userref, opened_at, closed_at, data)"
            " VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
            (
                order.id,
                order.account,
                order.status,
                order.cl_ord_id,
                order.userref,
                order.opened_at,
                order.closed_at,
                _dump(order),
            ),
        )

    def save(self, order: Order) -> None:
        """Write what became of an order."""
        self._store.write(
            "UPDATE exchange_orders SET status = ?, closed_at = ?, data = ? WHERE id = ?",
            (order.status, order.closed_at, _dump(order), order.id),
        )

    def find(self, *, id: str) -> Order | None:  # noqa: A002 - Kraken's word
        """Return the order of this id, or None."""
        rows = self._store.read("SELECT data FROM exchange_orders WHERE id = ?", (id,))
        return _load(rows[0]) if rows else None

    def all_open(self) -> list[Order]:
        """Return every open order, oldest first."""
        return [
            _load(row) for row in self._store.read("SELECT data FROM exchange_orders WHERE closed_at = 0 ORDER BY seq")
        ]

    def closed(self, *, account: str, cl_ord_id: str = "", userref: str = "") -> list[Order]:
        """Return closed orders, newest first."""
        rows = self._store.read(
            "SELECT data FROM exchange_orders WHERE account = ?1 AND closed_at <> 0 AND (?2 = '' OR cl_ord_id = ?2)"
            " AND (?3 = '' OR userref = ?3) ORDER BY seq DESC LIMIT 1000",
            (account, cl_ord_id, userref),
        )
        return [_load(row) for row in rows]

    def named(self, *, cl_ord_id: str) -> list[Order]:
        """Return every order with this name that there ever was, oldest first; all of the newest if it is empty."""
        rows = self._store.read(
            "SELECT data FROM exchange_orders WHERE (?1 = '' OR cl_ord_id = ?1) ORDER BY seq DESC LIMIT 500",
            (cl_ord_id,),
        )
        return [_load(row) for row in rows][::-1]

    def add_fill(self, fill: Fill) -> None:
        """Insert one fill."""
        values = tuple(getattr(fill, name) for name in _FILL.split(", "))
        self._store.write(f"INSERT INTO exchange_fills ({_FILL}) VALUES ({', '.join('?' * len(values))})", values)  # noqa: S608 - constants only

    def fills(self, *, order_id: str) -> list[Fill]:
        """Return an order's fills, oldest first."""
        return [_fill(row) for row in self._store.read(f"{_SELECT_FILL} WHERE order_id = ? ORDER BY seq", (order_id,))]

    def find_fill(self, *, id: str, account: str) -> Fill | None:  # noqa: A002 - Kraken's word
        """Return one fill of an account, or None."""
        rows = self._store.read(f"{_SELECT_FILL} WHERE id = ? AND account = ?", (id, account))
        return _fill(rows[0]) if rows else None

    def history(self, *, account: str) -> list[Fill]:
        """Return an account's fills, newest first."""
        return [
            _fill(row)
            for row in self._store.read(f"{_SELECT_FILL} WHERE account = ? ORDER BY seq DESC LIMIT 5000", (account,))
        ]


_SELECT_FILL = f"SELECT {_FILL} FROM exchange_fills"  # noqa: S608 - constants only


def new_id(letter: str) -> str:
    """Return a new id of Kraken's form: ``OQCLML-BW3P3-BUCMWZ``, ``TDLH43-DVQXD-2KHVYY``."""
    signs = [secrets.choice(_LETTERS) for _ in range(16)]
    return f"{letter}{''.join(signs[:5])}-{''.join(signs[5:10])}-{''.join(signs[10:])}"


def _dump(order: Order) -> bytes:
    return orjson.dumps({name: getattr(order, name) for name in _ORDER})


def _load(row: Row) -> Order:
    found = orjson.loads(row[0])
    return Order(**{**found, "flags": tuple(found["flags"])})


def _fill(row: Row) -> Fill:
    found = dict(zip(_FILL.split(", "), row, strict=True))
    return Fill(**{**found, "maker": bool(found["maker"])})
