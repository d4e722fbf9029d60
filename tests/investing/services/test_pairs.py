"""Pairs are kept as the exchange lists them; what is ours to say stays ours."""

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

import pytest

from core.kernel.money import Money
from core.providers import registry
from investing.models import Pair
from investing.providers.listing import Listing
from investing.services import pairs
from tests.core.orchestration.fakes import FakeProvider
from tests.investing import world
from tests.investing.world import BTC, USD

pytestmark = pytest.mark.django_db


def listing(*, pair: str = "BTC/USD", is_open: bool = True) -> Listing:
    return Listing(
        pair=pair,
        minimum=Money(7_000, BTC),
        minimum_cost=Money(100, USD),
        price_decimals=2,
        lot_decimals=7,
        taker_fee=Fraction(26, 10_000),
        is_open=is_open,
    )


@dataclass
class Lists(FakeProvider):
    told: tuple[Listing, ...] = ()

    def listings(self) -> Sequence[Listing]:
        return self.told


def test_what_the_exchange_says_is_taken_over_and_what_is_ours_stays() -> None:
    before = Pair.objects.get(code="BTC/USD")

    assert pairs.keep([listing()]) == 1

    row = Pair.objects.get(code="BTC/USD")
    assert (int(row.minimum), int(row.minimum_cost), row.price_decimals, row.lot_decimals) == (7_000, 100, 2, 7)
    assert str(row.taker_fee) == "0.0026000000"
    assert (row.band_bps, row.maximum_cost, row.is_offered) == (before.band_bps, before.maximum_cost, True)
    assert row.listed_at is not None


def test_what_the_exchange_does_not_name_is_closed_until_it_does() -> None:
    pairs.keep([listing()])
    assert Pair.objects.filter(is_open=True).values_list("code", flat=True).get() == "BTC/USD"

    pairs.keep([listing(pair="ETH/USD"), listing(is_open=False)])

    assert set(Pair.objects.filter(is_open=True).values_list("code", flat=True)) == {"ETH/USD"}


def test_a_pair_that_we_do_not_offer_is_not_made() -> None:
    count = Pair.objects.count()

    assert pairs.keep([listing(pair="DOGE/USD")]) == 0
    assert Pair.objects.count() == count


def test_every_exchange_that_lists_is_asked() -> None:
    provider = Lists(code="kraken", capabilities=world.exchange().capabilities, told=(listing(),))

    with registry.replaced(provider):
        assert pairs.refresh() == 1
