"""Money: an integer count of an asset's smallest unit. No float ever touches it."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction

from core.kernel import assets, errors
from core.kernel.assets import Asset

_PLAIN = re.compile(r"(?:0|[1-9][0-9]{0,59})(?:\.([0-9]{1,60}))?", re.ASCII)
_MAX_UNITS = 10**78 - 1


class AssetMismatch(errors.SystemFault):
    """Two different asset instances met in one sum. A defect of ours."""

    default_code = "asset_mismatch"


@dataclass(frozen=True, slots=True, order=False)
class Money:
    """An exact, signed amount of one asset instance, in its smallest unit."""

    units: int
    asset: Asset

    @classmethod
    def zero(cls, asset: Asset) -> Money:
        return cls(0, asset)

    @classmethod
    def of(cls, units: int, code: str) -> Money:
        """Return ``units`` of the instance named by ``code``."""
        return cls(units, assets.get(code))

    @classmethod
    def parse(cls, text: object, asset: Asset, *, pointer: str = "/amount") -> Money:
        """Read a plain decimal string: no sign, no exponent, no more digits than the asset has.

        Raises: InvalidInput (``invalid_amount``, ``too_many_decimals``) that names the field.
        """
        match = _PLAIN.fullmatch(text) if isinstance(text, str) else None
        if match is None:
            raise errors.InvalidInput(
                code="invalid_amount",
                detail='An amount is a string with a plain decimal number, such as "100.25".',
                pointer=pointer,
            )
        fraction = match.group(1) or ""
        if len(fraction) > asset.decimals:
            raise errors.InvalidInput(
                code="too_many_decimals",
                detail=f"{asset.symbol} has {asset.decimals} decimals, not {len(fraction)}.",
                pointer=pointer,
            )
        whole = match.group(0).partition(".")[0]
        units = int(whole + fraction.ljust(asset.decimals, "0"))
        if units > _MAX_UNITS:
            raise errors.InvalidInput(code="invalid_amount", detail="The amount is too large.", pointer=pointer)
        return cls(units, asset)

    @property
    def text(self) -> str:
        """The plain decimal string with the asset's full scale, such as ``100.25``."""
        sign = "-" if self.units < 0 else ""
        digits = str(abs(self.units)).rjust(self.asset.decimals + 1, "0")
        if self.asset.decimals == 0:
            return sign + digits
        return f"{sign}{digits[: -self.asset.decimals]}.{digits[-self.asset.decimals :]}"

    @property
    def decimal(self) -> Decimal:
        """The exact value in whole units of the asset."""
        return Decimal(self.text)  # scaleb would round to the context's 28 digits

    def __add__(self, other: Money) -> Money:
        return Money(self.units + self._same(other).units, self.asset)

    def __sub__(self, other: Money) -> Money:
        return Money(self.units - self._same(other).units, self.asset)

    def __neg__(self) -> Money:
        return Money(-self.units, self.asset)

    def __lt__(self, other: Money) -> bool:
        return self.units < self._same(other).units

    def __le__(self, other: Money) -> bool:
        return self.units <= self._same(other).units

    def __gt__(self, other: Money) -> bool:
        return self.units > self._same(other).units

    def __ge__(self, other: Money) -> bool:
        return self.units >= self._same(other).units

    def __bool__(self) -> bool:
        return self.units != 0

    def __str__(self) -> str:
        return f"{self.text} {self.asset.code}"

    def fraction(self, rate: Fraction | Decimal) -> Money:
        """Return ``rate`` of this amount, rounded half up (away from zero) to the asset's scale."""
        exact = Fraction(rate) * self.units
        rounded = (2 * abs(exact.numerator) + exact.denominator) // (2 * exact.denominator)
        return Money(rounded if exact >= 0 else -rounded, self.asset)

    def allocate(self, weights: Sequence[int]) -> list[Money]:
        """Split into parts in proportion to ``weights``; the parts sum to the whole to the last unit.

        The largest remainders get the units that are left, the earlier part first on a tie.
        Raises: ValueError when the weights are negative or all zero.
        """
        total = sum(weights)
        if total <= 0 or min(weights) < 0:
            raise ValueError("weights must be non-negative and not all zero")
        sign = -1 if self.units < 0 else 1
        shares = [divmod(abs(self.units) * weight, total) for weight in weights]
        left = abs(self.units) - sum(whole for whole, _ in shares)
        order = sorted(range(len(shares)), key=lambda i: (-shares[i][1], i))
        lucky = set(order[:left])
        return [Money(sign * (whole + (i in lucky)), self.asset) for i, (whole, _) in enumerate(shares)]

    def _same(self, other: Money) -> Money:
        if self.asset.code != other.asset.code:
            raise AssetMismatch(detail=f"{self.asset.code} and {other.asset.code} do not add up.")
        return other
