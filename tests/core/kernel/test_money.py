"""Money is exact: parsing, printing, arithmetic, rounding and splitting, held against fractions."""

from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.kernel import assets, errors, money
from core.kernel.money import Money

USD, BTC, ETH, USDC = (assets.get(code) for code in ("USD", "BTC:bitcoin", "ETH:ethereum", "USDC:solana"))
ASSETS = st.sampled_from(list(assets.ASSETS.values()))
UNITS = st.integers(-(10**60), 10**60)
HUGE = 10**78 - 1


@pytest.mark.parametrize(
    ("text", "asset", "units"),
    [
        ("100.25", USD, 10025),
        ("0", USD, 0),
        ("0.5", USD, 50),
        ("7", USD, 700),
        ("0.00000001", BTC, 1),
        ("1.000000000000000001", ETH, 10**18 + 1),
        ("100.25", USDC, 100_250_000),
        ("9" * 60, ETH, (10**60 - 1) * 10**18),
    ],
)
def test_plain_decimals_are_read_exactly(text: str, asset: assets.Asset, units: int) -> None:
    assert Money.parse(text, asset) == Money(units, asset)


@pytest.mark.parametrize(
    "text",
    [
        "", " ", "-1", "+1", "1e2", "1E2", "1.", ".5", "01", "00", "1,00", "1_000", "0x10", "NaN", "Infinity", "1.2.3",
        " 1", "1 ", "1\n", "\u0661", "1.\u0665", "\uff11", "\u22121",
        "1" * 61, None, 1, 1.0, True, [], {}, b"1", Decimal(1),
    ],
)  # fmt: skip
def test_anything_else_is_refused_and_the_field_is_named(text: object) -> None:
    with pytest.raises(errors.InvalidInput) as refusal:
        Money.parse(text, USD, pointer="/source/amount")
    assert (refusal.value.code, refusal.value.pointer) == ("invalid_amount", "/source/amount")


@pytest.mark.parametrize(("text", "asset"), [("1.001", USD), ("0.000000001", BTC), ("1.000", USD), ("1.0000000", USDC)])
def test_more_digits_than_the_asset_has_are_refused(text: str, asset: assets.Asset) -> None:
    with pytest.raises(errors.InvalidInput) as refusal:
        Money.parse(text, asset)
    assert refusal.value.code == "too_many_decimals"


def test_an_amount_that_no_column_can_hold_is_refused() -> None:
    assert Money.parse("9" * 60, ETH).units <= HUGE

    with pytest.raises(errors.InvalidInput) as refusal:
        Money.parse("9" * 61, USD)
    assert refusal.value.code == "invalid_amount"


@given(asset=ASSETS, units=st.integers(0, 10**59))
def test_what_is_printed_is_read_back(asset: assets.Asset, units: int) -> None:
    amount = Money(units, asset)

    assert Money.parse(amount.text, asset) == amount
    assert (-amount).text == ("-" + amount.text if units else amount.text)
    fraction = amount.text.partition(".")[2]
    assert len(fraction) == asset.decimals


@pytest.mark.parametrize(
    ("units", "asset", "text"),
    [(0, USD, "0.00"), (5, USD, "0.05"), (-5, USD, "-0.05"), (-12345, USD, "-123.45"), (1, ETH, "0." + "0" * 17 + "1")],
)
def test_the_text_has_the_full_scale(units: int, asset: assets.Asset, text: str) -> None:
    assert Money(units, asset).text == text
    assert str(Money(units, asset)) == f"{text} {asset.code}"


@given(asset=ASSETS, units=UNITS)
def test_the_decimal_is_exact_however_large(asset: assets.Asset, units: int) -> None:
    exact = Money(units, asset).decimal

    assert Fraction(exact) == Fraction(units, 10**asset.decimals)


