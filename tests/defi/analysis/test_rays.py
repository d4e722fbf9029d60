"""Aave's arithmetic, compared with figures worked out by hand and with its own rules."""

from __future__ import annotations

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from defi.analysis import rays
from defi.analysis.rays import RAY, Index, Rounding

HALF = Index(ray=1_000786317914685407870667881, rounding=Rounding.HALF_UP)
DIRECTED = Index(ray=1_000786317914685407870667881, rounding=Rounding.DIRECTED)


def test_the_two_roundings_differ_by_the_last_unit() -> None:
    # The amount and both results are those of a supply on mainnet on the day of the change (LINK, 18 decimals).
    assert HALF.minted(244080826347865820530) == 243889052017069157742
    assert DIRECTED.minted(244080826347865820530) == 243889052017069157741
    assert DIRECTED.burned(244080826347865820530) == 243889052017069157742


def test_an_index_of_one_changes_nothing() -> None:
    one = Index(ray=RAY, rounding=Rounding.HALF_UP)

    assert (one.minted(500_000_000), one.burned(7), one.worth(3)) == (500_000_000, 7, 3)


@pytest.mark.parametrize(("revision", "rounding"), [(1, "half_up"), (8, "half_up"), (9, "directed"), (11, "directed")])
def test_a_pool_rounds_for_itself_from_its_ninth_revision_on(revision: int, rounding: str) -> None:
    assert rays.rounding_of(revision) == rounding


@given(amount=st.integers(1, 10**24), grown=st.integers(0, RAY))
def test_what_is_supplied_is_worth_itself_to_a_unit(amount: int, grown: int) -> None:
    half = Index(ray=RAY + grown, rounding=Rounding.HALF_UP)
    directed = Index(ray=RAY + grown, rounding=Rounding.DIRECTED)

    assert abs(half.worth(half.minted(amount)) - amount) <= 1
    assert amount - 2 <= directed.worth(directed.minted(amount)) <= amount
    assert directed.burned(amount) - directed.minted(amount) in {0, 1}


def test_a_rate_compounds_every_second() -> None:
    five_percent = rays.yearly_yield(RAY // 20)

    # e^0.05 - 1 is the limit, which seconds come close to.
    assert Fraction("0.05127109") < five_percent < Fraction("0.0512710964")
    assert rays.yearly_yield(0) == 0
