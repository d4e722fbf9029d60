"""Prices on the exchange's grid, rounded in the customer's favour."""

from fractions import Fraction

import pytest

from core.kernel import assets
from core.kernel.money import Money
from investing.analysis import prices

USD, BTC, ETH = assets.get("USD"), assets.get("BTC:bitcoin"), assets.get("ETH:ethereum")


@pytest.mark.parametrize(
    ("side", "price", "band_bps", "decimals", "worst"),
    [
        ("buy", "97000.1", 100, 1, "97970.1"),
        ("sell", "97000.1", 100, 1, "96030.1"),
        ("buy", "3.3333", 50, 4, "3.3499"),
        ("sell", "3.3333", 50, 4, "3.3167"),
    ],
)
def test_the_band_is_never_left(side: str, price: str, band_bps: int, decimals: int, worst: str) -> None:
    found = prices.worst(price=Fraction(price), band_bps=band_bps, side=side, decimals=decimals)

    assert prices.text(found) == worst
    edge = Fraction(price) * (10_000 + (band_bps if side == "buy" else -band_bps)) / 10_000
    assert found <= edge if side == "buy" else found >= edge


def test_coins_are_rounded_down_whatever_the_decimals() -> None:
    assert prices.bought(money=Money(9_935, USD), price=Fraction(97_000), coin=BTC) == Money(102_422, BTC)
    assert prices.bought(money=Money(100, USD), price=Fraction(3), coin=ETH) == Money(333_333_333_333_333_333, ETH)


def test_money_is_rounded_down() -> None:
    assert prices.brought(coins=Money(102_422, BTC), price=Fraction(97_000), asset=USD) == Money(9_934, USD)


def test_the_average_is_exact() -> None:
    found = prices.average(money=Money(10_000, USD), coins=Money(3 * 10**8, BTC))

    assert found == Fraction(100, 3)
    assert prices.text(found, decimals=4) == "33.3333"


@pytest.mark.parametrize(("value", "text"), [("0.5", "0.5"), ("100", "100"), ("1e-13", "0"), ("97000.10", "97000.1")])
def test_texts_are_plain_and_short(value: str, text: str) -> None:
    assert prices.text(Fraction(value)) == text
