"""GET /wallet and GET /wallet/statement."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.http import HttpResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, OpenApiResponse, extend_schema
from rest_framework.request import Request

from core.api import bodies, encoding, openapi, pagination
from core.api.views import ApiView
from core.identity import customers
from core.kernel import assets, clock, errors
from core.kernel.assets import Asset
from core.ledger import queries
from core.ledger.accounts import DOMAINS
from core.wallet import queries as wallets
from core.wallet import shapes, statements

_FILTERS = ("asset", "chain", "domain", "created_after", "created_before", "format")
_CURRENCIES = ("USD", "EUR", "GBP")


class _WalletView(ApiView):
    tag = "wallet"
    rate_scope = "balance"

    @property
    def customer_id(self) -> UUID:
        customer_id = self.principal.customer_id
        if customer_id is None:
            raise customers.CustomerNotFound(detail="You are not a customer.")
        return customer_id


class WalletView(_WalletView):
    """What the caller has: in all, and by domain, chain, asset and account."""

    @extend_schema(
        parameters=[OpenApiParameter("currency", str, enum=_CURRENCIES, description="By default the one preferred.")],
        responses={200: shapes.WalletAnswer, 304: OpenApiResponse(description="Not changed since")},
        operation_id="wallet_get",
    )
    def get(self, request: Request) -> HttpResponse:
        currency = self._currency(request)
        found = wallets.wallet(customer_id=self.customer_id, currency=currency, clock=clock.SYSTEM)
        tag = f'"{found.tag}"'
        if tag in [known.strip().removeprefix("W/") for known in request.META.get("HTTP_IF_NONE_MATCH", "").split(",")]:
            return HttpResponse(status=304, headers={"ETag": tag})
        return encoding.response(shapes.wallet(found), headers={"ETag": tag})

    def _currency(self, request: Request) -> Asset:
        for name in request.query_params:
            if name != "currency":
                raise _wrong(name[:60], "There is no such filter.", code="unknown_filter")
        asked = request.query_params.get("currency")
        symbol = asked or customers.get(self.customer_id).preferences.get("display_currency", "USD")
        if symbol not in _CURRENCIES:
            raise errors.InvalidInput(
                code="unknown_currency", detail="A display currency is USD, EUR or GBP.", pointer="/query/currency"
            )
        return assets.get(symbol)


class StatementView(_WalletView):
    """The journal lines of the caller's accounts with running balances; ``format=csv`` makes it a file."""

    @extend_schema(
        parameters=[
            *openapi.PAGING,
            OpenApiParameter("asset", str),
            OpenApiParameter("chain", str),
            OpenApiParameter("domain", str, enum=DOMAINS),
            OpenApiParameter("created_after", OpenApiTypes.DATETIME),
            OpenApiParameter("created_before", OpenApiTypes.DATETIME),
            OpenApiParameter("format", str, enum=["json", "csv"]),
        ],
        responses={(200, "application/json"): openapi.page_of(shapes.LineAnswer), (200, "text/csv"): OpenApiTypes.STR},
        operation_id="wallet_statement",
    )
    def get(self, request: Request) -> HttpResponseBase:
        page = pagination.read(request, filters=_FILTERS)
        wish = _wish(self.customer_id, request.query_params)
        if request.query_params.get("format", "json") == "csv":
            return _file(wish)
        found = queries.statement(before=page.after_int, limit=page.limit + 1, **wish.filters)
        return encoding.response(
            pagination.envelope(found.lines, page=page, key=lambda line: line.seq, render=shapes.line)
        )


def _file(wish: statements.Wish) -> StreamingHttpResponse:
    headers = {"Content-Disposition": 'attachment; filename="statement.csv"'}
    return StreamingHttpResponse(statements.as_csv(wish), content_type="text/csv; charset=utf-8", headers=headers)


def _wish(customer_id: UUID, asked: Any) -> statements.Wish:
    """Read the filters. Raises: InvalidInput that names the one that is wrong."""
    if asked.get("format", "json") not in {"json", "csv"}:
        raise _wrong("format", "A format is json or csv.")
    domain = asked.get("domain", "")
    if domain and domain not in DOMAINS:
        raise _wrong("domain", "There is no such domain.")
    moments = {
        name: bodies.moment(asked[name], pointer=f"/query/{name}") if name in asked else None
        for name in ("created_after", "created_before")
    }
    return statements.Wish(
        customer_id=customer_id,
        asset=_asset(asked),
        domain=domain,
        period=queries.Period(since=moments["created_after"], until=moments["created_before"]),
    )


def _asset(asked: Any) -> str:
    if "asset" not in asked:
        return ""
    try:
        return assets.resolve(symbol=asked["asset"], chain=asked.get("chain")).code
    except errors.InvalidInput as error:
        raise errors.InvalidInput(code=error.code, detail=error.detail, pointer=f"/query{error.pointer}") from None


def _wrong(name: str, detail: str, *, code: str = "invalid_filter") -> errors.InvalidInput:
    return errors.InvalidInput(code=code, detail=detail, pointer=f"/query/{name}")
