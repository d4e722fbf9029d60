"""What a fault script may say, and clear words for one that does not.

A script is a flat JSON object. ``FIELDS`` is the whole grammar; docs/sandbox.md shows it with examples.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from sandbox.engine.values import Json

TRANSPORT = (
    "latency",
    "error",
    "rate_limit",
    "timeout_before",
    "timeout_after",
    "reset_before",
    "reset_after",
    "garbage",
)
BUSINESS = ("refuse", "wrong_amount", "wrong_currency", "never_settle", "return", "dispute")
EXCHANGE = ("refuse", "never_settle", "partial_fill", "price_move", "late_trades")
WEBHOOK = ("webhook_duplicate", "webhook_reorder", "webhook_drop", "webhook_corrupt", "webhook_delay")
FAULTS = tuple(dict.fromkeys((*TRANSPORT, *BUSINESS, *EXCHANGE, *WEBHOOK)))
PROVIDERS = ("stripe", "increase", "kraken", "*")
OPERATIONS = ("charge", "payout", "order", "market", "status", "cancel", "other", "webhook", "*")
_DELAYS_MS = {
    "latency": 300,
    "timeout_before": 60_000,
    "timeout_after": 60_000,
    "webhook_delay": 1_000,
    "webhook_reorder": 300,
    "return": 0,
    "late_trades": 1_000,
    "dispute": 0,
}
_LONGEST_ID = 100


class BadScript(Exception):
    """The script does not hold; ``field`` says where."""

    def __init__(self, *, field: str, message: str) -> None:
        self.field = field
        self.message = message
        super().__init__(f"{field}: {message}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Script:
    """One fault script, checked."""

    id: str
    provider: str
    operation: str
    fault: str
    times: int | None = None
    skip: int = 0
    probability: float = 1.0
    seed: int = 0
    delay_ms: int = 0
    when: str = "before"
    status: int = 500
    code: str = ""
    amount_delta: int = -100
    currency: str = "eur"
    percent: int = 50
    bps: int = 300
    copies: int = 2
    how: str = "body"
    retry_after_s: int = 1
    event: str = ""
    amount: int | None = None
    key: str = ""
    reference: str = ""

    def show(self) -> Json:
        """Return the script as JSON."""
        return {name: getattr(self, name) for name in ("id", *FIELDS)}


@dataclass(frozen=True, slots=True)
class _Field:
    """How one field of a script is checked."""

    check: Callable[[object], bool]
    message: str
    faults: tuple[str, ...] = field(default=FAULTS)


def _whole(low: int, high: int) -> Callable[[object], bool]:
    return lambda value: isinstance(value, int) and not isinstance(value, bool) and low <= value <= high


def _whole_or_null(low: int, high: int) -> Callable[[object], bool]:
    whole = _whole(low, high)
    return lambda value: value is None or whole(value)


def _one_of(names: tuple[str, ...]) -> Callable[[object], bool]:
    return lambda value: isinstance(value, str) and value in names


def _text(value: object) -> bool:
    return isinstance(value, str) and len(value) <= _LONGEST_ID


def _share(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and 0 <= value <= 1


FIELDS: Mapping[str, _Field] = {
    "provider": _Field(_one_of(PROVIDERS), f"must be one of {', '.join(PROVIDERS)}"),
    "operation": _Field(_one_of(OPERATIONS), f"must be one of {', '.join(OPERATIONS)}"),
    "fault": _Field(_one_of(FAULTS), f"must be one of {', '.join(FAULTS)}"),
    "times": _Field(_whole_or_null(1, 10**9), "must be a whole number from 1, or null for no end"),
    "skip": _Field(_whole(0, 10**9), "must be a whole number from 0: how many matches to let pass first"),
    "probability": _Field(_share, "must be a number from 0 to 1"),
    "seed": _Field(_whole(-(2**63), 2**63), "must be a whole number"),
    "delay_ms": _Field(_whole(0, 3_600_000), "must be milliseconds from 0 to 3600000", tuple(_DELAYS_MS)),
    "when": _Field(
        _one_of(("before", "during", "after")),
        "must be before (never reached), during (answer stored, nothing done) or after (done)",
        ("latency", "error", "garbage"),
    ),
    "status": _Field(_whole(400, 599), "must be an HTTP status from 400 to 599", ("error",)),
    "code": _Field(_text, "must be the provider's own code, at most 100 characters", ("refuse", "return", "dispute")),
    "amount_delta": _Field(
        lambda value: _whole(-(10**12), 10**12)(value) and value != 0, "must be cents, not 0", ("wrong_amount",)
    ),
    "currency": _Field(
        lambda value: isinstance(value, str) and len(value) == 3 and value.isalpha() and value.islower(),
        "must be three lower-case letters",
        ("wrong_currency",),
    ),
    "percent": _Field(_whole(1, 99), "must be percent from 1 to 99: how much is filled", ("partial_fill",)),
    "bps": _Field(
        _whole(-9_000, 9_000),
        "must be hundredths of a percent from -9000 to 9000: how the price moves",
        ("price_move",),
    ),
    "copies": _Field(_whole(2, 100), "must be a whole number from 2 to 100", ("webhook_duplicate",)),
    "how": _Field(_one_of(("body", "signature", "stale")), "must be body, signature or stale", ("webhook_corrupt",)),
    "retry_after_s": _Field(_whole(0, 3600), "must be seconds from 0 to 3600", ("rate_limit",)),
    "event": _Field(_text, "must be an event type such as payment_intent.succeeded", WEBHOOK),
    "amount": _Field(_whole_or_null(1, 10**12), "must be cents from 1: only calls of this amount"),
    "key": _Field(_text, "must be an idempotency key: only calls with this key"),
    "reference": _Field(_text, "must be one of our references: only calls that carry it"),
}
_NEEDED = ("provider", "operation", "fault")
_PROVIDER_OF = {"charge": "stripe", "payout": "increase", "order": "kraken"}


def parse(raw: object) -> Script:
    """Return the checked script.

    Raises: BadScript naming the field and what it should be.
    """
    if not isinstance(raw, dict):
        raise BadScript(field="", message="a script must be a JSON object")
    for name in _NEEDED:
        if name not in raw:
            raise BadScript(field=name, message="is needed: " + FIELDS[name].message)
    given = dict(raw)
    id_ = given.pop("id", None)
    for name, value in given.items():
        _check(name, value, fault=given["fault"])
    if id_ is None:
        id_ = ":".join(str(given[name]) for name in _NEEDED)
    if not _text(id_) or not id_:
        raise BadScript(field="id", message="must be a text of 1 to 100 characters")
    return _finish(Script(id=id_, **given), given)


def _check(name: str, value: object, *, fault: object) -> None:
    rule = FIELDS.get(name)
    if rule is None:
        raise BadScript(field=name, message=f"is unknown; a script has {', '.join(('id', *FIELDS))}")
    if not rule.check(value):
        raise BadScript(field=name, message=rule.message)
    if fault in FAULTS and fault not in rule.faults:
        raise BadScript(field=name, message=f"means nothing for {fault}, only for {', '.join(rule.faults)}")


def _finish(script: Script, given: Json) -> Script:
    """Fill in what depends on the kind of fault, and refuse what can never happen."""
    _check_reach(script)
    changes: Json = {}
    if "delay_ms" not in given:
        changes["delay_ms"] = _DELAYS_MS.get(script.fault, 0)
    if "when" not in given and script.fault == "garbage":
        changes["when"] = "after"
    return Script(**{**script.show(), **changes}) if changes else script


def _check_reach(script: Script) -> None:
    _check_business(script)
    if script.fault == "dispute" and (script.provider == "increase" or script.operation == "payout"):
        raise BadScript(field="provider", message="disputes are for charges by stripe")
    if script.fault == "return" and (script.provider == "stripe" or script.operation == "charge"):
        raise BadScript(field="provider", message="returns are for payouts by increase")
    if script.fault in TRANSPORT and script.operation == "webhook":
        raise BadScript(field="operation", message=f"{script.fault} is for calls; webhooks have {', '.join(WEBHOOK)}")
    if script.when == "during" and script.fault != "error":
        raise BadScript(field="when", message="during is for error only")


def _check_business(script: Script) -> None:
    """Refuse a fault that the provider or the operation does not have."""
    if script.fault in BUSINESS or script.fault in EXCHANGE:
        if script.operation not in ("charge", "payout", "order", "*"):
            raise BadScript(field="operation", message=f"must be charge, payout, order or * for {script.fault}")
        known = EXCHANGE if "kraken" in (script.provider, _PROVIDER_OF.get(script.operation)) else FAULTS
        if script.fault not in known:
            raise BadScript(field="fault", message=f"must be one of {', '.join(EXCHANGE)} for orders at kraken")
        if script.fault not in BUSINESS and script.provider in ("stripe", "increase"):
            raise BadScript(field="provider", message=f"must be kraken for {script.fault}")
