"""What the chain will cost: estimated for all legs at once, and told to the customer in what he gives."""

from __future__ import annotations

from decimal import Decimal

from core.chains import fees
from core.kernel import errors
from core.kernel.assets import Asset
from core.kernel.money import Money
from core.market import market

BPS = 10_000


def estimate(*, chain: str, gas: int) -> Money:
    """Return what so much gas costs at normal speed, in the chain's coin. Raises: Refused, Unavailable."""
    return fees.estimate(chain=chain).cost(gas=gas)


def in_asset(*, cost: Money, asset: Asset) -> Money:
    """Return the cost in another asset by a fresh price. Raises: NoPrice, PriceStale."""
    return market.convert(money=cost, to=asset).money


def check(*, fee: Money, amount: Money, most_bps: int, pointer: str) -> None:
    """Return if the chain costs no more than so much of an amount. Exactly as much is accepted.

    Raises: Refused (``network_fee_too_high``).
    """
    if fee.units * BPS > amount.units * most_bps:
        raise errors.Refused(
            code="network_fee_too_high",
            detail=f"The network costs {fee} now, which is more than {Decimal(most_bps) / 100} % of the amount.",
            pointer=pointer,
        )
