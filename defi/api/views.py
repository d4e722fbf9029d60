"""DeFi's endpoints: translate HTTP, call one service or query."""

from __future__ import annotations

from django.http import HttpResponse
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.request import Request

from core.api import encoding, etags, openapi, pagination
from core.api.idempotent import idempotent
from core.api.views import ApiView
from core.kernel import ids
from core.orchestration.api import schemas as transaction_schemas
from core.orchestration.api import wishes
from core.orchestration.api.views import DomainTransactions
from defi import queries
from defi.api import schemas

_ID = OpenApiParameter("position_id", str, OpenApiParameter.PATH)
_CODE = OpenApiParameter("code", str, OpenApiParameter.PATH)


class Transactions(DomainTransactions):
    """POST /defi/transactions."""

    domain = "defi"

    @extend_schema(
        operation_id="defi_transactions_create",
        request=schemas.DefiTransactionRequest,
        responses={201: transaction_schemas.Transaction},
        summary="Start, harvest or stop a strategy, or swap",
    )
    @idempotent("defi.transactions", before="agree")
    def post(self, request: Request) -> HttpResponse:
        return self.create(request)


class Strategies(ApiView):
    """GET /defi/strategies. They are few: one page."""

    tag = "defi"

    @extend_schema(
        operation_id="defi_strategies",
        responses={200: schemas.StrategiesAnswer},
        summary="List strategies, what they bring, and why one takes nobody",
    )
    def get(self, request: Request) -> HttpResponse:
        data = [schemas.strategy(one) for one in queries.strategies()]
        return encoding.response(pagination.whole(data))


class OneStrategy(ApiView):
    """GET /defi/strategies/{code}."""

    tag = "defi"

    @extend_schema(
        operation_id="defi_strategies_read",
        responses={200: schemas.StrategyAnswer},
        parameters=[_CODE],
        summary="Read a strategy",
    )
    def get(self, request: Request, code: str) -> HttpResponse:
        return encoding.response(schemas.strategy(queries.strategy(code)))


class Positions(ApiView):
    """GET /defi/positions."""

    tag = "defi"
    rate_scope = "balance"

    @extend_schema(
        operation_id="defi_positions_list",
        parameters=openapi.PAGING,
        responses={200: openapi.page_of(schemas.PositionAnswer)},
        summary="List positions with their cost, value and yield",
    )
    def get(self, request: Request) -> HttpResponse:
        page, found = pagination.paginate(request, queries.positions(wishes.customer_of(self.principal)))
        return encoding.response(pagination.envelope(found, page=page, key=lambda row: row.id, render=schemas.position))


class OnePosition(ApiView):
    """GET /defi/positions/{id}."""

    tag = "defi"
    rate_scope = "balance"

    @extend_schema(
        operation_id="defi_positions_read",
        responses={200: schemas.PositionWithChanges},
        parameters=[_ID],
        summary="Read a position with its history",
    )
    def get(self, request: Request, position_id: str) -> HttpResponse:
        row = queries.opened_position(
            customer_id=wishes.customer_of(self.principal), position_id=ids.parse(ids.Prefix.POSITION, position_id)
        )
        changes = [schemas.change(each, row) for each in queries.history(row.id)]
        return encoding.response({**schemas.position(row), "changes": changes}, headers={"ETag": etags.of(row.version)})
