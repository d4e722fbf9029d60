"""What an exchange says of one pair that it trades: the rules that an order must keep."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Protocol, runtime_checkable

from core.kernel.money import Money


@dataclass(frozen=True, slots=True, kw_only=True)
class Listing:
    """One pair, such as ``BTC/USD``, in our names: what is bought and sold for what.

    ``minimum`` is the smallest order in the base asset, ``minimum_cost`` the smallest in the quote asset. Prices have
    ``price_decimals`` and quantities ``lot_decimals`` at the exchange. ``taker_fee`` is a fraction of what is traded.
    ``is_open`` is False while the exchange takes no order that executes at once.
    """

    pair: str
    minimum: Money
    minimum_cost: Money
    price_decimals: int
    lot_decimals: int
    taker_fee: Fraction
    is_open: bool


@runtime_checkable
class Lister(Protocol):
    """An exchange that says what it trades, beside the verbs of every adapter."""

    def listings(self) -> Sequence[Listing]:
        """Ask for the pairs that we know. Raises: the errors of the provider contract."""
