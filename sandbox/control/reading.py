"""Reading the controls' parameters, naming the field that does not hold."""

from __future__ import annotations

import orjson

from sandbox.engine.values import Json


class ControlRefused(Exception):
    """A control call does not hold; ``field`` says where."""

    def __init__(self, *, field: str, message: str, status: int = 400) -> None:
        self.field = field
        self.message = message
        self.status = status
        super().__init__(f"{field}: {message}")


def body(raw: bytes) -> Json:
    """Return the JSON object of a body; an empty body is an empty object."""
    if not raw:
        return {}
    try:
        found = orjson.loads(raw)
    except orjson.JSONDecodeError as error:
        raise ControlRefused(field="", message=f"the body is not JSON: {error}") from error
    if not isinstance(found, dict):
        raise ControlRefused(field="", message="the body must be a JSON object")
    return found


def only(given: Json, *names: str) -> None:
    """Refuse fields that the control does not have."""
    for name in given:
        if name not in names:
            raise ControlRefused(field=name, message=f"is unknown; there are {', '.join(names)}")


def whole(raw: object, name: str, *, low: int, high: int) -> int:
    """Return a whole number, from JSON or from a query."""
    if isinstance(raw, str) and raw.isdigit() and raw.isascii():
        raw = int(raw)
    if not isinstance(raw, int) or isinstance(raw, bool) or not low <= raw <= high:
        raise ControlRefused(field=name, message=f"must be a whole number from {low} to {high}")
    return raw


def one_of(given: Json, name: str, names: tuple[str, ...]) -> str:
    """Return one of the names."""
    value = given.get(name)
    if value not in names:
        raise ControlRefused(field=name, message=f"must be one of {', '.join(names)}")
    return str(value)
