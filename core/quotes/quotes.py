"""Stored quotes: kept by the database's clock, used at most once, shown in the contract's shape."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, ClassVar
from uuid import UUID

from django.db import connection

from core.api import amounts
from core.fees import sheets
from core.kernel import assets, clock, errors, ids
from core.kernel.money import Money
from core.quotes import preparing
from core.routing import scoring

_STORE = """
    INSERT INTO quotes_quote (id, customer_id, domain, kind, request, sheet, asset, target_asset, debit_units,
        receive_units, min_receive_units, provider, eta_seconds, candidates, weights_version, suggestions, expires_at,
        created_at)
    VALUES (%(id)s, %(customer_id)s, %(domain)s, %(kind)s, %(request)s, %(sheet)s, %(asset)s, %(target_asset)s,
        %(debit)s, %(receive)s, %(min_receive)s, %(provider)s, %(eta_seconds)s, %(candidates)s, %(weights_version)s,
        %(suggestions)s, clock_timestamp() + %(lifetime)s, clock_timestamp())
    RETURNING *
"""
_FIND = "SELECT * FROM quotes_quote WHERE id = %(id)s AND customer_id = %(customer_id)s"
_CLAIM = """
    UPDATE quotes_quote SET used_by = %(transaction_id)s
    WHERE id = %(id)s AND customer_id = %(customer_id)s AND used_by IS NULL AND expires_at > clock_timestamp()
    RETURNING *
"""
_PURGE = """
    DELETE FROM quotes_quote WHERE id IN (
        SELECT id FROM quotes_quote
        WHERE used_by IS NULL AND expires_at < clock_timestamp() - make_interval(secs => %s)
        ORDER BY expires_at LIMIT %s FOR UPDATE SKIP LOCKED)
"""


class QuoteNotFound(errors.NotFound):
    """There is no such quote, or it is somebody else's."""

    default_code = "quote_not_found"


class QuoteExpired(errors.Conflict):
    """The quote holds no longer. HTTP 410: ask for a new one."""

    http_status: ClassVar[int] = 410
    default_code = "quote_expired"


class QuoteUsed(errors.Conflict):
    """A transaction was made from this quote already. HTTP 409."""

    default_code = "quote_used"


@dataclass(frozen=True, slots=True, kw_only=True)
class QuoteView:
    """A stored quote. ``request`` is what ``store`` was given; ``used_by`` is the transaction made from it, if any.

    ``receive`` is what arrives after fees, in another asset than the debit where that is traded.
    """

    id: UUID
    customer_id: UUID
    domain: str
    kind: str
    request: Mapping[str, Any]
    sheet: sheets.FeeSheet
    receive: Money
    min_receive: Money
    provider: str
    eta_seconds: int
    candidates: tuple[dict[str, Any], ...]
    weights_version: int | None
    suggestions: tuple[dict[str, Any], ...]
    expires_at: datetime
    used_by: UUID | None

    @property
    def debit(self) -> Money:
        return self.sheet.debit


def store(
    *,
    customer_id: UUID,
    prepared: preparing.Prepared,
    request: Mapping[str, Any],
    lifetime: timedelta,
    receive: Money | None = None,
    min_receive: Money | None = None,
) -> QuoteView:
    """Keep a price for a customer, with the JSON-ready ``request`` that it is for, and return it as a quote.

    ``receive`` and ``min_receive`` are the price's own where they are not given; they may be in another asset.
    """
    decision = prepared.decision
    received = prepared.sheet.receive if receive is None else receive
    least = prepared.min_receive if min_receive is None else min_receive
    given, arriving = prepared.sheet.debit.asset, received.asset
    found = _one(
        _STORE,
        {
            "id": ids.uuid7(),
            "customer_id": customer_id,
            "domain": prepared.domain,
            "kind": prepared.kind,
            "request": json.dumps(request),
            "sheet": json.dumps(prepared.sheet.to_json()),
            "asset": given.code,
            "target_asset": "" if arriving == given else arriving.code,
            "debit": prepared.sheet.debit.units,
            "receive": received.units,
            "min_receive": least.units,
            "provider": prepared.provider,
            "eta_seconds": prepared.eta_seconds,
            "candidates": json.dumps([] if decision is None else [one.to_json() for one in decision.candidates]),
            "weights_version": None if decision is None else decision.weights_version,
            "suggestions": json.dumps(prepared.suggestions),
            "lifetime": lifetime,
        },
    )
    if found is None:
        raise errors.SystemFault(code="quote_not_stored", detail="The database kept nothing.")
    return found


