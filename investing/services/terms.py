"""What is checked before an order holds any money, and what it promises at a price."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Context, Decimal
from fractions import Fraction
from typing import Any
from uuid import UUID

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
_PRECISE = Context(prec=40)


@dataclass(frozen=True, slots=True, kw_only=True)
class Locked:
    """What the opening found, for fixing the terms."""

    side: str
    pair: Pair
    price: Price
    band_bps: int
    usd_rate: Fraction


class Terms:
    """Investing's part in accepting a wish: is the pair open, is the price of now, is the size possible."""

    def open(self, *, kind: kinds.Kind, request: Request, customer_id: UUID) -> Opening:
        """Find the pair and its price, and how far it may move.

        Raises: InvalidInput (``required``); Refused (``amount_side_not_supported``, ``pair_not_offered``,
            ``market_closed``, ``price_unavailable``, ``price_stale``, ``amount_above_maximum``), each naming the field.
        """
        if request.target_asset is None:
            raise errors.InvalidInput(code="required", detail="Say what is to arrive.", pointer="/target/asset")
        if request.side != "source":
            raise errors.Refused(
                code="amount_side_not_supported",
                detail="Give source.amount: a trade at market spends exactly so much at most.",
                pointer="/target/amount",
            )
        pair = _pair(kind.name, request.amount.asset, request.target_asset)
        price = _price(pair.base_asset, pair.quote_asset, pointer=_coin_pointer(kind.name))
        _check_most(pair, kind.name, request.amount, price)
        locked = Locked(
            side=kind.name,
            pair=pair,
            price=price,
            band_bps=_band(pair, request.preferences),
            usd_rate=_usd_rate(pair, pointer=_coin_pointer(kind.name)),
        )
        return Opening(
            method=METHOD,
            source=request.amount,
            target_asset=request.target_asset,
            usd_price=_usd_price(request.amount.asset, locked),
            data={"locked": locked},
        )

    def fix(self, *, kind: kinds.Kind, opening: Opening, net: Money) -> Fixed:
        """Promise at least what the worst price brings, if the exchange takes an order of this size.

        Raises: Refused (``amount_below_minimum``).
        """
        locked: Locked = opening.data["locked"]
        limit = prices.worst(
            price=locked.price.value,
            band_bps=locked.band_bps,
            side=locked.side,
            decimals=locked.pair.price_decimals,
        )
        expected = _brings(locked, net, locked.price.value)
        minimum = _brings(locked, net, limit)
        _check_size(locked, net, minimum)
        return Fixed(expected=expected, minimum=minimum, data=_data(locked, opening, limit, (expected, minimum)))

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


def _coin_pointer(side: str) -> str:
    return "/target/asset" if side == "buy" else "/source/asset"


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


def _check_most(pair: Pair, side: str, given: Money, price: Price) -> None:
    money = given if side == "buy" else prices.brought(coins=given, price=price.value, asset=pair.quote_asset)
    if money.units > int(pair.maximum_cost):
        most = Money(int(pair.maximum_cost), pair.quote_asset)
        raise errors.Refused(
            code="amount_above_maximum",
            detail=f"One order moves {most.text} {pair.quote_asset.symbol} at most.",
            pointer="/source/amount",
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
            pointer="/source/amount",
        )


def _is_small_sale(locked: Locked, money: Money) -> bool:
    return locked.side == "sell" and prices.brought(coins=money, price=locked.usd_rate, asset=USD) < LEAST_SALE


def _data(locked: Locked, opening: Opening, limit: Fraction, promised: tuple[Money, Money]) -> dict[str, str]:
    """Return the terms as they are kept with the transaction: texts, so that no reader makes floats of them."""
    expected, minimum = promised
    return {
        "side": locked.side,
        "pair": locked.pair.code,
        "order_type": orders.MARKET,
        "gives": opening.source.asset.code,
        "gets": opening.target_asset.code,
        "asked": str(opening.source.units),
        "price": prices.text(locked.price.value),
        "limit_price": prices.text(limit),
        "band_bps": str(locked.band_bps),
        "price_source": locked.price.source,
        "price_age_s": f"{locked.price.age_s:.1f}",
        "usd_rate": str(locked.usd_rate),
        "expected": str(expected.units),
        "minimum": str(minimum.units),
    }
