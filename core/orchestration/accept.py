"""The door: a customer's wish becomes a row, a first event and a stream row, in one commit. Money moves later."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
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
from core.providers import contract
from core.quotes import quotes, terms
from core.quotes.preparing import Prepared
from core.quotes.quotes import QuoteView
from core.resilience import statements

_OPEN = "SELECT orchestration_open(%s::jsonb), outbox_append(%s::jsonb)"
_OPEN_WITH_NOTE = "WITH noted AS ({}) " + _OPEN


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


@dataclass(frozen=True, slots=True, kw_only=True)
class Agreed:
    """A wish with its price, and what it brings at that price.

    ``source`` is what is given, fees inside, or, where the wish named what arrives in the same asset, that amount;
    ``side`` says which. ``expected`` should arrive and ``minimum`` must; ``terms`` are locked with it.
    """

    request: Request
    method: str
    side: str
    source: Money
    prepared: Prepared
    expected: Money
    minimum: Money
    terms: Mapping[str, Any]


def agree(*, request: Request, customer_id: UUID) -> Agreed:
    """Check a wish against the world and price it. No effect.

    Needs: no open database transaction where the domain has terms, for they ask the outside.
    Raises: InvalidInput, Refused and NoProvider as the price, the terms or the kind's rules say; ConnectionFault when
        whoever has to be asked does not answer.
    """
    kind = kinds.get(domain=request.domain, kind=request.kind)
    _check_rules(kind, request)
    terms_of = kinds.domain(request.domain).terms
    if terms_of is None:
        return _agree_on_price(kind, request)
    with _outside():
        opening = terms_of.open(kind=kind, request=request, customer_id=customer_id)
    prepared = offers.prepare(
        offers.Wanted(
            kind=kind,
            method=opening.method,
            side="source",
            amount=opening.source,
            wishes=request.preferences,
            network_fee=opening.network_fee,
            usd_price=opening.usd_price,
        )
    )
    with _outside():
        fixed = terms_of.fix(kind=kind, opening=opening, net=prepared.sheet.receive)
    return Agreed(
        request=request,
        method=opening.method,
        side="source",
        source=opening.source,
        prepared=prepared,
        expected=fixed.expected,
        minimum=fixed.minimum,
        terms={**fixed.data, "usd_price": None if opening.usd_price is None else str(opening.usd_price)},
    )


@contextmanager
def _outside() -> Iterator[None]:
    """Say to a customer what became of asking the outside for terms: nothing was ordered, so trying again is safe."""
    try:
        yield
    except contract.Rejected as fault:
        raise errors.Refused(code=fault.code, detail=fault.detail) from fault
    except (contract.Unavailable, contract.OutcomeUnknown) as fault:
        raise errors.ConnectionFault(code=fault.code, detail=fault.detail) from fault


def quote(*, agreed: Agreed, origin: Origin) -> QuoteView:
    """Keep a price for the customer. No other effect."""
    request = agreed.request
    return quotes.store(
        customer_id=origin.customer.id,
        prepared=agreed.prepared,
        receive=agreed.expected,
        min_receive=agreed.minimum,
        request=_locked(agreed),
        lifetime=terms.lifetime(domain=request.domain, kind=request.kind),
    )


def accept(*, agreed: Agreed, origin: Origin, client_reference: str | None) -> Transaction:
    """Take a wish on and return the transaction as it was written.

    Its price is locked with it; what can be refused now is refused now, before anything is written: limits, balance.
    Needs: an open database transaction. Raises: Refused, Conflict, ClientReferenceUsed.
    """
    request, sheet = agreed.request, agreed.prepared.sheet
    kind = kinds.get(domain=request.domain, kind=request.kind)
    _check_means(kind, origin.customer, sheet.debit)
    row = {
        **_origin_fields(origin),
        **_locked(agreed),
        **_price_fields(kind, sheet, agreed.expected),
        "domain": request.domain,
        "kind": request.kind,
        "client_reference": client_reference,
    }
    return _open(ids.uuid7(), kind, row, request.instrument)


def accept_quote(*, quote_id: UUID, domain: str, origin: Origin, client_reference: str | None) -> Transaction:
    """Take on what a quote promised, at the quote's price, and return the transaction. A quote is used once.

    Needs: an open database transaction. Raises: QuoteNotFound, QuoteExpired, QuoteUsed, Refused, ClientReferenceUsed.
    """
    transaction_id = ids.uuid7()
    promised = quotes.claim(quote_id=quote_id, customer_id=origin.customer.id, transaction_id=transaction_id)
    if promised.domain != domain:
        raise errors.InvalidInput(
            code="wrong_domain", detail=f"The quote is for {promised.domain}.", pointer="/quote_id"
        )
    kind = kinds.get(domain=promised.domain, kind=promised.kind)
    _check_means(kind, origin.customer, promised.debit)
    row = {
        **_origin_fields(origin),
        **promised.request,
        **_price_fields(kind, promised.sheet, promised.receive),
        "domain": promised.domain,
        "kind": promised.kind,
        "quote_id": promised.id,
        "client_reference": client_reference,
    }
    instrument = _still_there(promised, origin.customer.id)
    return _open(transaction_id, kind, row, instrument)


def _agree_on_price(kind: kinds.Kind, request: Request) -> Agreed:
    prepared = offers.prepare(
        offers.Wanted(
            kind=kind, method=request.method, side=request.side, amount=request.amount, wishes=request.preferences
        )
    )
    return Agreed(
        request=request,
        method=request.method,
        side=request.side,
        source=request.amount,
        prepared=prepared,
        expected=prepared.sheet.receive,
        minimum=prepared.min_receive,
        terms={},
    )


def _check_rules(kind: kinds.Kind, request: Request) -> None:
    if not kind.rules.needs_amount:
        return
    minimum = kind.rules.minimum_units.get(request.asset.code)
    if minimum is None:
        detail = f"{kind.name} is not offered in {request.asset.symbol} yet."
        raise errors.Refused(code="asset_not_supported", detail=detail, pointer="/source/asset")
    if request.amount.asset == request.asset and request.amount.units < minimum:
        detail = f"The least is {Money(minimum, request.asset).text} {request.asset.symbol}."
        raise errors.Refused(code="amount_below_minimum", detail=detail, pointer=f"/{request.side}/amount")


def _check_means(kind: kinds.Kind, customer: CustomerView, debit: Money) -> None:
    if kind.rules.consumes_limits:
        gates.at_the_door(customer=customer, kind=kind.name, amount=debit)
    if kind.rules.gives:
        _check_balance(customer.id, debit, leaves=kind.rules.leaves)


def _check_balance(customer_id: UUID, debit: Money, *, leaves: bool) -> None:
    """Tell the caller at once what the reservation would tell him later; the reservation has the last word."""
    held = [
        view
        for view in queries.balances(customer_id=customer_id)
        if view.domain == debit.asset.home_domain and view.asset == debit.asset.code and view.custody == "pooled"
    ]
    if not held or held[0].available < debit:
        raise errors.Refused(code="insufficient_funds", detail="The available balance does not cover this.")
    if leaves and held[0].withdrawable < debit:
        raise errors.Refused(
            code="funds_reversible",
            detail="Part of the balance came in by card lately and can still be charged back; it may not leave yet.",
        )


def _locked(agreed: Agreed) -> dict[str, Any]:
    """The inputs of a wish as they are kept: what is quoted is exactly what gets executed."""
    request = agreed.request
    arriving = agreed.expected.asset.code
    return {
        "side": agreed.side,
        "units": str(agreed.source.units),
        "asset": agreed.source.asset.code,
        "target_asset": "" if arriving == agreed.source.asset.code else arriving,
        "method": agreed.method,
        "instrument_id": request.instrument.id.hex if request.instrument else None,
        "counterparty_id": request.counterparty.id.hex if request.counterparty else None,
        "preferences": dict(request.preferences),
        "terms": dict(agreed.terms),
    }


def _origin_fields(origin: Origin) -> dict[str, Any]:
    return {
        "customer_id": origin.customer.id,
        "correlation_id": origin.correlation_id,
        "request_id": origin.request_id,
        "security": dict(origin.security),
        "actor": origin.actor,
    }


def _price_fields(kind: kinds.Kind, sheet: FeeSheet, receive: Money) -> dict[str, Any]:
    return {
        "deadline_in": kind.rules.window.total_seconds(),
        "debit_units": str(sheet.debit.units),
        "receive_units": str(receive.units),
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


def _open(
    transaction_id: UUID, kind: kinds.Kind, fields: Mapping[str, Any], instrument: Instrument | None
) -> Transaction:
    row = {**fields, "id": transaction_id, "event_id": ids.uuid7()}
    try:
        with transaction.atomic(savepoint=row["client_reference"] is not None):
            opened_at = _write(row, instrument)
    except IntegrityError as error:
        if "orchestration_client_reference" not in str(error):
            raise
        raise ClientReferenceUsed(
            detail="A transaction with this reference exists.", pointer="/client_reference"
        ) from error
    terms_of = kinds.domain(row["domain"]).terms
    if terms_of is not None:
        terms_of.begin(kind=kind, transaction_id=transaction_id, customer_id=row["customer_id"], data=row["terms"])
    outcomes.wake([row["domain"]])
    return claims.written(row, at=opened_at)


def _write(row: Mapping[str, Any], instrument: Instrument | None) -> datetime:
    """Write the row, its first event, its stream row and what the instrument was in one statement; return when."""
    sql, values = _OPEN, [orjson.dumps([row]).decode(), orjson.dumps([feed.opened_row(row)]).decode()]
    if instrument is not None:
        note = kinds.domain(row["domain"]).instruments.note(transaction_id=row["id"], instrument=instrument)
        sql, values = _OPEN_WITH_NOTE.format(note.sql), [*note.values, *values]
    moment: datetime = statements.fetch(sql, values)[0][0]
    return moment
