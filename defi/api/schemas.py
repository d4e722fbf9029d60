"""The shapes of strategies and positions: for the OpenAPI document, and how a row becomes one."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction
from typing import Any

from rest_framework import serializers

from core.api import amounts
from core.kernel import assets, clock, ids
from core.kernel.money import Money
from core.orchestration.api.schemas import Amount, Asset, TransactionRequest
from core.wallet.shapes import SignedShape
from defi import queries
from defi.models import Position, PositionChange, PositionState
from defi.queries import Offered

_PLACES = 6
_MILLION = 10**_PLACES


class DefiTransactionRequest(TransactionRequest):
    strategy = serializers.CharField(required=False, help_text="Of start_strategy: its id in /defi/strategies.")
    position_id = serializers.CharField(required=False, help_text="Of harvest and stop_strategy.")
    max_slippage_bps = serializers.IntegerField(
        required=False,
        min_value=0,
        max_value=500,
        help_text="Of swap: by how much the price may get worse. 50 if absent.",
    )


class StrategyAnswer(serializers.Serializer[Any]):
    id = serializers.CharField(help_text="The code that start_strategy takes.")
    object = serializers.CharField()
    name = serializers.CharField()
    protocol = serializers.CharField()
    asset = Asset()
    available = serializers.BooleanField(help_text="Whether it takes new positions right now.")
    unavailable_because = serializers.CharField(allow_null=True)
    detail = serializers.CharField(allow_null=True)
    apy = serializers.CharField(allow_null=True, help_text="What a year brings at today's rate: 0.04 is 4 %.")
    minimum = Amount()
    maximum = Amount(help_text="Per position.")
    liquidity = Amount(allow_null=True, help_text="What may be withdrawn at once by everybody together.")
    management_fee = serializers.CharField(help_text="Of the value, a year, collected at harvest or stop.")
    performance_fee = serializers.CharField(help_text="Of the yield that is brought home; none of a loss.")
    as_of = serializers.DateTimeField(allow_null=True)
    stale = serializers.BooleanField()


class StrategiesAnswer(serializers.Serializer[Any]):
    data = StrategyAnswer(many=True)  # type: ignore[assignment]  # the contract names the list so
    has_more = serializers.BooleanField()
    next_cursor = serializers.CharField(allow_null=True)


class PositionAnswer(serializers.Serializer[Any]):
    id = serializers.CharField()
    object = serializers.CharField()
    domain = serializers.CharField()
    strategy = serializers.CharField()
    name = serializers.CharField()
    status = serializers.ChoiceField(choices=PositionState.values)
    units = Amount(help_text="What is held of the protocol, in units whose number does not change by themselves.")
    cost = Amount(help_text="What was put in and not taken out.")
    value = Amount(allow_null=True, help_text="What it would bring now, before fees. null: never asked yet.")
    accrued_yield = SignedShape(allow_null=True, help_text="The value less the cost: a valuation, not money yet.")
    realised_yield = SignedShape(help_text="What it brought home so far, before fees.")
    fees_paid = Amount()
    opened_by = serializers.CharField()
    opened_at = serializers.DateTimeField()
    closed_at = serializers.DateTimeField(allow_null=True)
    as_of = serializers.DateTimeField(allow_null=True)
    stale = serializers.BooleanField()
    version = serializers.IntegerField()


class PositionChangeShape(serializers.Serializer[Any]):
    event = serializers.CharField()
    transaction_id = serializers.CharField()
    units = SignedShape()
    cost = SignedShape()
    realised_yield = SignedShape()
    fees = Amount()
    at = serializers.DateTimeField()


class PositionWithChanges(PositionAnswer):
    changes = PositionChangeShape(many=True, help_text="Everything that happened to it, oldest first.")


def strategy(one: Offered) -> dict[str, Any]:
    """Return a strategy as everybody sees it."""
    row, reading = one.strategy, one.reading
    asset = assets.get(row.asset)
    return {
        "id": row.code,
        "object": "strategy",
        "name": row.name,
        "protocol": row.protocol,
        "asset": amounts.render_asset(asset),
        "available": one.is_available,
        "unavailable_because": one.why_not or None,
        "detail": one.reason or None,
        "apy": None if one.yearly_yield is None else fraction(one.yearly_yield),
        "minimum": amounts.render(Money(int(row.minimum_units), asset)),
        "maximum": amounts.render(Money(int(row.maximum_units), asset)),
        "liquidity": None if reading is None else amounts.render(Money(int(reading.available_units), asset)),
        "management_fee": fraction(one.management_rate),
        "performance_fee": fraction(one.performance_rate),
        "as_of": None if reading is None else clock.rfc3339(reading.observed_at),
        "stale": one.is_stale,
    }


def position(row: Position) -> dict[str, Any]:
    """Return a position, read with its strategy's last reading, as its owner sees it."""
    asset, known = assets.get(row.strategy.asset), queries.value_of(row)
    return {
        "id": row.public_id,
        "object": "position",
        "domain": "defi",
        "strategy": row.strategy.code,
        "name": row.strategy.name,
        "status": row.state,
        "units": amounts.render(Money.of(int(row.units), row.strategy.receipt_asset)),
        "cost": amounts.render(Money(int(row.cost_units), asset)),
        "value": None if known is None else amounts.render(known.value),
        "accrued_yield": None if known is None else amounts.render(known.accrued),
        "realised_yield": amounts.render(Money(int(row.realised_units), asset)),
        "fees_paid": amounts.render(Money(int(row.fee_units), asset)),
        "opened_by": ids.render(ids.Prefix.TRANSACTION, row.opened_by_id),
        "opened_at": clock.rfc3339(row.opened_at) if row.opened_at else None,
        "closed_at": clock.rfc3339(row.closed_at) if row.closed_at else None,
        "as_of": None if known is None else clock.rfc3339(known.as_of),
        "stale": known is None or known.is_stale,
        "version": row.version,
    }


def change(row: PositionChange, of: Position) -> dict[str, Any]:
    """Return one line of a position's history."""
    asset = assets.get(of.strategy.asset)
    return {
        "event": row.event,
        "transaction_id": ids.render(ids.Prefix.TRANSACTION, row.transaction_id),
        "units": amounts.render(Money.of(int(row.units), of.strategy.receipt_asset)),
        "cost": amounts.render(Money(int(row.cost_units), asset)),
        "realised_yield": amounts.render(Money(int(row.realised_units), asset)),
        "fees": amounts.render(Money(int(row.fee_units), asset)),
        "at": clock.rfc3339(row.created_at),
    }


def fraction(value: Fraction) -> str:
    """Return a rate as a plain decimal of at most six digits, rounded down: 0.04 is 4 %."""
    return f"{(Decimal(int(value * _MILLION)) / _MILLION).normalize():f}"
