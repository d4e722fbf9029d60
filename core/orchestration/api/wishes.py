"""Reading what a customer wants from JSON, field by field."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from core.api import amounts, bodies, context
from core.identity import customers
from core.identity.customers import CustomerView
from core.identity.principals import Principal
from core.kernel import assets, errors, ids
from core.kernel.assets import Asset
from core.kernel.money import Money
from core.orchestration import kinds
from core.orchestration.accept import Origin
from core.orchestration.kinds import Instrument, Kind, Request
from core.quotes import preferences

WISH_FIELDS = ("kind", "source", "target", "instrument_id", "to", "preferences")
# What may stand beside a wish, or beside a quote that says it all.
BESIDE_A_QUOTE = ("domain", "quote_id", "client_reference")
_EXTRA_LENGTH = 100


def read(body: Mapping[str, Any], *, domain: str, customer: CustomerView) -> Request:
    """Read a wish: kind, exactly one amount, the instrument or recipient that the kind needs, preferences.

    Raises: InvalidInput that names the field; NotFound for an instrument that is not the customer's; Refused
        (``recipient_not_found``, ``recipient_is_sender``).
    """
    kind = kinds.get(domain=domain, kind=bodies.text(body, "kind", max_length=30))
    if kind.rules.is_forced:
        raise errors.InvalidInput(code="unknown_kind", detail="Nobody can ask for this kind.", pointer="/kind")
    bodies.only(body, allowed=(*WISH_FIELDS, *BESIDE_A_QUOTE, *kind.rules.extras))
    side, amount, given, arriving = _amounts(body, kind)
    instrument = _instrument(body, kind, customer)
    return Request(
        domain=domain,
        kind=kind.name,
        side=side,
        amount=amount,
        asset=given,
        target_asset=arriving,
        extras={name: _extra(body, name) for name in sorted(kind.rules.extras) if body.get(name) is not None},
        method=instrument.method if instrument else "",
        instrument=instrument,
        counterparty=_recipient(body, kind, customer),
        preferences=preferences.parse(data=body.get("preferences")).to_json(),
    )


def customer_of(principal: Principal) -> UUID:
    """Return whose request it is. Raises: NotFound for staff, who have no transactions."""
    if principal.customer_id is None:
        raise errors.NotFound(detail="Only customers have transactions.")
    return principal.customer_id


def domain_of(body: Mapping[str, Any]) -> kinds.Domain:
    """Return the domain that a body names. Raises: InvalidInput (``required``, ``unknown_domain``)."""
    code = bodies.text(body, "domain", max_length=20)
    try:
        return kinds.domain(code)
    except errors.NotFound:
        raise errors.InvalidInput(code="unknown_domain", detail="There is no such domain.", pointer="/domain") from None


def origin(principal: Principal) -> Origin:
    """Return who asks and from where, as it is kept with the transaction."""
    current = context.current()
    return Origin(
        customer=principal.customer or customers.get(customer_of(principal)),
        actor=principal.actor,
        request_id=current.request_id,
        correlation_id=current.correlation_id,
        security={
            "auth": "api_key" if principal.key_id else "session",
            "key_id": principal.key_id.hex if principal.key_id else None,
            "mfa_at": principal.mfa_at.isoformat() if principal.mfa_at else None,
            "device": principal.device.hex if principal.device else None,
        },
    )


def _amounts(body: Mapping[str, Any], kind: Kind) -> tuple[str, Money, Asset, Asset | None]:
    """Read source and target: the side that carries the amount, the amount, what is given, and what arrives instead."""
    source = bodies.find_object(body, "source")
    target = bodies.find_object(body, "target")
    if not kind.rules.needs_amount:
        return _of_a_position(source, target)
    given = [side for side, part in (("source", source), ("target", target)) if part is not None and "amount" in part]
    if len(given) != 1:
        raise errors.InvalidInput(
            code="one_amount_required",
            detail="Give exactly one of source.amount (fees inside) and target.amount (fees on top).",
            pointer="/source/amount",
        )
    side = given[0]
    amount = amounts.parse_money(source if side == "source" else target, pointer=f"/{side}")
    if amount.units <= 0:
        raise errors.InvalidInput(
            code="invalid_amount", detail="The amount must be greater than zero.", pointer=f"/{side}/amount"
        )
    other, rest = ("target", target) if side == "source" else ("source", source)
    if not kind.rules.targets:
        if rest is not None:
            _same_asset(rest, amount.asset, f"/{other}")
        return side, amount, amount.asset, None
    if rest is None:
        raise errors.InvalidInput(code="required", detail="Name the asset of this side.", pointer=f"/{other}")
    named = amounts.parse_asset(rest, pointer=f"/{other}")
    source_asset, target_asset = (amount.asset, named) if side == "source" else (named, amount.asset)
    _check_target(kind, source_asset, target_asset)
    return side, amount, source_asset, target_asset


def _of_a_position(
    source: Mapping[str, Any] | None, target: Mapping[str, Any] | None
) -> tuple[str, Money, Asset, Asset | None]:
    """The kind itself says how much of what: a wish for all of a position names no amount."""
    for side, part in (("source", source), ("target", target)):
        if part is not None:
            raise errors.InvalidInput(
                code="unexpected_field", detail="The position says how much of what.", pointer=f"/{side}"
            )
    nothing = assets.get("USD")
    return "source", Money.zero(nothing), nothing, None


def _check_target(kind: Kind, source: Asset, target: Asset) -> None:
    if target.code not in kind.rules.targets:
        raise errors.Refused(
            code="asset_not_supported",
            detail=f"{kind.name} does not bring {target.symbol} yet.",
            pointer="/target/asset",
        )
    if target == source:
        raise errors.InvalidInput(
            code="same_asset", detail="Source and target must be two assets.", pointer="/target/asset"
        )


def _extra(body: Mapping[str, Any], name: str) -> str | int:
    """Read a field that only this kind has: a short text or a whole number; its meaning is the domain's to check."""
    value = body[name]
    if isinstance(value, int) and not isinstance(value, bool):
        return value
    return bodies.text(body, name, max_length=_EXTRA_LENGTH)


