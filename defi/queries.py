"""Reads of DeFi: strategies with what they yield, positions with what they are worth. Never writes."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from fractions import Fraction
from typing import Any
from uuid import UUID

from django.db.models import OuterRef, QuerySet, Subquery

from core.api import amounts
from core.chains import config
from core.fees import schedules
from core.kernel import assets, chains, clock, errors
from core.kernel.assets import Asset
from core.kernel.money import Money
from core.wallet.positions import PositionView
from defi.analysis import rays
from defi.analysis.rays import Index
from defi.models import DefiDetail, Position, PositionChange, PositionState, Reading, Strategy

STALE_AFTER = timedelta(minutes=3)
_READ = ("index", "rounding", "observed_at")


class PositionNotFound(errors.NotFound):
    """There is no such position, or it is somebody else's."""

    default_code = "position_not_found"


@dataclass(frozen=True, slots=True, kw_only=True)
class Worth:
    """What a position would bring now, before fees; ``as_of`` is when the contract was asked."""

    value: Money
    accrued: Money
    as_of: datetime
    is_stale: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Offered:
    """A strategy as customers see it. ``yearly_yield`` is None until its contract was asked; ``why_not`` is a code."""

    strategy: Strategy
    reading: Reading | None
    yearly_yield: Fraction | None
    management_rate: Fraction
    performance_rate: Fraction
    why_not: str
    reason: str

    @property
    def is_available(self) -> bool:
        return not self.why_not

    @property
    def is_stale(self) -> bool:
        """Whether its contract has not been heard for longer than it should."""
        return self.reading is None or clock.SYSTEM.now() - self.reading.observed_at > STALE_AFTER


def strategies() -> list[Offered]:
    """Return every strategy with its last reading, and why it takes nobody, if so."""
    readings = {reading.strategy_id: reading for reading in Reading.objects.all()}
    return [_offered(row, readings.get(row.id)) for row in Strategy.objects.order_by("code")]


def strategy(code: str) -> Offered:
    """Return one strategy. Raises: NotFound."""
    for offered in strategies():
        if offered.strategy.code == code:
            return offered
    raise errors.NotFound(code="strategy_not_found", detail="There is no such strategy.")


def positions(customer_id: UUID) -> QuerySet[Position]:
    """Return a customer's positions that were ever opened, with their strategies and the last readings of those."""
    return with_readings(Position.objects.filter(customer_id=customer_id, opened_at__isnull=False))


def position(*, customer_id: UUID, position_id: UUID) -> Position:
    """Return a customer's position. Raises: PositionNotFound."""
    found = with_readings(Position.objects.filter(customer_id=customer_id, id=position_id)).first()
    if found is None:
        raise PositionNotFound(detail="There is no such position.")
    return found


def opened_position(*, customer_id: UUID, position_id: UUID) -> Position:
    """Return a customer's position that was really opened. Raises: PositionNotFound."""
    found = position(customer_id=customer_id, position_id=position_id)
    if found.opened_at is None:
        raise PositionNotFound(detail="There is no such position.")
    return found


def rate_now(code: str) -> Fraction:
    """Return what a position opened now would pay: ``management`` a year, ``performance`` of the yield."""
    return schedules.current().rate_at_the_end(code=code, domain="defi", kind="start_strategy")


def with_readings(rows: QuerySet[Position]) -> QuerySet[Position]:
    """Let positions be read together with what their strategies were worth last."""
    reading = Reading.objects.filter(strategy=OuterRef("strategy"))
    told = {f"read_{name}": Subquery(reading.values(name)[:1]) for name in _READ}
    return rows.select_related("strategy", "work", "opened_by").annotate(**told)


def value_of(row: Position) -> Worth | None:
    """Return what a position that was read ``with_readings`` is worth, None while its contract was never asked.

    Valuation, never journal: yield is posted when it is brought home.
    """
    found: Any = row
    if found.read_index is None:
        return None
    index = Index(ray=int(found.read_index), rounding=rays.Rounding(found.read_rounding))
    value = Money.of(index.worth(int(row.units)), row.strategy.asset)
    return Worth(
        value=value,
        accrued=value - Money(int(row.cost_units), value.asset),
        as_of=found.read_observed_at,
        is_stale=clock.SYSTEM.now() - found.read_observed_at > STALE_AFTER,
    )


def worth(customer_id: UUID) -> list[PositionView]:
    """Return a customer's open positions as the wallet shows them, in one query."""
    rows = positions(customer_id).exclude(state=PositionState.CLOSED).filter(units__gt=0).order_by("id")
    return [_view(row) for row in rows]


def history(position_id: UUID) -> QuerySet[PositionChange]:
    """Return what happened to a position, oldest first."""
    return PositionChange.objects.filter(position_id=position_id).order_by("id")


def story(transaction_id: UUID) -> dict[str, Any] | None:
    """Return what a transaction agreed to and with which contract, for its story."""
    row = DefiDetail.objects.filter(transaction_id=transaction_id).select_related("transaction", "position").first()
    if row is None:
        return None
    target = assets.get(row.transaction.target_asset)
    return {
        "protocol": row.protocol,
        "action": row.action,
        "chain": row.chain,
        "contract_address": row.contract_address,
        "expected": amounts.render(Money(int(row.expected_units), target)),
        "minimum": amounts.render(Money(int(row.minimum_units), target)),
        "slippage_bps": row.slippage_bps,
        "gas_estimate": amounts.render(Money(int(row.gas_estimate_units), native_of(row.chain))),
        "position_id": row.position.public_id if row.position is not None else None,
        "results": {name: value for name, value in row.transaction.results.items() if isinstance(value, str)},
    }


def native_of(chain: str) -> Asset:
    """Return the coin in which gas is paid."""
    return assets.resolve(symbol=chains.get(chain).native, chain=chain)


def _offered(row: Strategy, reading: Reading | None) -> Offered:
    why_not, reason = "", ""
    if not config.is_configured(row.chain):
        why_not, reason = "chain_unavailable", f"{row.chain} is not set up in this installation."
    elif not row.is_enabled:
        why_not, reason = "strategy_unavailable", row.reason
    elif reading is not None and not reading.is_open:
        why_not, reason = "strategy_unavailable", "The protocol takes nothing at the moment."
    return Offered(
        strategy=row,
        reading=reading,
        yearly_yield=None if reading is None else rays.yearly_yield(int(reading.rate)),
        management_rate=rate_now("management"),
        performance_rate=rate_now("performance"),
        why_not=why_not,
        reason=reason,
    )


def _view(row: Position) -> PositionView:
    known = value_of(row)
    asset = assets.get(row.strategy.asset)
    return PositionView(
        id=row.public_id,
        domain="defi",
        kind="strategy",
        name=row.strategy.name,
        units=Money.of(int(row.units), row.strategy.receipt_asset),
        cost_basis=Money(int(row.cost_units), asset),
        value=known.value if known is not None else Money(int(row.cost_units), asset),
        realised=Money(int(row.realised_units), asset),
        status=row.state,
        opened_at=row.opened_at,
        as_of=known.as_of if known is not None else None,
        is_stale=known is None or known.is_stale,
    )
