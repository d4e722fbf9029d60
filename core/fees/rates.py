"""A fee rule made ready for arithmetic in one asset: scaled integers, rounded once, half up."""

from __future__ import annotations

import functools
import math
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction

from core.fees import models, schedules, sheets
from core.kernel import assets, errors
from core.kernel.assets import Asset
from core.kernel.money import Money

QUOTED = "quoted"
_PLACES = {tier: place for place, tier in enumerate(models.Tier.values)}


@dataclass(frozen=True, slots=True, kw_only=True)
class Rate:
    """One fee as ``clamp(rate * gross + flat, least, most)``.

    Units: ``rate``, ``flat``, ``least`` and ``most`` are smallest units times ``scale``. ``first`` is the smallest
    gross to which it applies.
    """

    tier: str
    code: str
    text: str
    scale: int
    rate: int
    flat: int
    least: int | None = None
    most: int | None = None
    first: int = 1

    @property
    def place(self) -> tuple[int, str]:
        """Where its line stands on the sheet."""
        return _PLACES[self.tier], self.code

    @property
    def slope(self) -> Fraction:
        return Fraction(self.rate, self.scale)

    @property
    def constant(self) -> Fraction:
        """The most by which it exceeds ``slope * gross``, in units."""
        return Fraction(max(self.flat, self.least or 0), self.scale)

    def applies(self, gross: int) -> bool:
        return gross >= self.first

    def units(self, gross: int) -> int:
        """The fee in units, half up."""
        return (2 * self.scaled(gross) + self.scale) // (2 * self.scale)

    def scaled(self, gross: int) -> int:
        """The unrounded fee in units times ``scale``."""
        value = self.rate * gross + self.flat
        if self.least is not None and value < self.least:
            return self.least
        if self.most is not None and value > self.most:
            return self.most
        return value


@functools.lru_cache(maxsize=1024)
def compile_rule(*, rule: schedules.Rule, asset: Asset, usd_price: Decimal | None) -> Rate:
    """Return the rule in units of ``asset``.

    Raises: Refused (``rate_unavailable``) when it has an amount in another currency and no price to convert by.
    """
    factor = _factor(rule, asset, usd_price)
    scale = schedules.RATE_SCALE * factor.denominator

    def scaled(units: int | None) -> int | None:
        return None if units is None else units * factor.numerator * schedules.RATE_SCALE

    return Rate(
        tier=rule.tier,
        code=rule.code,
        text=_text(rule),
        scale=scale,
        rate=rule.rate * factor.denominator,
        flat=rule.flat_units * factor.numerator * schedules.RATE_SCALE,
        least=scaled(rule.min_units),
        most=scaled(rule.cap_units),
        first=1 if rule.over_units is None else math.floor(rule.over_units * factor) + 1,
    )


def quoted(*, code: str, fee: Money) -> Rate:
    """Return the fee that a provider itself named, in the asset of the transaction."""
    return Rate(tier=models.Tier.PROVIDER.value, code=code, text=QUOTED, scale=1, rate=0, flat=fee.units)


def estimated(*, fee: Money) -> Rate:
    """Return what the chain itself is estimated to cost, in the asset of the transaction."""
    return Rate(
        tier=models.Tier.NETWORK.value, code=sheets.NETWORK_ESTIMATE, text="estimated", scale=1, rate=0, flat=fee.units
    )


def _factor(rule: schedules.Rule, asset: Asset, usd_price: Decimal | None) -> Fraction:
    """How many units of ``asset`` one unit of the rule's currency is worth."""
    amounts = (rule.flat_units or None, rule.min_units, rule.cap_units, rule.over_units)
    if rule.currency == asset.code or all(units is None for units in amounts):
        return Fraction(1)
    if rule.currency != "USD" or not usd_price:
        raise errors.Refused(
            code="rate_unavailable", detail=f"There is no price to convert a fee in {rule.currency} to {asset.code}."
        )
    return Fraction(_ones(asset)) / (Fraction(usd_price) * _ones(assets.get("USD")))


def _ones(asset: Asset) -> int:
    """How many smallest units one whole unit has."""
    return int(10**asset.decimals)


def _text(rule: schedules.Rule) -> str:
    parts = []
    if rule.rate:
        percent = Decimal(rule.rate * 100) / schedules.RATE_SCALE
        parts.append(f"{percent.normalize():f}%")
    if rule.flat_units or not rule.rate:
        parts.append(str(Money.of(rule.flat_units, rule.currency)))
    text = " + ".join(parts)
    if rule.min_units is not None:
        text += f", at least {Money.of(rule.min_units, rule.currency)}"
    if rule.cap_units is not None:
        text += f", at most {Money.of(rule.cap_units, rule.currency)}"
    return text
