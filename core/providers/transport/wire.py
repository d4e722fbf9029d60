"""Read what came over the wire strictly: a field is there with its type, or the document is malformed."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from typing import TypeVar

T = TypeVar("T")
_NAMES: Mapping[type, str] = {str: "text", int: "whole number", dict: "object", list: "list"}


class Malformed(ValueError):
    """The document is not what the protocol says. What it means is for the caller to decide."""


@dataclass(frozen=True, slots=True)
class Doc:
    """One JSON object. The accessors return None or empty only for a field that is absent or null."""

    fields: Mapping[str, object]

    @classmethod
    def parse(cls, raw: bytes) -> Doc:
        """Read bytes that must be one JSON object. Numbers with a point become Decimal, never float.

        Raises: Malformed.
        """
        try:
            value = json.loads(raw, parse_float=Decimal, parse_constant=_no_constant)
        except (ValueError, RecursionError) as error:
            raise Malformed(f"not JSON: {error}") from error
        if not isinstance(value, dict):
            raise Malformed("not a JSON object")
        return cls(value)

    def text(self, name: str) -> str:
        """Return the text of a field that must be there."""
        value = self._typed(name, str)
        if value is None:
            raise Malformed(f"{name} is missing")
        return value

    def find_text(self, name: str) -> str:
        """Return the text of a field, empty if it is absent or null."""
        return self._typed(name, str) or ""

    def whole(self, name: str) -> int:
        """Return the whole number of a field that must be there."""
        value = self.find_whole(name)
        if value is None:
            raise Malformed(f"{name} is missing")
        return value

    def find_whole(self, name: str) -> int | None:
        """Return the whole number of a field, None if it is absent or null. True and False are no numbers."""
        value = self._typed(name, int)
        if isinstance(value, bool):
            raise Malformed(f"{name} is not a whole number")
        return value

    def doc(self, name: str) -> Doc:
        """Return the object of a field that must be there."""
        value = self.find_doc(name)
        if value is None:
            raise Malformed(f"{name} is missing")
        return value

    def find_doc(self, name: str) -> Doc | None:
        """Return the object of a field, None if it is absent or null."""
        value = self._typed(name, dict)
        return None if value is None else Doc(value)

    def expanded(self, name: str) -> Doc | None:
        """Return the object of a field that may also be a bare id; None then."""
        value = self.fields.get(name)
        return Doc(value) if isinstance(value, dict) else None

    def docs(self, name: str) -> Sequence[Doc]:
        """Return the objects of a list that must be there."""
        value = self._typed(name, list)
        if value is None or not all(isinstance(item, dict) for item in value):
            raise Malformed(f"{name} is not a list of objects")
        return [Doc(item) for item in value]

    def unix(self, name: str) -> datetime | None:
        """Return the moment of a field in unix seconds, None if it is absent or null."""
        value = self.find_whole(name)
        try:
            return None if value is None else datetime.fromtimestamp(value, UTC)
        except (OverflowError, OSError, ValueError) as error:
            raise Malformed(f"{name} is not a time") from error

    def moment(self, name: str) -> datetime | None:
        """Return the moment of a field in ISO 8601 with a zone, None if it is absent or null."""
        value = self.find_text(name)
        if not value:
            return None
        try:
            at = datetime.fromisoformat(value)
        except ValueError as error:
            raise Malformed(f"{name} is not a time") from error
        if at.tzinfo is None:
            raise Malformed(f"{name} has no zone")
        return at

    def _typed(self, name: str, kind: type[T]) -> T | None:
        value = self.fields.get(name)
        if value is None:
            return None
        if not isinstance(value, kind):
            raise Malformed(f"{name} is not a {_NAMES[kind]}")
        if isinstance(value, str) and not _is_storable(value):
            raise Malformed(f"{name} has characters that are no text")
        return value


def _is_storable(value: str) -> bool:
    """Whether PostgreSQL can keep it: no NUL, no half of a surrogate pair, both of which JSON can smuggle in."""
    return value.isprintable() or ("\0" not in value and not any("\ud800" <= sign <= "\udfff" for sign in value))


def _no_constant(name: str) -> object:
    raise ValueError(f"{name} is no JSON number")
