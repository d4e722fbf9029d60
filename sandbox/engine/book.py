"""The provider's own book: one row for every effect that it executed, never changed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import orjson

from sandbox.engine.clock import iso
from sandbox.engine.store import Row, Store
from sandbox.engine.values import Json

_COLUMNS = "seq, provider, operation, object_id, reference, key, amount, fee, currency, direction, at, metadata"
_FILTERS = {
    "provider": "provider = ?",
    "operation": "operation = ?",
    "key": "key = ?",
    "object_id": "object_id = ?",
    "reference": "(reference = ?1 OR EXISTS (SELECT 1 FROM json_each(CAST(metadata AS TEXT)) WHERE value = ?1))",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Effect:
    """One executed effect. ``direction`` is seen from the platform's account at the provider; amounts in cents."""

    provider: str
    operation: str
    object_id: str
    key: str
    amount: int
    currency: str
    direction: str
    at: float
    reference: str = ""
    fee: int = 0
    metadata: Mapping[str, str] = field(default_factory=dict)


class Book:
    """Writes and shows what the providers executed."""

    filters = tuple(_FILTERS)

    def __init__(self, *, store: Store) -> None:
        self._store = store

    def record(self, effect: Effect) -> None:
        """Write one effect, in the change that executes it."""
        self._store.write(
            "INSERT INTO book (provider, operation, object_id, reference, key, amount, fee, currency, direction, at,"
            " metadata) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            (
                effect.provider,
                effect.operation,
                effect.object_id,
                effect.reference,
                effect.key,
                effect.amount,
                effect.fee,
                effect.currency,
                effect.direction,
                effect.at,
                orjson.dumps(dict(effect.metadata)),
            ),
        )

    def find(self, *, object_id: str, operation: str) -> Json | None:
        """Return the row of one object's effect, or None."""
        rows = self.rows(filters={"object_id": object_id, "operation": operation}, limit=1)
        return rows[0] if rows else None

    def rows(self, *, filters: Mapping[str, str], limit: int, after: int = 0) -> list[Json]:
        """Return rows oldest first from ``after`` on; with ``after=-1`` the latest, newest first."""
        where, parameters = _where(filters)
        side, order = ("seq > ?", "ASC") if after >= 0 else ("seq > ?", "DESC")
        rows = self._store.read(
            f"SELECT {_COLUMNS} FROM book WHERE {where} AND {side} ORDER BY seq {order} LIMIT ?",  # noqa: S608 - constants only
            [*parameters, after, limit],
        )
        return [_show(row) for row in rows]

    def totals(self, *, filters: Mapping[str, str]) -> list[Json]:
        """Return count, amount and fee by provider, operation, direction and currency, over all rows that match."""
        where, parameters = _where(filters)
        rows = self._store.read(
            "SELECT provider, operation, direction, currency, count(*), sum(amount), sum(fee) FROM book"  # noqa: S608 - constants only
            f" WHERE {where} GROUP BY 1, 2, 3, 4 ORDER BY 1, 2, 3, 4",
            parameters,
        )
        names = ("provider", "operation", "direction", "currency", "count", "amount", "fee")
        return [dict(zip(names, row, strict=True)) for row in rows]


def _where(filters: Mapping[str, str]) -> tuple[str, list[object]]:
    """Return the condition; numbered placeholders, because one value may be used twice."""
    parts, parameters = ["1"], list[object]()
    for name, value in filters.items():
        parameters.append(value)
        parts.append(_FILTERS[name].replace("?1", "?").replace("?", f"?{len(parameters)}"))
    return " AND ".join(parts), parameters


def _show(row: Row) -> Json:
    shown = dict(zip(_COLUMNS.split(", "), row, strict=True))
    shown["metadata"] = orjson.loads(shown["metadata"])
    shown["at"] = iso(shown["at"])
    return shown
