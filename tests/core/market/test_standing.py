"""What the health of the platform says of prices."""

from __future__ import annotations

from datetime import timedelta

import pytest

from core.market import sources, standing
from core.market.models import Pair
from core.resilience import checks
from tests.core.market.factories import Telling, quoted

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def two_pairs() -> None:
    Pair.objects.exclude(pk__in=["BTC/USD", "EUR/USD"]).update(is_active=False)


def test_it_is_registered_and_stops_nothing() -> None:
    assert "prices" in checks.names()
    assert not checks.is_critical("prices")


def test_fresh_prices_are_well(source: Telling) -> None:
    quoted("BTC/USD", "100", age=timedelta(seconds=9))
    quoted("EUR/USD", "1.1")

    assert standing.condition() == "2 pairs, the oldest price is 9 s old"


def test_an_old_and_a_missing_price_are_named(source: Telling) -> None:
    quoted("BTC/USD", "100", age=timedelta(minutes=3))

    with pytest.raises(standing.PricesOld) as caught:
        standing.condition()

    assert caught.value.detail == "BTC/USD: 180 s old, EUR/USD: none"


def test_without_a_source_there_is_nothing_to_be_ill() -> None:
    with sources.replaced():
        assert standing.condition() == "no source is configured: nothing has a price"
