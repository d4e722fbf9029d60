"""The terms of a swap: the best way through the pools of the allow-list, and the least that must arrive."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from typing import Any

from core.chains import config, custody
from core.kernel import assets, errors
from core.kernel.assets import Asset
from core.kernel.money import Money
from core.market import market
from core.orchestration.kinds import Fixed, Opening, Request
from core.providers import contract
from defi.models import Venue
from defi.providers import uniswap_v3
from defi.providers.uniswap_v3 import Route
from defi.services import network_costs
from defi.services.network_costs import BPS

DEFAULT_SLIPPAGE_BPS = 50
MOST_SLIPPAGE_BPS = 500
# The product's least worth of a DeFi transaction, in US cents.
LEAST_CENTS = 1_000
# Over which coin two others are swapped that have no pool together.
BETWEEN = "USDC:ethereum"
# How much smaller the amount is by which a pool's price before the swap is measured.
_PROBE = 1_000
GAS = uniswap_v3.GAS_OF_A_SWAP + 2 * custody.GAS_OF_A_MOVE


@dataclass(frozen=True, slots=True, kw_only=True)
class _Found:
    """One way, what it would bring now, and the strictest limit of its pools on moving the price."""

    route: Route
    out: Money
    impact_bps: Fraction
    most_impact_bps: int


def open_swap(*, request: Request) -> Opening:
    """Check a wish to swap before it is priced.

    Raises: InvalidInput, Refused, each naming the field; NoPrice, PriceStale; Unavailable when the node is away.
    """
    if request.side != "source":
        raise errors.Refused(
            code="amount_side_not_supported", detail="Say how much is given.", pointer="/target/amount"
        )
    given, target = request.amount, _target(request)
    chain = given.asset.chain or ""
    router = config.get(chain).contract(uniswap_v3.ROUTER)
    slippage = slippage_of(request)
    venues = _venues(given.asset, target)
    dollars = market.convert(money=given, to=assets.get("USD")).money
    if dollars.units < LEAST_CENTS:
        raise errors.Refused(
            code="amount_below_minimum",
            detail=f"The least is worth 10 USD; this is {dollars}.",
            pointer="/source/amount",
        )
    cost = network_costs.estimate(chain=chain, gas=GAS)
    fee = network_costs.in_asset(cost=cost, asset=given.asset)
    most = min(venue.max_network_fee_bps for venue in venues)
    network_costs.check(fee=fee, amount=given, most_bps=most, pointer="/source/amount")
    return Opening(
        method=uniswap_v3.METHOD,
        source=given,
        target_asset=target,
        network_fee=fee,
        usd_price=_decimal(market.price(base=given.asset).value),
        data={"chain": chain, "contract": router, "slippage_bps": str(slippage), "gas_estimate": str(cost.units)},
    )


def fix_swap(*, opening: Opening, net: Money) -> Fixed:
    """Ask the pools what would arrive for what is left after fees, and lock the best way and the least that may.

    Raises: Refused (``insufficient_liquidity``); Unavailable.
    """
    found = _best(_venues(net.asset, opening.target_asset), net, opening.target_asset)
    slippage = int(opening.data["slippage_bps"])
    minimum = Money(found.out.units * (BPS - slippage) // BPS, found.out.asset)
    if minimum.units <= 0:
        raise _dry()
    data = {
        **opening.data,
        "protocol": uniswap_v3.METHOD,
        "route": found.route.to_json(),
        "expected": str(found.out.units),
        "minimum": str(minimum.units),
        "price_impact_bps": f"{Decimal(found.impact_bps.numerator) / found.impact_bps.denominator:.2f}",
    }
    return Fixed(expected=found.out, minimum=minimum, data=data)


def slippage_of(request: Request) -> int:
    """Return by how much the price may get worse, in basis points: as asked, as preferred, or half a percent.

    Raises: InvalidInput (``invalid_slippage``).
    """
    asked: Any = request.extras.get("max_slippage_bps", request.preferences.get("max_slippage_bps"))
    if asked is None:
        return DEFAULT_SLIPPAGE_BPS
    if isinstance(asked, bool) or not isinstance(asked, int) or not 0 <= asked <= MOST_SLIPPAGE_BPS:
        raise errors.InvalidInput(
            code="invalid_slippage",
            detail=f"This is a whole number of basis points from 0 to {MOST_SLIPPAGE_BPS}.",
            pointer="/max_slippage_bps",
        )
    return asked


def _target(request: Request) -> Asset:
    target = request.target_asset
    if target is None:
        raise errors.InvalidInput(code="required", detail="Say what is to arrive.", pointer="/target/asset")
    if target.code == request.amount.asset.code:
        raise errors.InvalidInput(
            code="assets_equal", detail="A swap gives one asset for another.", pointer="/target/asset"
        )
    return target


def _venues(given: Asset, target: Asset) -> list[Venue]:
    """Return the pools of the allow-list on the ways between two coins. Raises: Refused (``no_venue``)."""
    enabled = Venue.objects.filter(chain=given.chain, protocol=uniswap_v3.METHOD, is_enabled=True)
    pairs = [{given.code, target.code}, {given.code, BETWEEN}, {BETWEEN, target.code}]
    found = [venue for venue in enabled if {venue.one_asset, venue.other_asset} in pairs]
    if not _routes(found, given, target):
        raise errors.Refused(
            code="no_venue",
            detail=f"There is no way from {given.symbol} to {target.symbol} at the moment.",
            pointer="/target/asset",
        )
    return found


def _routes(venues: Sequence[Venue], given: Asset, target: Asset) -> list[tuple[Route, int]]:
    """Return every way: each pool of the two, else each pair of pools over the coin between."""
    direct = [
        (Route(coins=(given, target), fees=(venue.fee,)), venue.max_impact_bps)
        for venue in _between(venues, given.code, target.code)
    ]
    if direct or BETWEEN in {given.code, target.code}:
        return direct
    middle = assets.get(BETWEEN)
    return [
        (
            Route(coins=(given, middle, target), fees=(one.fee, other.fee)),
            min(one.max_impact_bps, other.max_impact_bps),
        )
        for one in _between(venues, given.code, BETWEEN)
        for other in _between(venues, BETWEEN, target.code)
    ]


def _between(venues: Iterable[Venue], one: str, other: str) -> list[Venue]:
    return [venue for venue in venues if {venue.one_asset, venue.other_asset} == {one, other}]


def _best(venues: Sequence[Venue], net: Money, target: Asset) -> _Found:
    found = [
        one for route, most in _routes(venues, net.asset, target) if (one := _quoted(route, most, net)) is not None
    ]
    deep = [one for one in found if one.impact_bps <= one.most_impact_bps]
    if not deep:
        raise _dry()
    return max(deep, key=lambda one: one.out.units)


def _quoted(route: Route, most_impact_bps: int, net: Money) -> _Found | None:
    """Return what a way brings, and by how much the amount itself makes the price worse; None where it cannot."""
    probe = Money(max(net.units // _PROBE, 1), net.asset)
    try:
        out = uniswap_v3.quote(route=route, given=net)
        small = uniswap_v3.quote(route=route, given=probe)
    except contract.Rejected:
        return None
    if not small.units:
        return None
    impact = BPS - Fraction(out.units * probe.units * BPS, small.units * net.units)
    return _Found(route=route, out=out, impact_bps=max(impact, Fraction(0)), most_impact_bps=most_impact_bps)


def _dry() -> errors.Refused:
    return errors.Refused(
        code="insufficient_liquidity",
        detail="The pools are too shallow for this amount at the moment.",
        pointer="/source/amount",
    )


def _decimal(value: Fraction) -> Decimal:
    return Decimal(value.numerator) / Decimal(value.denominator)
