"""What a holding cost, by the average: exact integers, and parts that sum to the whole. Pure.

Cost and profit are in USD. What is bought adds what was given for it, our fees included; what is sold takes out the
cost of its share of the quantity, rounded half up, and the last sale takes out all that is left. Coins that came in
otherwise (from a chain, from a swap) have no cost here: selling them is no profit, it is only noted.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

from core.kernel import assets
from core.kernel.money import Money

CURRENCY = assets.get("USD")


@dataclass(frozen=True, slots=True, kw_only=True)
class Basis:
    """What is held and what it cost. Units: ``quantity`` of the coin; ``cost`` and ``profit`` in US cents."""

    quantity: int = 0
    cost: int = 0
    profit: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """What one trade changes. Plus is more of it; ``untracked`` are sold coins that no purchase brought."""

    quantity: int
    cost: int
    profit: int
    untracked: int = 0

    def after(self, basis: Basis) -> Basis:
        """Return what is held after it."""
        return Basis(
            quantity=basis.quantity + self.quantity, cost=basis.cost + self.cost, profit=basis.profit + self.profit
        )


def acquire(*, quantity: int, cost: int) -> Change:
    """So much was bought for so much."""
    return Change(quantity=quantity, cost=cost, profit=0)


def dispose(*, basis: Basis, quantity: int, proceeds: int) -> Change:
    """So much was sold for so much. Of more than is held only the held part has a cost, and so a profit."""
    held = min(quantity, basis.quantity)
    untracked = quantity - held
    if not held:
        return Change(quantity=0, cost=0, profit=0, untracked=untracked)
    cost = basis.cost if held == basis.quantity else _part(basis.cost, held, basis.quantity)
    earned = proceeds if not untracked else _part(proceeds, held, quantity)
    return Change(quantity=-held, cost=-cost, profit=earned - cost, untracked=untracked)


def worth(*, before: Money, after: Money, rate: Fraction) -> int:
    """Return what the part between two running sums is worth in US cents at ``rate`` USD for one whole unit.

    Sums are rounded, not parts: whatever the portions, the parts sum to what the whole is worth.
    """
    return _in_cents(after, rate) - _in_cents(before, rate)


def _in_cents(money: Money, rate: Fraction) -> int:
    scale = Fraction(10) ** (CURRENCY.decimals - money.asset.decimals)
    return Money(money.units, CURRENCY).fraction(rate * scale).units


def _part(whole: int, part: int, of: int) -> int:
    return Money(whole, CURRENCY).fraction(Fraction(part, of)).units
