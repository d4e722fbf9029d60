"""What Kraken's orders, trades and pairs are in our words. Numbers are texts on the wire and stay exact here.

Our assets are coarser than Kraken's in places (US dollars have cents there and four digits at Kraken). What an order
paid is rounded up and what it received down, over the fills in their order, so the fills of an order sum to its whole
and it differs from Kraken by less than one unit, never in the customer's disfavour at Kraken: our books claim no more
than Kraken holds.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from fractions import Fraction

import structlog

from core.kernel import assets
from core.kernel.assets import Asset
from core.kernel.money import Money
from core.providers.contract import Fill, Operation, Query, Report, Stage
from core.providers.transport.wire import Doc, Malformed
from investing.providers.kraken.client import CODE
from investing.providers.listing import Listing

_log = structlog.get_logger(__name__)

# Kraken's names of the assets that we keep there. USDC at Kraken is our instance on Ethereum.
COINS: Mapping[str, str] = {
    "ZUSD": "USD",
    "USDC": "USDC:ethereum",
    "XXBT": "BTC:bitcoin",
    "XETH": "ETH:ethereum",
    "SOL": "SOL:solana",
    "SUI": "SUI:sui",
}
_ALTNAMES: Mapping[str, str] = {"BTC": "XBT"}
BUY, SELL = "buy", "sell"


@dataclass(frozen=True, slots=True, kw_only=True)
class Market:
    """One pair: Kraken's name for it, its assets, and its rules."""

    altname: str
    base: Asset
    quote: Asset
    listing: Listing


# -------------------------------------------------------------------------------------------------------- numbers
def exact(text: str) -> Fraction:
    """Return a number of the wire. Raises: Malformed."""
    try:
        return Fraction(Decimal(text))
    except (ArithmeticError, ValueError) as error:
        raise Malformed(f"{text[:40]!r} is not a number") from error


def up(value: Fraction, asset: Asset) -> int:
    """Return an amount in units, what is over a unit counted as one."""
    return math.ceil(value * _one(asset))


def down(value: Fraction, asset: Asset) -> int:
    """Return an amount in whole units."""
    return math.floor(value * _one(asset))


def nearest(value: Fraction, asset: Asset) -> int:
    """Return an amount in units, rounded half up."""
    return math.floor(value * _one(asset) + Fraction(1, 2))


def _one(asset: Asset) -> int:
    return int(10**asset.decimals)


# ---------------------------------------------------------------------------------------------------------- pairs
def altname(pair: str) -> str:
    """Return Kraken's name of our pair: ``BTC/USD`` is ``XBTUSD``."""
    base, _, quote = pair.partition("/")
    return f"{_ALTNAMES.get(base, base)}{_ALTNAMES.get(quote, quote)}"


def markets(pairs: Doc) -> list[Market]:
    """Read AssetPairs; pairs of assets that we do not keep there are left out."""
    found = []
    for name in pairs.fields:
        pair = pairs.doc(name)
        base, quote = COINS.get(pair.text("base")), COINS.get(pair.text("quote"))
        if base is not None and quote is not None:
            found.append(_market(pair, base=assets.get(base), quote=assets.get(quote)))
    return found


def _market(pair: Doc, *, base: Asset, quote: Asset) -> Market:
    listing = Listing(
        pair=f"{base.symbol}/{quote.symbol}",
        minimum=Money(up(exact(pair.text("ordermin")), base), base),
        minimum_cost=Money(up(exact(pair.text("costmin")), quote), quote),
        price_decimals=pair.whole("pair_decimals"),
        lot_decimals=min(pair.whole("lot_decimals"), base.decimals),
        taker_fee=_first_tier(pair.fields.get("fees")),
        is_open=pair.text("status") == "online",
    )
    return Market(altname=pair.text("altname"), base=base, quote=quote, listing=listing)


def _first_tier(tiers: object) -> Fraction:
    """Return the fee of who trades little, the highest there is: an order sized by it never costs more."""
    if isinstance(tiers, list) and tiers and isinstance(tiers[0], list) and len(tiers[0]) > 1:
        return exact(str(tiers[0][1])) / 100
    raise Malformed("fees has no first tier")


def sides(order: Doc) -> tuple[str, Asset, Asset]:
    """Return the side of an order, its base and its quote asset. Raises: Malformed for a pair that we do not know."""
    described = order.doc("descr")
    pair, side = described.text("pair"), described.text("type")
    for quote in ("USD", "USDC:ethereum"):
        for base in COINS.values():
            symbols = f"{assets.get(base).symbol}/{assets.get(quote).symbol}"
            if altname(symbols) == pair and side in (BUY, SELL):
                return side, assets.get(base), assets.get(quote)
    raise Malformed(f"{side[:10]} of {pair[:20]} is nothing of ours")


