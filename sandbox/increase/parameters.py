"""Reading Increase's JSON parameters, naming the field that does not hold."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime

from sandbox.engine.objects import Selection
from sandbox.engine.values import Json
from sandbox.increase import errors

_MOST_LISTED = 100
_ROUTING_DIGITS = 9
_WEIGHTS = (3, 7, 1)
_SIDES: dict[str, Callable[[float, float], bool]] = {
    "after": lambda at, edge: at > edge,
    "on_or_after": lambda at, edge: at >= edge,
    "before": lambda at, edge: at < edge,
    "on_or_before": lambda at, edge: at <= edge,
}


def known(params: Json, *names: str) -> None:
    """Refuse parameters that the endpoint does not have."""
    for name in params:
        if name not in names:
            raise errors.invalid(name, "is not a known parameter")


def text(params: Json, name: str, *, longest: int = 200) -> str | None:
    """Return a text, or None where there is none."""
    value = params.get(name)
    if value is None:
        return None
    if not isinstance(value, str) or not 1 <= len(value) <= longest:
        raise errors.invalid(name, f"must be a string of 1 to {longest} characters")
    return value


def needed(params: Json, name: str, *, longest: int = 200) -> str:
    """Return a text that must be there."""
    value = text(params, name, longest=longest)
    if value is None:
        raise errors.invalid(name, "is missing")
    return value


def choice(params: Json, name: str, names: tuple[str, ...]) -> str:
    """Return one of the names, the first where there is none."""
    value = text(params, name) or names[0]
    if value not in names:
        raise errors.invalid(name, f"must be one of {', '.join(names)}")
    return value


def boolean(params: Json, name: str) -> bool:
    """Return a truth value, false where there is none."""
    value = params.get(name, False)
    if not isinstance(value, bool):
        raise errors.invalid(name, "must be true or false")
    return value


def cents(params: Json, name: str) -> int:
    """Return a positive amount in cents."""
    value = params.get(name)
    if not isinstance(value, int) or isinstance(value, bool):
        raise errors.invalid(name, "must be an integer")
    if value <= 0:
        raise errors.invalid(name, "must be positive: this sandbox pushes money and does not pull it")
    return value


def account_number(params: Json) -> str:
    """Return a receiver's account number: 1 to 17 letters, digits or dashes."""
    value = needed(params, "account_number", longest=17)
    if not value.replace("-", "").isalnum() or not value.isascii():
        raise errors.invalid("account_number", "must be letters, digits or dashes")
    return value


def routing_number(params: Json) -> str:
    """Return a routing number of nine digits whose check digit holds."""
    value = needed(params, "routing_number", longest=_ROUTING_DIGITS)
    if len(value) != _ROUTING_DIGITS or not value.isdigit() or not value.isascii():
        raise errors.invalid("routing_number", "must be nine digits")
    if sum(int(digit) * _WEIGHTS[index % 3] for index, digit in enumerate(value)) % 10:
        raise errors.invalid("routing_number", "is not a valid routing transit number")
    return value


def selection(params: Json, *, type: str, filters: tuple[str, ...] = ()) -> Selection:  # noqa: A002 - the wire's word
    """Return what a list endpoint is asked for. Each filter compares one field; ``x.in`` takes several values."""
    known(params, "cursor", "limit", *(f"created_at.{side}" for side in _SIDES), *filters)
    raw = params.get("limit", str(_MOST_LISTED))
    if not raw.isdigit() or not 1 <= int(raw) <= _MOST_LISTED:
        raise errors.invalid("limit", "must be an integer from 1 to 100")
    wanted = {name.removesuffix(".in"): params[name].split(",") for name in filters if name in params}
    edges = [(holds, _time(params, f"created_at.{side}")) for side, holds in _SIDES.items()]

    def keeps(item: Json) -> bool:
        at = _unix(item["created_at"])
        in_time = all(edge is None or holds(at, edge) for holds, edge in edges)
        return in_time and all(item.get(name) in values for name, values in wanted.items())

    return Selection(type=type, limit=int(raw), after=params.get("cursor", ""), keeps=keeps)


def _time(params: Json, name: str) -> float | None:
    if name not in params:
        return None
    try:
        return _unix(params[name])
    except ValueError as error:
        raise errors.invalid(name, "must be an ISO 8601 time") from error


def _unix(value: str) -> float:
    at = datetime.fromisoformat(value.replace(" ", "+"))
    return (at if at.tzinfo else at.replace(tzinfo=UTC)).timestamp()
