"""GET /market/prices and GET /market/candles."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Final

from django.http import HttpResponse
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.request import Request

from core.api import encoding, openapi, pagination
from core.api.views import ApiView
from core.kernel import assets, errors
from core.market import book, charts, market, shapes
from core.market.models import Interval

_QUOTES: Final = ("USD", "EUR", "GBP")
_LAST_SECOND: Final = 2**37


class PricesView(ApiView):
    """What the assets of the product cost now, each with its source and its age. They are few: one page."""

    tag = "market"

    @extend_schema(
        parameters=[
            OpenApiParameter("symbols", str, description="Such as BTC,ETH; by default all that are watched."),
            OpenApiParameter("quote", str, enum=_QUOTES, description="In which currency; USD by default."),
        ],
        responses={200: shapes.PricesAnswer},
        operation_id="market_prices",
    )
    def get(self, request: Request) -> HttpResponse:
        _only(request, ("symbols", "quote"))
        quote = _quote(request)
        asked = request.query_params.get("symbols")
        symbols = book.current().symbols if asked is None else _symbols(asked)
        data = [shapes.told(symbol=symbol, quote=quote) for symbol in symbols if asked is not None or symbol != quote]
        return encoding.response(pagination.whole(data))


class CandlesView(ApiView):
    """Candles of one asset in USD, newest first; the newest may not be complete yet."""

    tag = "market"

    @extend_schema(
        parameters=[
            OpenApiParameter("symbol", str, required=True),
            OpenApiParameter("interval", str, required=True, enum=Interval.values),
            *openapi.PAGING,
        ],
        responses={200: shapes.CandlesAnswer},
        operation_id="market_candles",
    )
    def get(self, request: Request) -> HttpResponse:
        page = pagination.read(request, filters=("symbol", "interval"))
        symbol, interval = _symbol(request), _interval(request)
        chart = charts.read(
            pair=f"{symbol}/{market.PIVOT}", interval=interval, before=_before(page), limit=page.limit + 1
        )
        listed = pagination.envelope(
            chart.candles,
            page=page,
            key=lambda row: int(row.start.timestamp()),
            render=lambda row: shapes.candle(row, chart.fetched_at),
        )
        facts = {"symbol": symbol, "quote": market.PIVOT, "interval": interval, "source": chart.source or None}
        return encoding.response({**facts, "as_of": chart.fetched_at, "stale": chart.is_stale, **listed})


def _only(request: Request, names: tuple[str, ...]) -> None:
    for name in request.query_params:
        if name not in names:
            raise _wrong(name[:60], "There is no such filter.", code="unknown_filter")


def _quote(request: Request) -> str:
    quote = request.query_params.get("quote", market.PIVOT)
    if quote not in _QUOTES:
        raise _wrong("quote", "Prices are told in USD, EUR or GBP.", code="unknown_currency")
    return quote


def _symbols(asked: str) -> list[str]:
    """Read the list; every symbol once, in the order asked."""
    symbols = list(dict.fromkeys(asked.split(",")))
    for symbol in symbols:
        if symbol not in assets.SYMBOLS:
            raise _wrong("symbols", f"There is no asset {symbol[:40]!r}.", code="unknown_asset")
    return symbols


def _symbol(request: Request) -> str:
    """Return the symbol of a pair that is watched.

    Raises: InvalidInput (``required``, ``unknown_asset``); NoPrice for an asset that has no market.
    """
    symbol = request.query_params.get("symbol")
    if symbol is None:
        raise _wrong("symbol", "Say of which asset.", code="required")
    if symbol not in assets.SYMBOLS:
        raise _wrong("symbol", f"There is no asset {symbol[:40]!r}.", code="unknown_asset")
    if (symbol, market.PIVOT) not in book.current().pairs:
        raise market.NoPrice(detail=f"There is no market of {symbol} in {market.PIVOT}.", pointer="/query/symbol")
    return symbol


def _interval(request: Request) -> str:
    interval = request.query_params.get("interval")
    if interval not in Interval.values:
        raise _wrong("interval", f"An interval is one of {', '.join(Interval.values)}.", code="invalid_filter")
    return str(interval)


def _before(page: pagination.PageRequest) -> datetime | None:
    after = page.after_int
    return None if after is None else datetime.fromtimestamp(min(after, _LAST_SECOND), UTC)


def _wrong(name: str, detail: str, *, code: str) -> errors.InvalidInput:
    return errors.InvalidInput(code=code, detail=detail, pointer=f"/query/{name}")