@given(asset=ASSETS, one=UNITS, other=UNITS)
def test_sums_and_comparisons_are_those_of_integers(asset: assets.Asset, one: int, other: int) -> None:
    a, b = Money(one, asset), Money(other, asset)

    assert (a + b).units == one + other
    assert (a - b).units == one - other
    assert (-a).units == -one
    assert (a + b) - b == a
    assert [a < b, a <= b, a > b, a >= b, a == b] == [
        one < other,
        one <= other,
        one > other,
        one >= other,
        one == other,
    ]
    assert bool(a) == bool(one)
    assert a + Money.zero(asset) == a


def test_two_assets_never_meet_in_one_sum() -> None:
    solana, ethereum = Money.of(1, "USDC:solana"), Money.of(1, "USDC:ethereum")

    for meet in (Money.__add__, Money.__sub__, Money.__lt__, Money.__le__, Money.__gt__, Money.__ge__):
        with pytest.raises(money.AssetMismatch) as fault:
            meet(solana, ethereum)
        assert fault.value.severity is errors.Severity.CRITICAL
    assert solana != ethereum


def test_an_unknown_asset_has_no_money() -> None:
    with pytest.raises(errors.InvalidInput) as refusal:
        Money.of(1, "DOGE")
    assert refusal.value.code == "unknown_asset"


@pytest.mark.parametrize(
    ("units", "rate", "expected"),
    [
        (10000, "0.005", 50),
        (10000, "0.029", 290),
        (1, "0.5", 1),
        (-1, "0.5", -1),
        (3, "0.5", 2),
        (149, "0.01", 1),
        (150, "0.01", 2),
        (-150, "0.01", -2),
        (0, "0.5", 0),
        (100, "0", 0),
        (100, "-0.005", -1),
        (100, "-0.004", 0),
        (-100, "-0.005", 1),
    ],
)
def test_a_fraction_rounds_half_away_from_zero(units: int, rate: str, expected: int) -> None:
    assert Money(units, USD).fraction(Decimal(rate)) == Money(expected, USD)


@given(units=UNITS, rate=st.fractions(-2, 2))
def test_a_fraction_is_never_off_by_more_than_half_a_unit(units: int, rate: Fraction) -> None:
    part = Money(units, USD).fraction(rate)

    assert abs(Fraction(part.units) - rate * units) <= Fraction(1, 2)
    assert (-Money(units, USD)).fraction(rate) == -part


@pytest.mark.parametrize(
    ("units", "weights", "parts"),
    [
        (100, [1, 1, 1], [34, 33, 33]),
        (-100, [1, 1, 1], [-34, -33, -33]),
        (5, [3, 7], [2, 3]),
        (1, [1, 1], [1, 0]),
        (10, [0, 1], [0, 10]),
        (7, [1], [7]),
        (0, [1, 2], [0, 0]),
    ],
)
def test_the_largest_remainders_get_what_is_left(units: int, weights: list[int], parts: list[int]) -> None:
    assert [part.units for part in Money(units, USD).allocate(weights)] == parts


@given(units=UNITS, weights=st.lists(st.integers(0, 10**9), min_size=1, max_size=12).filter(any))
def test_parts_sum_to_the_whole_and_are_fair(units: int, weights: list[int]) -> None:
    parts = Money(units, USD).allocate(weights)

    assert sum(part.units for part in parts) == units
    assert len(parts) == len(weights)
    for part, weight in zip(parts, weights, strict=True):
        assert abs(Fraction(part.units) - Fraction(units * weight, sum(weights))) < 1


@pytest.mark.parametrize("weights", [[], [0, 0], [1, -1], [2, -1]])
def test_weights_that_make_no_shares_are_refused(weights: list[int]) -> None:
    with pytest.raises(ValueError, match="weights"):
        Money(100, USD).allocate(weights)


def test_money_cannot_be_changed() -> None:
    amount = Money(1, USD)

    with pytest.raises(AttributeError):
        amount.units = 2  # type: ignore[misc]  # that is the point
    assert {amount, Money(1, USD)} == {amount}