def get(*, quote_id: UUID, customer_id: UUID) -> QuoteView:
    """Return a customer's quote, expired or used ones included.

    Raises: QuoteNotFound.
    """
    found = _one(_FIND, {"id": quote_id, "customer_id": customer_id})
    if found is None:
        raise QuoteNotFound(detail="There is no such quote.")
    return found


def claim(*, quote_id: UUID, customer_id: UUID, transaction_id: UUID) -> QuoteView:
    """Use a quote for a transaction, once; whoever comes second is refused, and so is who comes late.

    Needs: the database transaction that creates the transaction, so that both happen or neither.
    Raises: QuoteNotFound, QuoteUsed, QuoteExpired.
    """
    found = _one(_CLAIM, {"id": quote_id, "customer_id": customer_id, "transaction_id": transaction_id})
    if found is not None:
        return found
    if get(quote_id=quote_id, customer_id=customer_id).used_by is not None:
        raise QuoteUsed(detail="A transaction was made from this quote already.")
    raise QuoteExpired(detail="The quote has expired. Ask for a new one.")


def purge(*, older_than: timedelta, limit: int) -> int:
    """Delete quotes that nobody used and that expired so long ago; return how many. Used ones stay as evidence."""
    with connection.cursor() as cursor:
        cursor.execute(_PURGE, [older_than.total_seconds(), limit])
        return int(cursor.rowcount)


def render(quote: QuoteView) -> dict[str, Any]:
    """Return the contract's JSON of a quote."""
    return {
        "id": ids.render(ids.Prefix.QUOTE, quote.id),
        "object": "quote",
        "domain": quote.domain,
        "kind": quote.kind,
        "expires_at": clock.rfc3339(quote.expires_at),
        "provider": quote.provider or None,
        "fees": quote.sheet.render(),
        "debit": amounts.render(quote.debit),
        "receive": amounts.render(quote.receive),
        "min_receive": amounts.render(quote.min_receive),
        "eta_seconds": quote.eta_seconds,
        "candidates": scoring.render(candidates=quote.candidates),
        "suggestions": list(quote.suggestions),
    }


def _one(statement: str, values: Mapping[str, int | str | UUID | timedelta | None]) -> QuoteView | None:
    with connection.cursor() as cursor:
        cursor.execute(statement, values)  # type: ignore[arg-type]  # psycopg takes intervals, the stubs do not know
        row = cursor.fetchone()
        if row is None:
            return None
        return _view({column.name: value for column, value in zip(cursor.description or (), row, strict=True)})


def _view(row: Mapping[str, Any]) -> QuoteView:
    # Django hands the JSON columns of raw queries over as text.
    candidates, suggestions = json.loads(row["candidates"]), json.loads(row["suggestions"])
    arriving = assets.get(row["target_asset"] or row["asset"])
    return QuoteView(
        id=row["id"],
        customer_id=row["customer_id"],
        domain=row["domain"],
        kind=row["kind"],
        request=json.loads(row["request"]),
        sheet=sheets.FeeSheet.from_json(json.loads(row["sheet"])),
        receive=Money(int(row["receive_units"]), arriving),
        min_receive=Money(int(row["min_receive_units"]), arriving),
        provider=row["provider"],
        eta_seconds=row["eta_seconds"],
        candidates=tuple(candidates),
        weights_version=row["weights_version"],
        suggestions=tuple(suggestions),
        expires_at=row["expires_at"],
        used_by=row["used_by"],
    )
