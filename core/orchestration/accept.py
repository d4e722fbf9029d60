"""The door: a customer's wish becomes a row, a first event and a stream row, in one commit. Money moves later."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import orjson
from django.db import IntegrityError, transaction

from core.fees.sheets import FeeSheet
from core.identity.customers import CustomerView
from core.kernel import errors, ids
from core.kernel.money import Money
from core.ledger import queries
from core.orchestration import gates, kinds, offers, outcomes
from core.orchestration.engine import claims
from core.orchestration.kinds import Instrument, Request
from core.orchestration.models import Transaction
from core.orchestration.reading import feed
from core.quotes import quotes, terms
from core.quotes.preparing import Prepared
from core.quotes.quotes import QuoteView
from core.resilience import statements

_OPEN = "SELECT orchestration_open(%s::jsonb), outbox_append(%s::jsonb)"


class ClientReferenceUsed(errors.Conflict):
    """The customer has used this reference before; it is unique for ever. HTTP 409."""

    default_code = "client_reference_used"


@dataclass(frozen=True, slots=True, kw_only=True)
class Origin:
    """Who asks, and from where: kept with the transaction as its security context."""

    customer: CustomerView
    actor: str
    request_id: str
    correlation_id: str
    security: Mapping[str, Any]


def quote(*, request: Request, origin: Origin) -> QuoteView:
    """Price a wish and keep the price for the customer. No other effect.

    Raises: InvalidInput, Refused and NoProvider as the price or the kind's rules say.
    """
    prepared = _price(request)
    lifetime = terms.lifetime(domain=request.domain, kind=request.kind)
    return quotes.store(customer_id=origin.customer.id, prepared=prepared, request=_locked(request), lifetime=lifetime)


def accept(*, request: Request, origin: Origin, client_reference: str | None) -> UUID:
    """Take a wish on and return the transaction's id.

    It is priced on the way and the price is locked with it; what can be refused now is refused now, before anything is
    written: amount, price, limits, balance.
    Needs: an open database transaction. Raises: InvalidInput, Refused, NoProvider, ClientReferenceUsed.
    """
    prepared = _price(request)
    _check_means(request, origin.customer, prepared.sheet.debit)
    kind = kinds.get(domain=request.domain, kind=request.kind)
    row = {
        **_origin_fields(origin),
        **_locked(request),
        **_price_fields(kind, prepared.sheet),
        "domain": request.domain,
        "kind": request.kind,
        "client_reference": client_reference,
    }
    return _open(ids.uuid7(), row, request.instrument)


def accept_quote(*, quote_id: UUID, domain: str, origin: Origin, client_reference: str | None) -> UUID:
    """Take on what a quote promised, at the quote's price, and return the transaction's id. A quote is used once.

    Needs: an open database transaction. Raises: QuoteNotFound, QuoteExpired, QuoteUsed, Refused, ClientReferenceUsed.
    """
    transaction_id = ids.uuid7()
    promised = quotes.claim(quote_id=quote_id, customer_id=origin.customer.id, transaction_id=transaction_id)
    if promised.domain != domain:
        raise errors.InvalidInput(
            code="wrong_domain", detail=f"The quote is for {promised.domain}.", pointer="/quote_id"
        )
    kind = kinds.get(domain=promised.domain, kind=promised.kind)
    gates.at_the_door(customer=origin.customer, kind=promised.kind, amount=promised.debit)
    if kind.rules.leaves:
        _check_balance(origin.customer.id, promised.domain, promised.debit)
    row = {
        **_origin_fields(origin),
        **promised.request,
        **_price_fields(kind, promised.sheet),
        "domain": promised.domain,
        "kind": promised.kind,
        "quote_id": promised.id,
        "client_reference": client_reference,
    }
    instrument = _still_there(promised, origin.customer.id)
    return _open(transaction_id, row, instrument)


def _price(request: Request) -> Prepared:
    kind = kinds.get(domain=request.domain, kind=request.kind)
    _check_rules(kind, request)
    return offers.prepare(
        kind=kind, method=request.method, side=request.side, amount=request.amount, wishes=request.preferences
    )


def _check_rules(kind: kinds.Kind, request: Request) -> None:
    minimum = kind.rules.minimum_units.get(request.asset.code)
    pointer = f"/{request.side}/amount"
    if minimum is None:
        detail = f"{kind.name} is not offered in {request.asset.symbol} yet."
        raise errors.Refused(code="asset_not_supported", detail=detail, pointer=f"/{request.side}/asset")
    if request.amount.units < minimum:
        detail = f"The least is {Money(minimum, request.asset).text} {request.asset.symbol}."
        raise errors.Refused(code="amount_below_minimum", detail=detail, pointer=pointer)


def _check_means(request: Request, customer: CustomerView, debit: Money) -> None:
    gates.at_the_door(customer=customer, kind=request.kind, amount=debit)
    if kinds.get(domain=request.domain, kind=request.kind).rules.leaves:
        _check_balance(customer.id, request.domain, debit)


def _check_balance(customer_id: UUID, domain: str, debit: Money) -> None:
    """Tell the caller at once what the reservation would tell him later; the reservation has the last word."""
    held = [
        view
        for view in queries.balances(customer_id=customer_id)
        if view.domain == domain and view.asset == debit.asset.code and view.custody == "pooled"
    ]
    if not held or held[0].available < debit:
        raise errors.Refused(code="insufficient_funds", detail="The available balance does not cover this.")
    if held[0].withdrawable < debit:
        raise errors.Refused(
            code="funds_reversible",
            detail="Part of the balance came in by card lately and can still be charged back; it may not leave yet.",
        )


def _locked(request: Request) -> dict[str, Any]:
    """The inputs of a wish as they are kept: what is quoted is exactly what gets executed."""
    return {
        "side": request.side,
        "units": str(request.amount.units),
        "asset": request.asset.code,
        "method": request.method,
        "instrument_id": request.instrument.id.hex if request.instrument else None,
        "counterparty_id": request.counterparty.id.hex if request.counterparty else None,
        "preferences": dict(request.preferences),
    }


def _origin_fields(origin: Origin) -> dict[str, Any]:
    return {
        "customer_id": origin.customer.id,
        "correlation_id": origin.correlation_id,
        "request_id": origin.request_id,
        "security": dict(origin.security),
        "actor": origin.actor,
    }


def _price_fields(kind: kinds.Kind, sheet: FeeSheet) -> dict[str, Any]:
    return {
        "deadline_in": kind.rules.window.total_seconds(),
        "debit_units": str(sheet.debit.units),
        "receive_units": str(sheet.receive.units),
        "fees": sheet.to_json(),
        "reason": "",
        "provider": "",
    }


def _still_there(promised: QuoteView, customer_id: UUID) -> Instrument | None:
    """Return the instrument of a quote. Raises: NotFound if it was removed since."""
    wanted = promised.request["instrument_id"]
    if wanted is None:
        return None
    instruments = kinds.domain(promised.domain).instruments
    found = instruments.find(customer_id=customer_id, instrument_id=UUID(hex=wanted))
    if found is None:
        raise errors.NotFound(code="instrument_not_found", detail="The instrument was removed.", pointer="/quote_id")
    return found


def _open(transaction_id: UUID, fields: Mapping[str, Any], instrument: Instrument | None) -> UUID:
    row = {**fields, "id": transaction_id, "event_id": ids.uuid7()}
    rows = orjson.dumps([row]).decode()
    streams = orjson.dumps([feed.opened_row(row)]).decode()
    try:
        with transaction.atomic(savepoint=row["client_reference"] is not None):
            statements.fetch(_OPEN, [rows, streams])
    except IntegrityError as error:
        if "orchestration_client_reference" not in str(error):
            raise
        raise ClientReferenceUsed(
            detail="A transaction with this reference exists.", pointer="/client_reference"
        ) from error
    if instrument is not None:
        kinds.domain(row["domain"]).instruments.note(transaction_id=transaction_id, instrument=instrument)
    outcomes.wake([row["domain"]])
    return transaction_id


def opened(transaction_id: UUID) -> Transaction:
    """Return a transaction that was just accepted."""
    return claims.get(transaction_id)
