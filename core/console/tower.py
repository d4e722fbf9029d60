"""The control tower: what each package says of today, put side by side. A part that fails says so, the rest stands."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

import structlog
from django.db import Error as DatabaseError
from django.db import transaction
from django.http import HttpRequest

from core.console import access
from core.console.cells import Cell, Tone
from core.console.sections import Bars, Section
from core.kernel import errors

_log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """One number with its word. ``hint`` says what it means or what is behind it."""

    label: str
    value: str
    tone: Tone = Tone.NEUTRAL
    icon: str = "info"
    hint: str = ""
    href: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Queue:
    """Work that waits for people."""

    label: str
    count: str
    hint: str
    href: str
    icon: str
    is_empty: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Strip:
    """One provider in one line: its name, its state, its figures."""

    name: str
    href: str
    state: Cell
    facts: tuple[tuple[str, str], ...]


Item = Figure | Queue | Strip | Bars
Teller = Callable[[], Iterable[Item]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """One package's part of the tower, where it stands, and who may read it."""

    name: str
    place: int
    tell: Teller
    readers: access.Roles = access.MONEY


_parts: dict[str, Part] = {}


def register(part: Part) -> None:
    """Add a part, from an ``admin.py``. A second one of the same name replaces the first."""
    _parts[part.name] = part


def picture(request: HttpRequest) -> dict[str, list[Item] | list[Section]]:
    """Return the figures, queues, strips and charts that this member of staff may read."""
    items = [
        item
        for part in sorted(_parts.values(), key=lambda part: part.place)
        if access.may(request, part.readers)
        for item in _told(part)
    ]
    kinds = {"figures": Figure, "queues": Queue, "strips": Strip, "charts": Bars}
    return {name: [item for item in items if isinstance(item, kind)] for name, kind in kinds.items()}


def _told(part: Part) -> list[Item]:
    try:
        with transaction.atomic():
            return list(part.tell())
    except (errors.DiboasError, DatabaseError, OSError) as fault:
        _log.exception("console.tower_failed", part=part.name)
        return [
            Figure(
                label=part.name.capitalize(),
                value="unknown",
                tone=Tone.DANGER,
                icon="error",
                hint=f"could not be read ({type(fault).__name__})",
            )
        ]
