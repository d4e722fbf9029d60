"""Reading Stripe's parameters, with Stripe's words for what is wrong with one."""

from __future__ import annotations

from collections.abc import Callable

from sandbox.engine.objects import Selection
from sandbox.engine.values import Json
from sandbox.stripe.wire import errors

_MOST_CENTS = 99_999_999
_LEAST_CENTS = 50
_CURRENCIES = ("usd", "eur", "gbp")
_MOST_METADATA = 50
_LONGEST_METADATA = 500
_LIST = ("limit", "starting_after", "ending_before", "expand", "created")
_SIDES: dict[str, Callable[[int, int], bool]] = {
    "gt": lambda at, edge: at > edge,
    "gte": lambda at, edge: at >= edge,
    "lt": lambda at, edge: at < edge,
    "lte": lambda at, edge: at <= edge,
}


def known(params: Json, *names: str) -> None:
    """Refuse parameters that the endpoint does not have."""
    for name in params:
        if name not in names:
            raise errors.invalid(f"Received unknown parameter: {name}", param=name, code="parameter_unknown")


def text(params: Json, name: str, *, default: str | None = None) -> str | None:
    """Return a text, or the default where there is none."""
    value = params.get(name, default)
    if value is not None and not isinstance(value, str):
        raise errors.invalid("Invalid string", param=name)
    return value or None


def needed(params: Json, name: str) -> str:
    """Return a text that must be there."""
    value = text(params, name)
    if value is None:
        raise errors.invalid(f"Missing required param: {name}.", param=name, code="parameter_missing")
    return value


def integer(raw: object, name: str) -> int:
    """Return a whole number."""
    if not isinstance(raw, str) or not raw.removeprefix("-").isdigit() or not raw.isascii():
        raise errors.invalid(f"Invalid integer: {raw}", param=name, code="parameter_invalid_integer")
    return int(raw)


def boolean(params: Json, name: str) -> bool:
    """Return a truth value, false where there is none."""
    raw = params.get(name, "false")
    if raw not in ("true", "false"):
        raise errors.invalid(f"Invalid boolean: {raw}", param=name)
    return bool(raw == "true")


def choice(params: Json, name: str, names: tuple[str, ...]) -> str:
    """Return one of the names, the first where there is none."""
    raw = text(params, name, default=names[0]) or names[0]
    if raw not in names:
        raise errors.invalid(f"Invalid {name}: must be one of {', '.join(names)}", param=name)
    return raw


def amount(params: Json) -> int:
    """Return the amount in cents."""
    cents = integer(needed(params, "amount"), "amount")
    if cents < 1:
        raise errors.invalid(
            "This value must be greater than or equal to 1.", param="amount", code="parameter_invalid_integer"
        )
    if cents < _LEAST_CENTS:
        raise errors.invalid("Amount must be at least $0.50 usd", param="amount", code="amount_too_small")
    if cents > _MOST_CENTS:
        raise errors.invalid("Amount must be no more than $999,999.99", param="amount", code="amount_too_large")
    return cents


def currency(params: Json) -> str:
    """Return the currency in lower case."""
    code = needed(params, "currency").lower()
    if code not in _CURRENCIES:
        raise errors.invalid(
            f"Invalid currency: {code}. This sandbox supports these currencies: {', '.join(_CURRENCIES)}",
            param="currency",
        )
    return code


def metadata(params: Json) -> dict[str, str]:
    """Return the metadata: at most 50 texts of at most 500 characters."""
    raw = params.get("metadata") or {}
    if not isinstance(raw, dict) or not all(isinstance(value, str) for value in raw.values()):
        raise errors.invalid("Invalid hash", param="metadata")
    if len(raw) > _MOST_METADATA or any(len(value) > _LONGEST_METADATA for value in raw.values()):
        raise errors.invalid("Metadata can have up to 50 values of up to 500 characters.", param="metadata")
    return dict(raw)


def limit(params: Json) -> int:
    """Return how many items a list may have: 1 to 100, 10 where nothing is said."""
    number = integer(params.get("limit", "10"), "limit")
    if not 1 <= number <= 100:
        raise errors.invalid("Limit must be between 1 and 100", param="limit", code="parameter_invalid_integer")
    return number


def selection(params: Json, *, type: str, filters: tuple[str, ...] = ()) -> Selection:  # noqa: A002 - Stripe's word
    """Return what a list endpoint is asked for. Each filter compares one field of the objects."""
    known(params, *_LIST, *filters)
    wanted = {name: params[name] for name in filters if name in params}
    created = _created(params.get("created"))
    return Selection(
        type=type,
        limit=limit(params),
        after=params.get("starting_after", ""),
        before=params.get("ending_before", ""),
        keeps=lambda item: created(item) and all(item.get(name) == value for name, value in wanted.items()),
    )


def _created(raw: object) -> Callable[[Json], bool]:
    if raw is None:
        return lambda _item: True
    if isinstance(raw, str):
        exact = integer(raw, "created")
        return lambda item: bool(item["created"] == exact)
    if not isinstance(raw, dict) or not set(raw) <= set(_SIDES):
        raise errors.invalid("Invalid created", param="created")
    edges = [(_SIDES[side], integer(value, "created")) for side, value in raw.items()]
    return lambda item: all(holds(item["created"], edge) for holds, edge in edges)
