"""Reads of investing: pairs, holdings, fills. Never writes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import Any
from uuid import UUID

from django.db.models import QuerySet

from core.api import amounts
from core.kernel import assets, clock, errors
from core.kernel.money import Money
from core.market import market
from core.market.market import Price
from core.wallet.positions import PositionView
from investing.analysis import costs, prices
from investing.models import Holding, HoldingChange, InvestingDetail, InvestingFill, Pair


class PositionNotFound(errors.NotFound):
    """There is no such position, or it is somebody else's."""

    default_code = "position_not_found"


@dataclass(frozen=True, slots=True, kw_only=True)
class Position:
    """A holding and what it is worth now. ``value`` and ``price`` are None where nobody has ever told a price."""

    holding: Holding
    value: Money | None
    price: Price | None

    @property
    def unrealised(self) -> Money | None:
        """What selling all of it now would earn, before fees."""
        return None if self.value is None else self.value - self.holding.cost_money

    @property
    def average_cost(self) -> Fraction | None:
        """What one whole coin cost, in USD."""
        coins = self.holding.money
        return prices.average(money=self.holding.cost_money, coins=coins) if coins else None


def find_pair(*, base: str, quote: str) -> Pair | None:
    """Return the pair by which one asset is traded for another, offered or not, or None."""
    return Pair.objects.filter(base=base, quote=quote).first()


def pairs() -> QuerySet[Pair]:
    """Return the pairs that are offered, by code."""
    return Pair.objects.filter(is_offered=True).order_by("code")


def holdings(customer_id: UUID) -> QuerySet[Holding]:
    """Return what a customer holds or has held."""
    return Holding.objects.filter(customer_id=customer_id)


def get_holding(*, customer_id: UUID, holding_id: UUID) -> Holding:
    """Return a customer's holding. Raises: PositionNotFound."""
    row = holdings(customer_id).filter(id=holding_id).first()
    if row is None:
        raise PositionNotFound(detail="There is no such position.")
    return row


def wallet_positions(customer_id: UUID) -> list[PositionView]:
    """Return what a customer holds now, for his wallet. What it is worth there is its units' market price."""
    return [
        PositionView(
            id=row.public_id,
            domain="investing",
            kind="holding",
            name=row.money.asset.symbol,
            units=row.money,
            cost_basis=row.cost_money,
            realised=row.profit_money,
            custody="pooled",
            as_of=row.updated_at,
        )
        for row in holdings(customer_id).filter(quantity__gt=0).order_by("id")
    ]


def valued(row: Holding) -> Position:
    """Return a holding with its worth, by a stale price if there is no other."""
    try:
        found = market.value(money=row.money, to=costs.CURRENCY)
    except market.NoPrice:
        return Position(holding=row, value=None, price=None)
    return Position(holding=row, value=found.money, price=found.price)


def changes(holding_id: UUID) -> QuerySet[HoldingChange]:
    """Return the changes of a holding, newest first."""
    return HoldingChange.objects.filter(holding_id=holding_id).order_by("-number")


def fills(transaction_id: UUID) -> QuerySet[InvestingFill]:
    """Return what of a transaction's order was executed, in order."""
    return InvestingFill.objects.filter(transaction_id=transaction_id).order_by("number")


def story(transaction_id: UUID) -> dict[str, Any] | None:
    """Return the order of a transaction, what came of it and each fill, for the transaction's story."""
    row = InvestingDetail.objects.filter(transaction_id=transaction_id).first()
    if row is None:
        return None
    return {
        "side": row.side,
        "pair": row.pair,
        "type": row.order_type,
        "order_id": row.order_id or None,
        "price": row.price,
        "limit_price": row.limit_price,
        "asked": _shown(row.asked, row.gives),
        "expected": _shown(row.expected, row.gets),
        "spent": _shown(row.spent, row.gives),
        "our_fee": _shown(row.fee, row.gives),
        "received": _shown(row.received, row.gets),
        "average_price": row.average_price or None,
        "fills": [_fill(each) for each in fills(transaction_id)],
    }


def _fill(row: InvestingFill) -> Mapping[str, Any]:
    return {
        "trade_id": row.trade_id,
        "price": row.price or None,
        "paid": _shown(row.paid, row.gives),
        "received": _shown(row.received, row.gets),
        "our_fee": _shown(row.our_fee, row.gives),
        "exchange_fee": _shown(row.exchange_fee, row.exchange_fee_asset),
        "occurred_at": None if row.occurred_at is None else clock.rfc3339(row.occurred_at),
    }


def _shown(units: object, asset: str) -> dict[str, str]:
    return amounts.render(Money(int(str(units)), assets.get(asset)))
