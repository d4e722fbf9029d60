"""Prices on an exchange's grid: exact, rounded in the customer's favour. Pure."""

from __future__ import annotations

from fractions import Fraction

from core.kernel.assets import Asset
from core.kernel.money import Money

_BPS = 10_000


def worst(*, price: Fraction, band_bps: int, side: str, decimals: int) -> Fraction:
    """Return the worst price that is accepted: so much above ``price`` to buy, or below it to sell.

    Units: rounded to ``decimals`` places so that the band is never left: down to buy, up to sell.
    """
    if side == "buy":
        exact = price * (_BPS + band_bps) / _BPS
        return Fraction(_floor(exact * 10**decimals), 10**decimals)
    exact = price * (_BPS - band_bps) / _BPS
    return Fraction(-_floor(-exact * 10**decimals), 10**decimals)


def bought(*, money: Money, price: Fraction, coin: Asset) -> Money:
    """Return the coins that ``money`` buys at ``price``, rounded down."""
    return Money(_floor(money.units / price * _scale(money.asset, coin)), coin)


def brought(*, coins: Money, price: Fraction, asset: Asset) -> Money:
    """Return the money that ``coins`` bring at ``price``, rounded down."""
    return Money(_floor(coins.units * price * _scale(coins.asset, asset)), asset)


def average(*, money: Money, coins: Money) -> Fraction:
    """Return what one whole coin cost. Needs: some coins."""
    return Fraction(money.units, coins.units) * _scale(money.asset, coins.asset)


def text(price: Fraction, *, decimals: int = 12) -> str:
    """Return a price as a plain decimal without trailing zeros, rounded half up to ``decimals`` places."""
    units = _floor(price * 10**decimals + Fraction(1, 2))
    digits = str(units).rjust(decimals + 1, "0")
    whole, fraction = digits[: len(digits) - decimals], digits[len(digits) - decimals :].rstrip("0")
    return f"{whole}.{fraction}" if fraction else whole


def _scale(given: Asset, wanted: Asset) -> Fraction:
    return Fraction(10) ** (wanted.decimals - given.decimals)


def _floor(value: Fraction) -> int:
    return value.numerator // value.denominator
