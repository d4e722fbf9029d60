"""Lists that stay fast at ten million rows: newest first by key, no count, no offset."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from django.core.exceptions import ValidationError
from django.db.models import QuerySet
from django.http import QueryDict

from core.console.cells import Cell

SIZE = 50
Rows = QuerySet[Any]
_STEERING = frozenset({"before", "after"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """One column: its heading and how a row's cell comes about."""

    label: str
    cell: Callable[[Any], Cell]
    numeric: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Filter:
    """One way to see fewer rows: (value, word) pairs, and what a value means. ``by_tabs``: the tabs choose it."""

    name: str
    label: str
    choices: Callable[[], Sequence[tuple[str, str]]]
    apply: Callable[[Rows, str], Rows]
    by_tabs: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Tab:
    """A saved view: filters under a name."""

    label: str
    query: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Slice:
    """One page of rows, and the addresses of its neighbours, empty where there are none."""

    rows: list[Any]
    older: str
    newer: str


def choice(field_name: str) -> Callable[[Rows, str], Rows]:
    """Return a filter that compares one column."""
    return lambda rows, value: rows.filter(**{field_name: value})


def cut(rows: Rows, params: QueryDict, *, key: str, size: int = SIZE) -> Slice:
    """Return the page that ``before`` or ``after`` in the address asks for, newest first."""
    after = params.get("after", "")
    before = params.get("before", "")
    try:
        if after:
            found = list(rows.filter(**{f"{key}__gt": after}).order_by(key)[: size + 1])
            return _slice(found[:size][::-1], params, key, has_older=True, has_newer=len(found) > size)
        page = rows.filter(**{f"{key}__lt": before}) if before else rows
        found = list(page.order_by(f"-{key}")[: size + 1])
    except (ValidationError, ValueError):
        return Slice(rows=[], older="", newer="")
    return _slice(found[:size], params, key, has_older=len(found) > size, has_newer=bool(before))


def _slice(rows: list[Any], params: QueryDict, key: str, *, has_older: bool, has_newer: bool) -> Slice:
    if not rows:
        return Slice(rows=[], older="", newer="")
    return Slice(
        rows=rows,
        older=address(params, before=str(getattr(rows[-1], key))) if has_older else "",
        newer=address(params, after=str(getattr(rows[0], key))) if has_newer else "",
    )


def address(params: QueryDict, **changes: str) -> str:
    """Return the list's query with these values changed, from its first page unless a change steers; empty drops."""
    kept = {name: value for name, value in params.items() if name not in _STEERING and value}
    merged = {**kept, **changes}
    return "?" + urlencode({name: value for name, value in merged.items() if value})


def day(text: str) -> date | None:
    """Read a day of an address; what is none filters nothing."""
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None


def from_day(rows: Rows, value: str, *, key: str = "id") -> Rows:
    """Keep rows made on or after a day: their ids begin with the time, so the key's own index finds them."""
    start = day(value)
    return rows if start is None else rows.filter(**{f"{key}__gte": floor(_midnight(start))})


def to_day(rows: Rows, value: str, *, key: str = "id") -> Rows:
    """Keep rows made up to the end of a day."""
    end = day(value)
    return rows if end is None else rows.filter(**{f"{key}__lt": floor(_midnight(end + timedelta(days=1)))})


def floor(at: datetime) -> UUID:
    """Return the smallest UUIDv7 of a moment."""
    return UUID(int=int(at.timestamp() * 1000) << 80 | 7 << 76 | 2 << 62)


def _midnight(of: date) -> datetime:
    return datetime.combine(of, time(), tzinfo=UTC)
