"""The terms of harvesting and stopping: what the position is worth now, what comes home, and what we take of it."""

from __future__ import annotations

from datetime import timedelta
from fractions import Fraction
from uuid import UUID

from core.chains import config, custody
from core.kernel import assets, errors, ids
from core.kernel.money import Money
from core.orchestration.kinds import Fixed, Opening, Request
from defi import queries
from defi.analysis import strategy_fees
from defi.models import Position, PositionState
from defi.providers import aave_v3
from defi.services import network_costs, positions

GAS = aave_v3.GAS_OF_A_WITHDRAWAL + custody.GAS_OF_A_MOVE
_POINTER = "/position_id"


def open_harvest(*, request: Request, customer_id: UUID) -> Opening:
    """Check a wish to bring the yield home. Raises: as ``open_stop``, and Refused (``nothing_to_harvest``)."""
    position = _position(request, customer_id)
    reserve = _reserve(position)
    worth = Money(reserve.index.worth(int(position.units)), assets.get(position.strategy.asset))
    earned = worth - Money(int(position.cost_units), worth.asset)
    if earned.units <= 0:
        raise _nothing()
    _check_liquidity(reserve, earned)
    # The index only rises, so fewer units are burned later; a unit of room is for the contract's rounding.
    units = min(reserve.index.burned(earned.units) + 1, int(position.units))
    return _opening(position, reserve, units=units, withdraw=str(earned.units), brought=earned, earned=earned)


def open_stop(*, request: Request, customer_id: UUID) -> Opening:
    """Check a wish to bring all of a position home.

    Raises: InvalidInput, NotFound; Refused (``insufficient_liquidity``, ``strategy_paused``); PositionBusy; NoPrice,
        PriceStale; Unavailable when the node is away.
    """
    position = _position(request, customer_id)
    reserve = _reserve(position)
    worth = Money(reserve.index.worth(int(position.units)), assets.get(position.strategy.asset))
    _check_liquidity(reserve, worth)
    earned = worth - Money(int(position.cost_units), worth.asset)
    return _opening(position, reserve, units=int(position.units), withdraw=aave_v3.ALL, brought=worth, earned=earned)


def fix_exit(*, opening: Opening) -> Fixed:
    """Say what arrives: at least as much as now, for the index only rises."""
    expected = Money(int(opening.data["expected"]), opening.target_asset)
    return Fixed(expected=expected, minimum=expected, data=dict(opening.data))


def _position(request: Request, customer_id: UUID) -> Position:
    text = request.extras.get("position_id")
    if not isinstance(text, str) or not text:
        raise errors.InvalidInput(code="required", detail="Name the position.", pointer=_POINTER)
    found = queries.position(customer_id=customer_id, position_id=ids.parse(ids.Prefix.POSITION, text))
    if found.state == PositionState.CLOSED:
        raise errors.Refused(code="position_closed", detail="It is over.", pointer=_POINTER)
    if found.state == PositionState.OPENING or positions.is_busy(found):
        raise positions.PositionBusy(detail="Another transaction works on this position.", pointer=_POINTER)
    return found


def _reserve(position: Position) -> aave_v3.Reserve:
    reserve = aave_v3.read_reserve(assets.get(position.strategy.asset))
    if not reserve.is_active or reserve.is_paused:
        raise errors.Refused(
            code="strategy_paused", detail="The protocol lets nobody out at the moment.", pointer=_POINTER
        )
    return reserve


def _opening(
    position: Position, reserve: aave_v3.Reserve, *, units: int, withdraw: str, brought: Money, earned: Money
) -> Opening:
    strategy = position.strategy
    cost = network_costs.estimate(chain=strategy.chain, gas=GAS)
    network = network_costs.in_asset(cost=cost, asset=brought.asset)
    worth = Money(reserve.index.worth(int(position.units)), brought.asset)
    since = position.managed_from or reserve.block_time
    days = max((reserve.block_time - since).days, 0)
    due = strategy_fees.management_due(
        rate=Fraction(position.management_rate),
        before=Money(int(position.cost_units), worth.asset),
        now=worth,
        since=since,
        until=reserve.block_time,
    ) + Money(int(position.owed_units), worth.asset)
    if brought <= network:
        raise _nothing()
    taken = strategy_fees.take(
        brought=brought - network, earned=earned, due=due, performance_rate=Fraction(position.performance_rate)
    )
    arrives = brought - network - taken.total
    if arrives.units <= 0:
        raise _nothing()
    data = {
        "chain": strategy.chain,
        "contract": config.get(strategy.chain).contract(strategy.contract),
        "protocol": strategy.protocol,
        "strategy": strategy.code,
        "position_id": position.id.hex,
        "position_version": str(position.version),
        "opened_by": position.opened_by_id.hex,
        "withdraw": withdraw,
        "cost": str(int(position.cost_units)),
        "gas_estimate": str(cost.units),
        "network_fee": str(network.units),
        "management_due": str(due.units),
        "managed_until": (since + timedelta(days=days)).isoformat(),
        "performance_rate": str(position.performance_rate),
        "expected": str(arrives.units),
        "minimum": str(arrives.units),
    }
    return Opening(
        method=strategy.protocol,
        source=Money.of(units, strategy.receipt_asset),
        target_asset=brought.asset,
        data=data,
    )


def _check_liquidity(reserve: aave_v3.Reserve, wanted: Money) -> None:
    if reserve.available < wanted:
        raise errors.Refused(
            code="insufficient_liquidity",
            detail=f"The protocol has {reserve.available} at hand; the rest is lent. Try again later.",
            pointer=_POINTER,
        )


def _nothing() -> errors.Refused:
    return errors.Refused(
        code="nothing_to_harvest", detail="What it would bring does not cover what it costs.", pointer=_POINTER
    )