def _same_asset(part: Mapping[str, Any], asset: Asset, pointer: str) -> None:
    if amounts.parse_asset(part, pointer=pointer).code != asset.code:
        raise errors.InvalidInput(
            code="assets_differ", detail="Source and target have the same asset here.", pointer=f"{pointer}/asset"
        )


def _instrument(body: Mapping[str, Any], kind: Kind, customer: CustomerView) -> Instrument | None:
    text = bodies.find_text(body, "instrument_id", max_length=60)
    if not kind.rules.methods:
        if text is not None:
            raise errors.InvalidInput(
                code="unexpected_field", detail=f"A {kind.name} uses no instrument.", pointer="/instrument_id"
            )
        return None
    if text is None:
        raise errors.InvalidInput(
            code="required", detail="Name the card or bank account to use.", pointer="/instrument_id"
        )
    wanted = ids.parse(ids.Prefix.INSTRUMENT, text)
    found = kinds.domain(kind.domain).instruments.find(customer_id=customer.id, instrument_id=wanted)
    if found is None:
        raise errors.NotFound(
            code="instrument_not_found", detail="There is no such instrument.", pointer="/instrument_id"
        )
    if found.method not in kind.rules.methods:
        raise errors.Refused(
            code="instrument_not_suitable", detail=f"This cannot be used for a {kind.name}.", pointer="/instrument_id"
        )
    return found


def _recipient(body: Mapping[str, Any], kind: Kind, customer: CustomerView) -> CustomerView | None:
    given = bodies.find_object(body, "to")
    if not kind.rules.needs_counterparty:
        if given is not None:
            raise errors.InvalidInput(
                code="unexpected_field", detail=f"A {kind.name} goes to nobody else.", pointer="/to"
            )
        return None
    if given is None:
        raise errors.InvalidInput(code="required", detail="Say who is to get it.", pointer="/to/handle")
    for name in given:
        if name != "handle":
            raise errors.InvalidInput(
                code="unknown_field", detail="There is no such field.", pointer=f"/to/{name}"[:100]
            )
    found = customers.find_by_handle(bodies.text(given, "handle", max_length=40, at="/to"))
    if found is None:
        raise errors.Refused(code="recipient_not_found", detail="Nobody has this handle.", pointer="/to/handle")
    if found.id == customer.id:
        raise errors.Refused(code="recipient_is_sender", detail="This is your own handle.", pointer="/to/handle")
    return found
