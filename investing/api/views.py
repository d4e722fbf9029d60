"""Investing's endpoints: translate HTTP, call one service or query."""

from __future__ import annotations

from django.http import HttpResponse
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.request import Request

from core.api import encoding, openapi, pagination
from core.api.idempotent import idempotent
from core.api.views import ApiView
from core.kernel import ids
from core.orchestration.api import schemas as transaction_schemas
from core.orchestration.api import wishes
from core.orchestration.api.views import DomainTransactions
from investing import queries
from investing.api import schemas

_ID = OpenApiParameter("position_id", str, OpenApiParameter.PATH)
_HISTORY = 100


class Transactions(DomainTransactions):
    """POST /investing/transactions."""

    domain = "investing"

    @extend_schema(
        operation_id="investing_transactions_create",
        request=transaction_schemas.TransactionRequest,
        responses={201: transaction_schemas.Transaction},
        summary="Buy or sell at market",
    )
    @idempotent("investing.transactions", before="agree")
    def post(self, request: Request) -> HttpResponse:
        return self.create(request)


class Pairs(ApiView):
    """GET /investing/pairs. They are few: one page."""

    tag = "investing"

    @extend_schema(
        operation_id="investing_pairs", responses={200: schemas.PairsAnswer}, summary="List what can be traded"
    )
    def get(self, request: Request) -> HttpResponse:
        data = [schemas.pair(row) for row in queries.pairs()]
        return encoding.response(pagination.whole(data))


class Positions(ApiView):
    """GET /investing/positions."""

    tag = "investing"
    rate_scope = "balance"

    @extend_schema(
        operation_id="investing_positions_list",
        parameters=openapi.PAGING,
        responses={200: openapi.page_of(schemas.HoldingAnswer)},
        summary="List what coins are held, their cost, value and profit",
    )
    def get(self, request: Request) -> HttpResponse:
        page, found = pagination.paginate(request, queries.holdings(wishes.customer_of(self.principal)))
        rows = [queries.valued(row) for row in found]
        return encoding.response(
            pagination.envelope(rows, page=page, key=lambda one: one.holding.id, render=schemas.position)
        )


class OnePosition(ApiView):
    """GET /investing/positions/{id}."""

    tag = "investing"
    rate_scope = "balance"

    @extend_schema(
        operation_id="investing_positions_read",
        responses={200: schemas.HoldingWithHistory},
        parameters=[_ID],
        summary="Read a position with its history",
    )
    def get(self, request: Request, position_id: str) -> HttpResponse:
        row = queries.get_holding(
            customer_id=wishes.customer_of(self.principal), holding_id=ids.parse(ids.Prefix.POSITION, position_id)
        )
        found = queries.valued(row)
        changes = [schemas.change(each, found) for each in queries.changes(row.id)[:_HISTORY]]
        return encoding.response({**schemas.position(found), "changes": changes})
