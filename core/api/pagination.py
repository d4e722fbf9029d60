"""Lists by cursor: newest first, keyset on the id, so that a page costs the same however far back it lies."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar
from uuid import UUID

from django.db.models import Model, QuerySet
from rest_framework.request import Request

from core.kernel import errors

DEFAULT_LIMIT = 25
MAX_LIMIT = 100
_INT_DIGITS = 18
_LIMIT_DIGITS = 3
_PAGING = frozenset({"limit", "cursor"})

Row = TypeVar("Row")
M = TypeVar("M", bound=Model)


@dataclass(frozen=True, slots=True, kw_only=True)
class PageRequest:
    """What page is asked for: at most ``limit`` rows that come after ``after`` (the key of the last row seen)."""

    limit: int
    after: str | None

    @property
    def after_uuid(self) -> UUID | None:
        """The key as a UUID. Raises: InvalidInput (``invalid_cursor``)."""
        if self.after is None:
            return None
        try:
            return UUID(hex=self.after)
        except ValueError:
            raise _bad_cursor() from None

    @property
    def after_int(self) -> int | None:
        """The key as a whole number. Raises: InvalidInput (``invalid_cursor``)."""
        if self.after is None:
            return None
        if not (self.after.isascii() and self.after.isdigit() and len(self.after) <= _INT_DIGITS):
            raise _bad_cursor()
        return int(self.after)


def read(request: Request, *, filters: Sequence[str] = ()) -> PageRequest:
    """Read ``limit`` and ``cursor`` from the address; any other parameter must be named in ``filters``.

    Raises: InvalidInput (``invalid_limit``, ``invalid_cursor``, ``unknown_filter``, ``invalid_filter``).
    """
    asked = request.query_params
    for name, value in asked.items():
        if name not in _PAGING and name not in filters:
            raise errors.InvalidInput(
                code="unknown_filter", detail="There is no such filter.", pointer=f"/query/{name[:60]}"
            )
        if "\0" in value:
            # The database has no such character in any text.
            raise errors.InvalidInput(
                code="invalid_filter", detail="There is a NUL in this filter.", pointer=f"/query/{name}"
            )
    cursor = asked.get("cursor")
    return PageRequest(limit=_limit(asked.get("limit")), after=None if cursor is None else _decode(cursor))


def envelope(
    rows: Sequence[Row],
    *,
    page: PageRequest,
    key: Callable[[Row], UUID | int],
    render: Callable[[Row], Mapping[str, Any]],
) -> dict[str, Any]:
    """Return the contract's list. ``rows`` are one more than ``page.limit``, if there are so many."""
    shown = rows[: page.limit]
    has_more = len(rows) > page.limit
    return {
        "data": [render(row) for row in shown],
        "has_more": has_more,
        "next_cursor": _encode(key(shown[-1])) if has_more else None,
    }


def whole(data: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """Return the contract's list of what is so little that it always comes on one page."""
    return {"data": data, "has_more": False, "next_cursor": None}


def paginate(request: Request, rows: QuerySet[M], *, filters: Sequence[str] = ()) -> tuple[PageRequest, list[M]]:
    """Return the page request and its rows (one more than asked, for ``envelope``), newest UUIDv7 first.

    Raises: as ``read``.
    """
    page = read(request, filters=filters)
    if page.after_uuid is not None:
        rows = rows.filter(pk__lt=page.after_uuid)
    return page, list(rows.order_by("-pk")[: page.limit + 1])


def _limit(text: str | None) -> int:
    if text is None:
        return DEFAULT_LIMIT
    if text.isascii() and text.isdigit() and len(text) <= _LIMIT_DIGITS and 1 <= int(text) <= MAX_LIMIT:
        return int(text)
    raise errors.InvalidInput(
        code="invalid_limit", detail=f"A limit is a number from 1 to {MAX_LIMIT}.", pointer="/query/limit"
    )


def _encode(key: UUID | int) -> str:
    text = key.hex if isinstance(key, UUID) else str(key)
    return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")


def _decode(cursor: str) -> str:
    try:
        raw = base64.urlsafe_b64decode(cursor[:100] + "=" * (-len(cursor[:100]) % 4))
        return raw.decode("ascii")
    except (binascii.Error, ValueError):
        raise _bad_cursor() from None


def _bad_cursor() -> errors.InvalidInput:
    return errors.InvalidInput(
        code="invalid_cursor", detail="Use next_cursor of the page before, unchanged.", pointer="/query/cursor"
    )
