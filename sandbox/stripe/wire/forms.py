"""Stripe's requests: url-encoded forms with brackets, ``metadata[order]=1&expand[]=latest_charge``."""

from __future__ import annotations

import re
from urllib.parse import parse_qsl

from sandbox.engine.values import Json

_MOST_FIELDS = 1000
_DEEPEST = 8
_PART = re.compile(r"\[([^\[\]]*)\]")


class BadForm(Exception):
    """The text is not such a form."""


def decode(text: str) -> Json:
    """Return the form as nested objects and lists of strings.

    Raises: BadForm with what is wrong.
    """
    try:
        pairs = parse_qsl(text, keep_blank_values=True, max_num_fields=_MOST_FIELDS, errors="strict")
    except (ValueError, UnicodeDecodeError) as error:
        raise BadForm(str(error)) from error
    form: Json = {}
    nested = False
    for name, value in pairs:
        if "[" in name:
            nested = True
            _place(form, _path(name), value)
        else:
            form[name] = value
    return {name: _lists(value) for name, value in form.items()} if nested else form


def _path(name: str) -> list[str]:
    root, bracket, rest = name.partition("[")
    parts = _PART.findall(bracket + rest)
    if not root or "".join(f"[{part}]" for part in parts) != bracket + rest or len(parts) > _DEEPEST:
        raise BadForm(f"the name {name!r} is not well formed")
    return [root, *parts]


def _place(form: Json, path: list[str], value: str) -> None:
    here = form
    for part in path[:-1]:
        below = here.setdefault(part or str(len(here)), {})
        if not isinstance(below, dict):
            raise BadForm(f"{part!r} is both a value and an object")
        here = below
    last = path[-1]
    here[last or str(len(here))] = value


def _lists(value: object) -> object:
    """Turn objects whose names count from zero into lists."""
    if not isinstance(value, dict):
        return value
    inner = {name: _lists(below) for name, below in value.items()}
    if inner and list(inner) == [str(index) for index in range(len(inner))]:
        return list(inner.values())
    return inner
