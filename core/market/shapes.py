"""How prices and candles are rendered, and how OpenAPI shows them."""

from __future__ import annotations

from decimal import ROUND_HALF_UP, Context, Decimal
from fractions import Fraction
from typing import Any, Final

from rest_framework import serializers

from core.kernel.clock import rfc3339
from core.market import market
from core.market.charts import RHYTHMS
from core.market.market import Price
from core.market.models import Candle, Interval

_PLACES: Final = 18
_EXACT: Final = Context(prec=60, rounding=ROUND_HALF_UP)
_DERIVED: Final = Context(prec=12, rounding=ROUND_HALF_UP)


class LegShape(serializers.Serializer[Any]):
    pair = serializers.CharField()
    inverse = serializers.BooleanField(help_text="Whether the pair was walked back: quote to base.")


class PriceShape(serializers.Serializer[Any]):
    symbol = serializers.CharField()
    quote = serializers.CharField()
    price = serializers.CharField(
        allow_null=True,
        help_text="What one whole unit costs; derived over other pairs, rounded to 12 digits. null: unknown.",
    )
    reason = serializers.CharField(allow_null=True, help_text="Why there is no price.")
    source = serializers.CharField(allow_null=True)  # type: ignore[assignment]  # the contract names it so
    path = LegShape(many=True, help_text="The pairs by which it was found; none for a currency in itself.")
    observed_at = serializers.DateTimeField(allow_null=True)
    age_seconds = serializers.IntegerField(allow_null=True)
    stale = serializers.BooleanField(help_text="Too old to bind anybody.")


class PricesAnswer(serializers.Serializer[Any]):
    data = PriceShape(many=True)  # type: ignore[assignment]  # the contract names the list so
    has_more = serializers.BooleanField()
    next_cursor = serializers.CharField(allow_null=True)


class CandleShape(serializers.Serializer[Any]):
    start = serializers.DateTimeField()
    end = serializers.DateTimeField()
    open = serializers.CharField()
    high = serializers.CharField()
    low = serializers.CharField()
    close = serializers.CharField()
    volume = serializers.CharField(help_text="In whole units of the symbol.")
    trades = serializers.IntegerField()
    complete = serializers.BooleanField(help_text="Whether its time was over when it was fetched.")


class CandlesAnswer(serializers.Serializer[Any]):
    symbol = serializers.CharField()
    quote = serializers.CharField()
    interval = serializers.ChoiceField(choices=Interval.values)
    source = serializers.CharField(allow_null=True)  # type: ignore[assignment]  # the contract names it so
    as_of = serializers.DateTimeField(allow_null=True)
    stale = serializers.BooleanField()
    data = CandleShape(many=True)  # type: ignore[assignment]  # the contract names the list so
    has_more = serializers.BooleanField()
    next_cursor = serializers.CharField(allow_null=True)


def told(*, symbol: str, quote: str) -> dict[str, Any]:
    """Return the price of a symbol, or its place without one."""
    try:
        return price(market.price(base=symbol, quote=quote))
    except market.NoPrice as error:
        return missing(symbol, quote, error.code)


def price(found: Price) -> dict[str, Any]:
    """Return one price."""
    return {
        "symbol": found.base,
        "quote": found.quote,
        "price": number(found.value),
        "reason": None,
        "source": found.source or None,
        "path": [{"pair": leg.pair, "inverse": leg.inverse} for leg in found.path],
        "observed_at": None if found.observed_at is None else rfc3339(found.observed_at),
        "age_seconds": None if found.observed_at is None else int(found.age_s),
        "stale": found.is_stale,
    }


def missing(symbol: str, quote: str, reason: str) -> dict[str, Any]:
    """Return the place of a price that nobody has told: never a zero."""
    return {
        "symbol": symbol,
        "quote": quote,
        "price": None,
        "reason": reason,
        "source": None,
        "path": [],
        "observed_at": None,
        "age_seconds": None,
        "stale": True,
    }


def candle(row: Candle, fetched_at: Any) -> dict[str, Any]:
    """Return one candle."""
    end = row.start + RHYTHMS[Interval(row.interval)].lasts
    return {
        "start": row.start,
        "end": end,
        **{name: plain(getattr(row, name)) for name in ("open", "high", "low", "close", "volume")},
        "trades": row.trades,
        "complete": end <= fetched_at,
    }


def number(value: Fraction) -> str:
    """Return a price as a plain decimal: exact if it has at most 18 places, else rounded to 12 digits."""
    if 10**_PLACES % value.denominator == 0:
        return plain(_EXACT.divide(Decimal(value.numerator), Decimal(value.denominator)))
    return plain(_DERIVED.divide(Decimal(value.numerator), Decimal(value.denominator)))


def plain(value: Decimal) -> str:
    """Return a decimal without exponent and without the zeros that the column's scale adds."""
    text = f"{value:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text
