"""What is checked before an order holds any money, and what it promises at a price."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Context, Decimal
from fractions import Fraction
from typing import Any
from uuid import UUID

from core.fees import pricing, schedules
from core.kernel import assets, errors
from core.kernel.assets import Asset
from core.kernel.money import Money
from core.market import market
from core.market.market import Price
from core.orchestration import kinds
from core.orchestration.kinds import Fixed, Opening, Request
from investing import queries
from investing.analysis import prices
from investing.kinds.trade import METHOD
from investing.models import Pair
from investing.services import orders

USD = assets.get("USD")
# What a sale must be worth at least, by its price; what a purchase must be is in its rules.
LEAST_SALE = Money(500, USD)
# What the exchange may round up beyond the exact cost, and the unit that its adapter keeps back.
ROUNDING_UNITS = 3
_PRECISE = Context(prec=40)


@dataclass(frozen=True, slots=True, kw_only=True)
class Locked:
    """What the opening found, for fixing the terms."""

    side: str
    pair: Pair
    price: Price
    limit: Fraction
    band_bps: int
    usd_rate: Fraction
    pointer: str
    quantity: Money | None


class Terms:
    """Investing's part in accepting a wish: is the pair open, is the price of now, is the size possible."""

    def open(self, *, kind: kinds.Kind, request: Request, customer_id: UUID) -> Opening:
        """Find the pair and its price, how far it may move, and what that takes of the customer's money at most.

        Raises: InvalidInput (``required``); Refused (``amount_side_not_supported``, ``pair_not_offered``,
            ``market_closed``, ``price_unavailable``, ``price_stale``, ``amount_above_maximum``), each naming the field.
        """
        if request.target_asset is None:
            raise errors.InvalidInput(code="required", detail="Say what is to arrive.", pointer="/target/asset")
        pair = _pair(kind.name, request.asset, request.target_asset)
        locked = _locked(kind.name, pair, request)
        usd_price = _usd_price(request.asset, locked)
        source = request.amount if locked.quantity is None else _takes(kind, locked, locked.quantity, usd_price)
        _check_most(locked, source)
        return Opening(
            method=METHOD,
            source=source,
            target_asset=request.target_asset,
            usd_price=usd_price,
            data={"locked": locked},
        )

    def fix(self, *, kind: kinds.Kind, opening: Opening, net: Money) -> Fixed:
        """Promise at least what the worst price brings, if the exchange takes an order of this size.

        Raises: Refused (``amount_below_minimum``).
        """
        locked: Locked = opening.data["locked"]
        expected = locked.quantity or _brings(locked, net, locked.price.value)
        minimum = locked.quantity or _brings(locked, net, locked.limit)
        _check_size(locked, net, minimum)
        return Fixed(expected=expected, minimum=minimum, data=_data(locked, opening, expected, minimum))

    def begin(self, *, kind: kinds.Kind, transaction_id: UUID, customer_id: UUID, data: Mapping[str, Any]) -> None:
        """Write the order as it is locked, beside the transaction."""
        orders.begin(transaction_id=transaction_id, terms=data)


def _pair(side: str, given: Asset, wanted: Asset) -> Pair:
    base, quote = (wanted, given) if side == "buy" else (given, wanted)
    pair = queries.find_pair(base=base.code, quote=quote.code)
    if pair is None or not pair.is_offered:
        raise errors.Refused(
            code="pair_not_offered",
            detail=f"{base.symbol} is not traded for {quote.symbol} here.",
            pointer="/target/asset",
        )
    if not pair.is_open:
        raise errors.Refused(
            code="market_closed", detail="The exchange takes no orders for it right now.", pointer="/target/asset"
        )
    return pair


def _locked(side: str, pair: Pair, request: Request) -> Locked:
    pointer = "/target/asset" if side == "buy" else "/source/asset"
    price = _price(pair.base_asset, pair.quote_asset, pointer=pointer)
    band_bps = _band(pair, request.preferences)
    return Locked(
        side=side,
        pair=pair,
        price=price,
        limit=prices.worst(price=price.value, band_bps=band_bps, side=side, decimals=pair.price_decimals),
        band_bps=band_bps,
        usd_rate=_usd_rate(pair, pointer=pointer),
        pointer=f"/{request.side}/amount",
        quantity=_quantity(side, pair, request),
    )


def _quantity(side: str, pair: Pair, request: Request) -> Money | None:
    """Return how many coins are to arrive, where the customer named that and not what he gives."""
    if request.side == "source":
        return None
    if side != "buy":
        raise errors.Refused(
            code="amount_side_not_supported",
            detail="Give source.amount: what a sale brings is the market's to say.",
            pointer="/target/amount",
        )
    lot = 10 ** max(request.amount.asset.decimals - pair.lot_decimals, 0)
    if request.amount.units % lot:
        raise errors.Refused(
            code="amount_not_tradable",
            detail=f"The exchange trades {pair.lot_decimals} decimals of {request.amount.asset.symbol}.",
            pointer="/target/amount",
        )
    return request.amount


