"""The terms of starting a strategy: on the allow-list, open, with room, and worth its network fee."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction
from uuid import UUID

from core.chains import config, custody
from core.kernel import assets, errors, ids
from core.kernel.money import Money
from core.orchestration.kinds import Fixed, Opening, Request
from core.orchestration.states import SETTLED
from defi import queries
from defi.analysis import rays
from defi.analysis.rays import Index
from defi.models import Position, PositionState, Strategy
from defi.providers import aave_v3
from defi.services import network_costs, positions

GAS = aave_v3.GAS_OF_A_SUPPLY + custody.GAS_OF_A_MOVE
_POINTER = "/strategy"
_DAYS_A_YEAR = 365


def open_start(*, request: Request, customer_id: UUID) -> Opening:
    """Check a wish to start a strategy before it is priced.

    Raises: InvalidInput, Refused, each naming the field; NoPrice, PriceStale; Unavailable when the node is away.
    """
    strategy = _strategy(request)
    given = request.amount
    _check_amount(strategy, request)
    _check_alone(strategy, customer_id)
    contract = config.get(strategy.chain).contract(strategy.contract)
    reserve = aave_v3.read_reserve(given.asset)
    _check_reserve(strategy, reserve, given)
    cost = network_costs.estimate(chain=strategy.chain, gas=GAS)
    fee = network_costs.in_asset(cost=cost, asset=given.asset)
    network_costs.check(fee=fee, amount=given, most_bps=strategy.max_network_fee_bps, pointer="/source/amount")
    rates = {f"{code}_rate": _text(queries.rate_now(code)) for code in ("management", "performance")}
    return Opening(
        method=strategy.protocol,
        source=given,
        target_asset=assets.get(strategy.receipt_asset),
        network_fee=fee,
        data={
            "chain": strategy.chain,
            "contract": contract,
            "protocol": strategy.protocol,
            "strategy": strategy.code,
            "strategy_id": strategy.id.hex,
            "position_id": ids.uuid7().hex,
            "given": str(given.units),
            "gas_estimate": str(cost.units),
            "index": str(reserve.index.ray),
            "rounding": reserve.index.rounding.value,
            "rate": str(reserve.rate),
            **rates,
        },
    )


def fix_start(*, opening: Opening, net: Money) -> Fixed:
    """Say how many units the amount buys now, and how many it still buys when a day of interest has passed."""
    index = Index(ray=int(opening.data["index"]), rounding=rays.Rounding(opening.data["rounding"]))
    grown = index.ray + index.ray * int(opening.data["rate"]) // rays.RAY // _DAYS_A_YEAR
    later = Index(ray=grown, rounding=index.rounding)
    expected = Money(index.minted(net.units), opening.target_asset)
    minimum = Money(later.minted(net.units), opening.target_asset)
    data = {**opening.data, "expected": str(expected.units), "minimum": str(minimum.units)}
    return Fixed(expected=expected, minimum=minimum, data=data)


def _strategy(request: Request) -> Strategy:
    code = request.extras.get("strategy")
    if not isinstance(code, str) or not code:
        raise errors.InvalidInput(code="required", detail="Name the strategy.", pointer=_POINTER)
    found = Strategy.objects.filter(code=code[:40]).first()
    if found is None:
        raise errors.Refused(code="unknown_strategy", detail="There is no such strategy.", pointer=_POINTER)
    if not found.is_enabled:
        raise errors.Refused(
            code="strategy_unavailable", detail=found.reason or "It takes nobody at the moment.", pointer=_POINTER
        )
    return found


def _check_amount(strategy: Strategy, request: Request) -> None:
    given = request.amount
    if request.side != "source":
        raise errors.Refused(
            code="amount_side_not_supported", detail="Say how much is given.", pointer="/target/amount"
        )
    if given.asset.code != strategy.asset:
        raise errors.Refused(
            code="asset_not_supported", detail=f"This strategy takes {strategy.asset}.", pointer="/source/asset"
        )
    least, most = Money(int(strategy.minimum_units), given.asset), Money(int(strategy.maximum_units), given.asset)
    if given < least:
        raise errors.Refused(code="amount_below_minimum", detail=f"The least is {least}.", pointer="/source/amount")
    if given > most:
        raise errors.Refused(code="amount_above_maximum", detail=f"The most is {most}.", pointer="/source/amount")
    positions.check_room(strategy=strategy, units=given.units)


def _check_alone(strategy: Strategy, customer_id: UUID) -> None:
    """One open position per strategy: what comes later is added to it, by a kind of its own."""
    known = Position.objects.filter(customer_id=customer_id, strategy=strategy).exclude(state=PositionState.CLOSED)
    if known.exclude(state=PositionState.OPENING, work__state__in=SETTLED).exists():
        raise errors.Refused(
            code="position_exists", detail="There is a position in this strategy already.", pointer=_POINTER
        )


def _check_reserve(strategy: Strategy, reserve: aave_v3.Reserve, given: Money) -> None:
    if not reserve.is_open:
        raise errors.Refused(
            code="strategy_unavailable", detail=f"{strategy.name} takes nothing at the moment.", pointer=_POINTER
        )
    if reserve.room is not None and reserve.room < given:
        raise errors.Refused(
            code="supply_cap_reached", detail=f"It takes {reserve.room} more at most.", pointer="/source/amount"
        )


def _text(rate: Fraction) -> str:
    return str(Decimal(rate.numerator) / rate.denominator)
