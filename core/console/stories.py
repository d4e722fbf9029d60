"""A page that many packages tell together, such as a transaction's: each registers the parts that it knows."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

import structlog
from django.db import Error as DatabaseError
from django.db import transaction
from django.http import HttpRequest

from core.console import access
from core.console.sections import Section, Table
from core.kernel import errors

Teller = Callable[[Any], Iterable[Section]]
_log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """One package's part of the page of a ``subject``, where it stands, and who may read it.

    ``tell`` gets the key of what the page is about: the id of a transaction, the code of a provider.
    """

    subject: str
    name: str
    place: int
    tell: Teller
    readers: access.Roles = access.MONEY


_parts: dict[tuple[str, str], Part] = {}


def register(part: Part) -> None:
    """Add a part, from an ``admin.py``. A second one of the same name replaces the first."""
    _parts[part.subject, part.name] = part


def of(request: HttpRequest, *, subject: str, key: Any) -> list[Section]:
    """Return what this member of staff may read of one thing. A part that fails says so, the others are told."""
    return [
        section
        for part in sorted(_parts.values(), key=lambda part: part.place)
        if part.subject == subject and access.may(request, part.readers)
        for section in _told(part, key)
    ]


def _told(part: Part, key: Any) -> list[Section]:
    try:
        with transaction.atomic():
            return list(part.tell(key))
    except (errors.DiboasError, DatabaseError) as fault:
        _log.exception("console.story_failed", part=part.name)
        empty = f"This part could not be read ({type(fault).__name__}). Load the page again in a moment."
        return [Table(title=part.name.capitalize(), icon="error", columns=("",), rows=[], empty=empty)]
