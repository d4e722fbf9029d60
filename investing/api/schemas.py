"""The shapes of pairs and positions: for the OpenAPI document, and how a row becomes one."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers

from core.api import amounts
from core.kernel import clock
from core.kernel.money import Money
from core.market import shapes
from core.orchestration.api.schemas import Amount, Asset
from investing.analysis import prices
from investing.models import HoldingChange, Pair
from investing.queries import Position


class PairAnswer(serializers.Serializer[Any]):
    pair = serializers.CharField(help_text="Such as BTC/USD.")
    base = Asset()
    quote = Asset()
    open = serializers.BooleanField(help_text="Whether orders are taken right now.")
    minimum = Amount(help_text="The smallest order, after fees.")
    minimum_cost = Amount()
    maximum_cost = Amount()
    band_bps = serializers.IntegerField(
        help_text="How much worse than the price at acceptance an order may be executed."
    )


class PairsAnswer(serializers.Serializer[Any]):
    data = PairAnswer(many=True)  # type: ignore[assignment]  # the contract names the list so
    has_more = serializers.BooleanField()
    next_cursor = serializers.CharField(allow_null=True)


class GainOrLoss(Amount):
    amount = serializers.CharField(help_text="A plain decimal in a string; a loss has a minus.")


class HoldingAnswer(serializers.Serializer[Any]):
    id = serializers.CharField()
    object = serializers.CharField()
    domain = serializers.CharField()
    quantity = Amount(help_text="What trades have brought and not taken; what lies in the account is in /wallet.")
    cost = Amount(help_text="What the quantity cost, by the average, fees included.")
    average_cost = serializers.CharField(allow_null=True, help_text="Of one whole coin, in USD.")
    value = Amount(allow_null=True, help_text="By the last price. null: there is none.")
    price = shapes.PriceShape(allow_null=True)
    unrealised_profit = GainOrLoss(allow_null=True)
    realised_profit = GainOrLoss()
    updated_at = serializers.DateTimeField()


class HoldingChangeShape(serializers.Serializer[Any]):
    number = serializers.IntegerField()
    transaction_id = serializers.CharField()
    trade_id = serializers.CharField()
    quantity = GainOrLoss()
    cost = GainOrLoss()
    realised_profit = GainOrLoss()
    quantity_after = Amount()
    cost_after = Amount()
    at = serializers.DateTimeField()


class HoldingWithHistory(HoldingAnswer):
    changes = HoldingChangeShape(many=True, help_text="The last hundred, newest first.")


def pair(row: Pair) -> dict[str, Any]:
    """Return a pair as everybody sees it."""
    return {
        "pair": row.code,
        "base": amounts.render_asset(row.base_asset),
        "quote": amounts.render_asset(row.quote_asset),
        "open": row.is_open,
        "minimum": amounts.render(Money(int(row.minimum), row.base_asset)),
        "minimum_cost": amounts.render(Money(int(row.minimum_cost), row.quote_asset)),
        "maximum_cost": amounts.render(Money(int(row.maximum_cost), row.quote_asset)),
        "band_bps": row.band_bps,
    }


def position(one: Position) -> dict[str, Any]:
    """Return a position as its owner sees it."""
    row, average, unrealised = one.holding, one.average_cost, one.unrealised
    return {
        "id": row.public_id,
        "object": "position",
        "domain": "investing",
        "quantity": amounts.render(row.money),
        "cost": amounts.render(row.cost_money),
        "average_cost": None if average is None else prices.text(average),
        "value": None if one.value is None else amounts.render(one.value),
        "price": None if one.price is None else shapes.price(one.price),
        "unrealised_profit": None if unrealised is None else amounts.render(unrealised),
        "realised_profit": amounts.render(row.profit_money),
        "updated_at": clock.rfc3339(row.updated_at),
    }


def change(row: HoldingChange, of: Position) -> dict[str, Any]:
    """Return one line of a position's history."""
    coin, dollar = of.holding.money.asset, of.holding.cost_money.asset
    return {
        "number": row.number,
        "transaction_id": row.public_transaction_id,
        "trade_id": row.trade_id,
        "quantity": amounts.render(Money(int(row.quantity), coin)),
        "cost": amounts.render(Money(int(row.cost), dollar)),
        "realised_profit": amounts.render(Money(int(row.profit), dollar)),
        "quantity_after": amounts.render(Money(int(row.quantity_after), coin)),
        "cost_after": amounts.render(Money(int(row.cost_after), dollar)),
        "at": clock.rfc3339(row.created_at),
    }
