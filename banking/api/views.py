"""Banking's endpoints: translate HTTP, call one service or query."""

from __future__ import annotations

from typing import Any, ClassVar
from uuid import UUID

from django.http import HttpResponse
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.request import Request

from banking import queries
from banking.api import schemas
from banking.models import Instrument, InstrumentType
from banking.services import instruments
from core.api import bodies, encoding, etags, openapi, pagination
from core.api.idempotent import idempotent
from core.api.views import ApiView, no_content
from core.identity.principals import Scope
from core.kernel import clock, errors, ids
from core.orchestration.api import schemas as transaction_schemas
from core.orchestration.api import wishes
from core.orchestration.api.views import DomainTransactions

_ID = OpenApiParameter("instrument_id", str, OpenApiParameter.PATH)


class Transactions(DomainTransactions):
    """POST /banking/transactions."""

    domain = "banking"

    @extend_schema(
        operation_id="banking_transactions_create",
        request=transaction_schemas.TransactionRequest,
        responses={201: transaction_schemas.Transaction},
        summary="Create a deposit, withdrawal or transfer",
    )
    @idempotent("banking.transactions")
    def post(self, request: Request) -> HttpResponse:
        return self.create(request)


class Instruments(ApiView):
    """GET and POST /instruments."""

    tag = "instruments"
    scopes: ClassVar[dict[str, Scope]] = {"POST": Scope.MANAGE}

    @extend_schema(
        operation_id="instruments_list",
        parameters=openapi.PAGING,
        responses={200: openapi.page_of(schemas.InstrumentAnswer)},
        summary="List instruments",
    )
    def get(self, request: Request) -> HttpResponse:
        rows = queries.of_customer(wishes.customer_of(self.principal))
        page, found = pagination.paginate(request, rows)
        return encoding.response(pagination.envelope(found, page=page, key=lambda row: row.id, render=render))

    @extend_schema(
        operation_id="instruments_create",
        request=schemas.InstrumentBody,
        responses={201: schemas.InstrumentAnswer},
        summary="Add a card or a bank account",
    )
    @idempotent("instruments")
    def post(self, request: Request) -> HttpResponse:
        body = bodies.of(request, allowed=schemas.FIELDS)
        row = _add(wishes.customer_of(self.principal), body)
        headers = {"Location": f"/api/v1/instruments/{row.public_id}", "ETag": etags.of(row.version)}
        return encoding.response(render(row), status=201, headers=headers)


class OneInstrument(ApiView):
    """GET, PATCH and DELETE /instruments/{id}."""

    tag = "instruments"
    scopes: ClassVar[dict[str, Scope]] = {"PATCH": Scope.MANAGE, "DELETE": Scope.MANAGE}

    @extend_schema(
        operation_id="instruments_read",
        responses={200: schemas.InstrumentAnswer},
        parameters=[_ID],
        summary="Read an instrument",
    )
    def get(self, request: Request, instrument_id: str) -> HttpResponse:
        return _shown(self._row(instrument_id))

    @extend_schema(
        operation_id="instruments_update",
        request=schemas.LabelBody,
        responses={200: schemas.InstrumentAnswer},
        parameters=[_ID],
        summary="Rename an instrument",
    )
    def patch(self, request: Request, instrument_id: str) -> HttpResponse:
        row = self._row(instrument_id)
        etags.check(request, version=row.version)
        label = bodies.text(bodies.of(request, allowed=("label",)), "label", max_length=60)
        return _shown(instruments.rename(customer_id=row.customer_id, instrument_id=row.id, label=label))

    @extend_schema(
        operation_id="instruments_delete", responses={204: None}, parameters=[_ID], summary="Remove an instrument"
    )
    def delete(self, request: Request, instrument_id: str) -> HttpResponse:
        row = self._row(instrument_id)
        instruments.remove(customer_id=row.customer_id, instrument_id=row.id)
        return no_content()

    def _row(self, instrument_id: str) -> Instrument:
        return queries.get(
            customer_id=wishes.customer_of(self.principal),
            instrument_id=ids.parse(ids.Prefix.INSTRUMENT, instrument_id),
        )


def render(row: Instrument) -> dict[str, Any]:
    """Return an instrument as its owner sees it; the token and the account number stay with us."""
    return {
        "id": row.public_id,
        "object": "instrument",
        "type": row.type,
        "method": row.method,
        "label": row.label,
        "holder": row.holder,
        "last4": row.last4 or None,
        "routing_number": row.routing_number or None,
        "funding": row.funding or None,
        "status": row.status,
        "created_at": clock.rfc3339(row.created_at),
        "version": row.version,
    }


def _shown(row: Instrument) -> HttpResponse:
    return encoding.response(render(row), headers={"ETag": etags.of(row.version)})


def _add(customer_id: UUID, body: dict[str, Any]) -> Instrument:
    kind = bodies.text(body, "type", max_length=20)
    holder = bodies.text(body, "holder", max_length=120)
    if kind == InstrumentType.CARD:
        card = instruments.NewCard(
            token=bodies.text(body, "token", max_length=100),
            holder=holder,
            label=bodies.find_text(body, "label", max_length=60) or "",
        )
        return instruments.add_card(customer_id=customer_id, card=card)
    if kind == InstrumentType.BANK_ACCOUNT:
        account = instruments.NewBankAccount(
            routing_number=bodies.text(body, "routing_number", max_length=20),
            account_number=bodies.text(body, "account_number", max_length=40),
            funding=bodies.find_text(body, "funding", max_length=10) or "checking",
            holder=holder,
        )
        return instruments.add_bank_account(customer_id=customer_id, account=account)
    raise errors.InvalidInput(code="invalid_type", detail="It is a card or a bank_account.", pointer="/type")
