"""The story of a transaction: each package registers the part that it knows, the endpoint puts them together."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from uuid import UUID

Part = Callable[[UUID], Any]

_parts: dict[str, Part] = {}


def register(name: str, part: Part) -> None:
    """Add a part under ``name``. Called from an app's ``ready()``; the same name again replaces it."""
    _parts[name] = part


def names() -> list[str]:
    """Return the registered parts by name."""
    return sorted(_parts)


def collect(transaction_id: UUID) -> dict[str, Any]:
    """Return every part's story of one transaction. The caller has checked who may read it."""
    return {name: _parts[name](transaction_id) for name in names()}
