"""The providers' objects: id to JSON, listed newest first by keyset."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import orjson

from sandbox.engine.store import Store
from sandbox.engine.values import Json

_CHUNK = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """One page of a list, in the order it is shown, and whether there is more behind it."""

    items: list[Json]
    more: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Selection:
    """Which objects of a type to list: ``after`` and ``before`` are ids, ``keeps`` filters."""

    type: str
    limit: int
    parent: str = ""
    after: str = ""
    before: str = ""
    keeps: Callable[[Json], bool] | None = None


class Objects:
    """Keeps each provider's objects as JSON documents."""

    def __init__(self, *, store: Store) -> None:
        self._store = store

    def add(self, *, type: str, data: Json, parent: str = "") -> None:  # noqa: A002 - the providers' own word
        """Insert a new object under its ``id``."""
        self._store.write(
            "INSERT INTO objects (id, type, parent, data) VALUES (?, ?, ?, ?)",
            (data["id"], type, parent, orjson.dumps(data)),
        )

    def put(self, *, type: str, data: Json) -> None:  # noqa: A002 - the providers' own word
        """Insert an object, or replace it where it exists."""
        self._store.write(
            "INSERT INTO objects (id, type, data) VALUES (?, ?, ?) ON CONFLICT (id) DO UPDATE SET data = excluded.data",
            (data["id"], type, orjson.dumps(data)),
        )

    def label(self, *, id: str, metadata: Mapping[str, str]) -> None:  # noqa: A002 - the providers' own word
        """Make an object findable by its metadata; what it had before stays findable and is checked by the searcher."""
        for name, value in metadata.items():
            self._store.write(
                "INSERT INTO labels (value, name, object_id) VALUES (?, ?, ?) ON CONFLICT DO NOTHING", (value, name, id)
            )

    def labelled(self, *, type: str, name: str, value: str) -> list[Json]:  # noqa: A002 - the providers' own word
        """Return the objects of a type that carry this metadata now, newest first."""
        rows = self._store.read(
            "SELECT o.data FROM labels l JOIN objects o ON o.id = l.object_id"
            " WHERE l.value = ? AND l.name = ? AND o.type = ? ORDER BY o.seq DESC LIMIT 1000",
            (value, name, type),
        )
        found = [orjson.loads(row[0]) for row in rows]
        return [item for item in found if item["metadata"].get(name) == value]

    def save(self, *, data: Json) -> None:
        """Replace an object that exists."""
        self._store.write("UPDATE objects SET data = ? WHERE id = ?", (orjson.dumps(data), data["id"]))

    def find(self, *, type: str, id: str) -> Json | None:  # noqa: A002 - the providers' own words
        """Return the object or None."""
        rows = self._store.read("SELECT data FROM objects WHERE id = ? AND type = ?", (id, type))
        return orjson.loads(rows[0][0]) if rows else None

    def children(self, *, type: str, parent: str) -> list[Json]:  # noqa: A002 - the providers' own word
        """Return every object of one parent, oldest first."""
        rows = self._store.read("SELECT data FROM objects WHERE parent = ? AND type = ? ORDER BY seq", (parent, type))
        return [orjson.loads(row[0]) for row in rows]

    def page(self, selection: Selection) -> Page:
        """Return one page, newest first. An unknown cursor gives an empty page."""
        upwards = bool(selection.before)
        position = self._position(selection.before or selection.after)
        found: list[Json] = []
        while len(found) <= selection.limit:
            rows = self._rows(selection, position=position, upwards=upwards)
            for _, data in rows:
                item = orjson.loads(data)
                if selection.keeps is None or selection.keeps(item):
                    found.append(item)
            if len(rows) < _CHUNK:
                break
            position = rows[-1][0]
        items = found[: selection.limit]
        return Page(items=items[::-1] if upwards else items, more=len(found) > selection.limit)

    def _position(self, id: str) -> int:  # noqa: A002 - the providers' own word
        if not id:
            return 2**62
        rows = self._store.read("SELECT seq FROM objects WHERE id = ?", (id,))
        return int(rows[0][0]) if rows else 0

    def _rows(self, selection: Selection, *, position: int, upwards: bool) -> list[tuple[int, bytes]]:
        where = "type = ? AND parent = ?" if selection.parent else "type = ?"
        parameters: list[object] = [selection.type, selection.parent] if selection.parent else [selection.type]
        side, order = (">", "ASC") if upwards else ("<", "DESC")
        rows = self._store.read(
            f"SELECT seq, data FROM objects WHERE {where} AND seq {side} ? ORDER BY seq {order} LIMIT {_CHUNK}",  # noqa: S608 - constants only
            [*parameters, position],
        )
        return [(int(seq), bytes(data)) for seq, data in rows]