# ---------------------------------------------------------------------------------------------------------- orders
def report(ref: str, order: Doc, *, trades: Mapping[str, Doc], query: Query, name: str) -> Report:
    """Read an order with its trades. ``name`` is the cl_ord_id that belongs to the query's key."""
    side, base, quote = sides(order)
    fills = _fills(order, trades, side=side, base=base, quote=quote)
    executed, status = exact(order.text("vol_exec")), order.text("status")
    stage = _stage(status, executed=executed > 0, known=fills is not None)
    if stage is Stage.UNMAPPED:
        _log.warning("providers.unmapped_status", provider=CODE, status=status)
    given, got = (quote, base) if side == BUY else (base, quote)
    is_settled, ours = stage is Stage.SETTLED, order.find_text("cl_ord_id") == name
    return Report(
        operation=Operation.ORDER,
        stage=stage,
        provider_ref=ref,
        key=query.key if ours else "",
        reference=query.reference if ours else "",
        amount=_amount(order, query, asset=given),
        reason=_reason(order, status, executed=executed > 0),
        raw_status=status,
        occurred_at=_moment(order, "closetm") or _moment(order, "opentm"),
        fills=tuple(fills or ()),
        spent=_sum([fill.paid for fill in fills], given) if is_settled and fills is not None else None,
        received=_sum([fill.received for fill in fills], got) if is_settled and fills is not None else None,
        facts={"order_id": ref, "price": order.text("price"), "cost": order.text("cost"), "fee": order.text("fee")},
    )


def _stage(status: str, *, executed: bool, known: bool) -> Stage:
    """Return the stage; ``known`` is whether all trades of what is executed are listed."""
    if status in {"pending", "open"}:
        return Stage.SUBMITTED if executed else Stage.ACCEPTED
    if status == "closed" or (status in {"canceled", "expired"} and executed):
        return Stage.SETTLED if known else Stage.EXECUTED
    return Stage.CANCELED if status in {"canceled", "expired"} else Stage.UNMAPPED


def _reason(order: Doc, status: str, *, executed: bool) -> str:
    if status not in {"canceled", "expired"}:
        return ""
    if executed:
        return "partially_filled"
    if status == "expired":
        return "order_expired"
    is_limit = order.doc("descr").text("ordertype") == "limit"
    return "price_moved" if is_limit and order.find_text("reason") != "User requested" else "order_canceled"


def _amount(order: Doc, query: Query, *, asset: Asset) -> Money | None:
    """Return what was asked if the order is not more than that and of that asset, else what the order is."""
    if query.amount is None:
        return None
    volume, limit = exact(order.text("vol")), exact(order.doc("descr").text("price"))
    by_cost = "viqc" in order.find_text("oflags").split(",")
    is_buy = order.doc("descr").text("type") == BUY
    if is_buy and not by_cost and not limit:
        return None  # a volume at any price says nothing about money
    given = volume * limit if is_buy and not by_cost else volume
    fits = asset.code == query.amount.asset.code and up(given, asset) <= query.amount.units
    return query.amount if fits else Money(up(given, asset), asset)


def _fills(order: Doc, trades: Mapping[str, Doc], *, side: str, base: Asset, quote: Asset) -> list[Fill] | None:
    """Return the fills, oldest first; None while trades are missing of what the order says it executed.

    Only the whole is told: a trade that is listed late could come before others and would shift their roundings.
    """
    volume = sum((exact(trade.text("vol")) for trade in trades.values()), Fraction(0))
    cost = sum((exact(trade.text("cost")) for trade in trades.values()), Fraction(0))
    by_cost = "viqc" in order.find_text("oflags").split(",")
    if volume != exact(order.text("vol_exec")) if not by_cost else not _is_near(cost, order, len(trades)):
        return None
    paid, received, kept = (_Rounding(up), _Rounding(down), _Rounding(nearest))
    fills = []
    for trade_id, trade in sorted(trades.items(), key=lambda item: (_time(item[1]), item[0])):
        got, spent, fee = exact(trade.text("vol")), exact(trade.text("cost")), exact(trade.text("fee"))
        if side == BUY:
            moved = (paid.take(spent + fee, quote), received.take(got, base))
        else:
            moved = (paid.take(got, base), received.take(spent - fee, quote))
        fills.append(
            Fill(
                trade_id=trade_id,
                paid=moved[0],
                received=moved[1],
                fee=kept.take(fee, quote),
                price=trade.text("price"),
                occurred_at=_moment(trade, "time"),
            )
        )
    return fills


def _is_near(cost: Fraction, order: Doc, count: int) -> bool:
    """Say whether trades sum to an order's cost, which Kraken cuts off after some digits."""
    told = exact(order.text("cost"))
    return abs(cost - told) <= Fraction(max(count, 1), 1000) and (count > 0 or not told)


class _Rounding:
    """Rounds the parts of a sum so that they add up to the rounded sum."""

    def __init__(self, rule: Callable[[Fraction, Asset], int]) -> None:
        self._rule, self._exact, self._told = rule, Fraction(0), 0

    def take(self, part: Fraction, asset: Asset) -> Money:
        self._exact += part
        before, self._told = self._told, self._rule(self._exact, asset)
        return Money(self._told - before, asset)


def _sum(parts: Sequence[Money], asset: Asset) -> Money:
    return sum(parts, Money.zero(asset))


def _time(doc: Doc, name: str = "time") -> Decimal:
    value = doc.fields.get(name)
    if isinstance(value, bool) or not isinstance(value, int | Decimal):
        raise Malformed(f"{name} is not a time")
    return Decimal(value)


def _moment(doc: Doc, name: str) -> datetime | None:
    """Return the moment of a field in unix seconds with a fraction; None if it is absent or 0."""
    if not doc.fields.get(name):
        return None
    try:
        return datetime.fromtimestamp(int(_time(doc, name) * 1_000_000) / 1_000_000, UTC)
    except (OverflowError, OSError, ValueError) as error:
        raise Malformed(f"{name} is not a time") from error
