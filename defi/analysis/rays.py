"""Aave's fixed-point arithmetic: a ray has 27 decimals. Exact, as its contracts round.

Source: WadRayMath (half up) of aave-v3-core; TokenMath of aave-v3-origin 3.5, which rounds for the pool instead: what
is minted down, what is burned up, balances down.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from fractions import Fraction

RAY = 10**27
# The first revision of the pool that rounds for itself (3.5).
DIRECTED_FROM = 9
YEAR_S = 365 * 24 * 3600


class Rounding(StrEnum):
    """How a pool turns amounts into scaled units and back."""

    HALF_UP = "half_up"
    DIRECTED = "directed"


@dataclass(frozen=True, slots=True, kw_only=True)
class Index:
    """A pool's liquidity index and how it rounds. Units: a ray."""

    ray: int
    rounding: Rounding

    def minted(self, amount: int) -> int:
        """Return the scaled units that supplying an amount adds."""
        return _half_up(amount * RAY, self.ray) if self._is_half_up else amount * RAY // self.ray

    def burned(self, amount: int) -> int:
        """Return the scaled units that withdrawing an amount takes away."""
        return _half_up(amount * RAY, self.ray) if self._is_half_up else -(-amount * RAY // self.ray)

    def worth(self, scaled: int) -> int:
        """Return what scaled units are worth: the balance that the contract shows."""
        return _half_up(scaled * self.ray, RAY) if self._is_half_up else scaled * self.ray // RAY

    @property
    def _is_half_up(self) -> bool:
        return self.rounding is Rounding.HALF_UP


def rounding_of(revision: int) -> Rounding:
    """Return how a pool of this revision rounds."""
    return Rounding.DIRECTED if revision >= DIRECTED_FROM else Rounding.HALF_UP


def yearly_yield(rate: int) -> Fraction:
    """Return what a year brings at a simple rate a year, compounded every second: 0.05 is 5 %.

    Units: ``rate`` is a ray. The power is taken in integers of 36 decimals; the error is below 1e-20.
    """
    scale = 10**36
    base = scale + rate * 10**9 // YEAR_S
    return Fraction(_power(base, YEAR_S, scale) - scale, scale)


def _power(base: int, exponent: int, scale: int) -> int:
    result = scale
    while exponent:
        if exponent & 1:
            result = result * base // scale
        base = base * base // scale
        exponent >>= 1
    return result


def _half_up(numerator: int, denominator: int) -> int:
    return (numerator + denominator // 2) // denominator