def _takes(kind: kinds.Kind, locked: Locked, coins: Money, usd_price: Decimal | None) -> Money:
    """Return what so many coins take at the worst price, with the exchange's fee, its rounding and our fees.

    Raises: Refused (``amount_below_minimum``).
    """
    worst = locked.limit * (1 + Fraction(locked.pair.taker_fee))
    cost = prices.brought(coins=coins, price=worst, asset=locked.pair.quote_asset)
    wanted = pricing.PriceRequest(
        domain=kind.domain,
        kind=kind.name,
        amount=Money(cost.units + ROUNDING_UNITS, cost.asset),
        side="target",
        method=METHOD,
        usd_price=usd_price,
    )
    takes = pricing.price(request=wanted, schedule=schedules.current()).debit
    least = Money(kind.rules.minimum_units[takes.asset.code], takes.asset)
    if takes < least:
        raise errors.Refused(code="amount_below_minimum", detail=f"The least is {least}.", pointer=locked.pointer)
    return takes


def _price(base: Asset, quote: Asset, *, pointer: str) -> Price:
    """Return a price that may bind. Refusals name the coin: there is nothing else that the customer could change."""
    try:
        return market.fresh(base=base, quote=quote)
    except errors.Refused as refused:
        refused.pointer = pointer
        raise


def _usd_rate(pair: Pair, *, pointer: str) -> Fraction:
    """Return what one whole unit of the quote asset is worth in USD, by which cost and profit are kept."""
    return _price(pair.quote_asset, USD, pointer=pointer).value


def _usd_price(given: Asset, locked: Locked) -> Decimal | None:
    """Return what one whole unit of what is given costs in USD, for fees that are fixed in USD."""
    if given.code == USD.code:
        return None
    value = locked.usd_rate if locked.side == "buy" else locked.price.value * locked.usd_rate
    return _PRECISE.divide(Decimal(value.numerator), Decimal(value.denominator))


def _band(pair: Pair, preferences: Mapping[str, Any]) -> int:
    """Return how far the price may move. A customer may allow less than the pair's band, never more."""
    wished = preferences.get("max_slippage_bps")
    return pair.band_bps if wished is None else min(int(wished), pair.band_bps)


def _brings(locked: Locked, net: Money, price: Fraction) -> Money:
    """Return what arrives. The exchange's fee is on the price sheet of a purchase, and inside what a sale brings."""
    if locked.side == "buy":
        return prices.bought(money=net, price=price, coin=locked.pair.base_asset)
    kept = price * (1 - Fraction(locked.pair.taker_fee))
    return prices.brought(coins=net, price=kept, asset=locked.pair.quote_asset)


def _check_most(locked: Locked, given: Money) -> None:
    pair, price = locked.pair, locked.price.value
    money = given if locked.side == "buy" else prices.brought(coins=given, price=price, asset=pair.quote_asset)
    if money.units > int(pair.maximum_cost):
        most = Money(int(pair.maximum_cost), pair.quote_asset)
        raise errors.Refused(
            code="amount_above_maximum",
            detail=f"One order moves {most.text} {pair.quote_asset.symbol} at most.",
            pointer=locked.pointer,
        )


def _check_size(locked: Locked, net: Money, minimum: Money) -> None:
    """Compare the order at its worst price with the least that we and the exchange take."""
    pair = locked.pair
    coins, money = (minimum, net) if locked.side == "buy" else (net, minimum)
    if coins.units < int(pair.minimum) or money.units < int(pair.minimum_cost) or _is_small_sale(locked, money):
        least = Money(int(pair.minimum), pair.base_asset)
        raise errors.Refused(
            code="amount_below_minimum",
            detail=f"After fees an order has at least {least.text} {pair.base_asset.symbol} and is worth {LEAST_SALE}.",
            pointer=locked.pointer,
        )


def _is_small_sale(locked: Locked, money: Money) -> bool:
    return locked.side == "sell" and prices.brought(coins=money, price=locked.usd_rate, asset=USD) < LEAST_SALE


def _data(locked: Locked, opening: Opening, expected: Money, minimum: Money) -> dict[str, str]:
    """Return the terms as they are kept with the transaction: texts, so that no reader makes floats of them."""
    quantity = {} if locked.quantity is None else {"quantity": locked.quantity.text}
    return {
        **quantity,
        "side": locked.side,
        "pair": locked.pair.code,
        "order_type": orders.MARKET,
        "gives": opening.source.asset.code,
        "gets": opening.target_asset.code,
        "asked": str(opening.source.units),
        "price": prices.text(locked.price.value),
        "limit_price": prices.text(locked.limit),
        "band_bps": str(locked.band_bps),
        "price_source": locked.price.source,
        "price_age_s": f"{locked.price.age_s:.1f}",
        "usd_rate": str(locked.usd_rate),
        "expected": str(expected.units),
        "minimum": str(minimum.units),
    }
