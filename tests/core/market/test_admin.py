"""The screen of market data: every price with its age, and what is not believed. It changes nothing."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.urls import reverse

from core.market import observing
from core.market.models import LatestPrice, Pair
from tests.core.console import door
from tests.core.market.factories import quoted, tick

pytestmark = pytest.mark.django_db


def test_prices_are_listed_with_their_age_and_what_is_refused() -> None:
    quoted("BTC/USD", "97123.4", age=timedelta(seconds=5))
    quoted("EUR/USD", "1.0843", age=timedelta(hours=1))
    pairs = {"BTC/USD": Pair.objects.get(pk="BTC/USD")}
    observing.keep(source="kraken", ticks=[tick("BTC/USD", "10")], pairs=pairs, age=timedelta(0))

    page = door.signed_in("auditor").get(reverse("console:market_latestprice_changelist")).content.decode()

    assert "97123.4" in page
    assert "jump: 10" in page
    assert "stale, 3,60" in page
    assert "1.0843" in page


def test_a_price_has_a_page_with_its_history() -> None:
    quoted("BTC/USD", "97123.4")
    quoted("BTC/USD", "97200.5")
    row = LatestPrice.objects.get()

    page = door.signed_in("treasury").get(reverse("console:market_latestprice_change", args=[row.pk]))

    text = page.content.decode()
    assert page.status_code == 200
    assert text.count("97200.5") == 4  # price, bid, ask and the newest of the history
    assert text.count("97123.4") == 1
    assert "10 %" in text


def test_a_page_of_nothing_is_not_found() -> None:
    opened = door.signed_in("treasury")

    assert opened.get(reverse("console:market_latestprice_change", args=["999"])).status_code == 404
    assert opened.get(reverse("console:market_latestprice_change", args=["x"])).status_code == 404


def test_the_control_tower_says_how_old_prices_are() -> None:
    for pair in Pair.objects.values_list("code", flat=True):
        quoted(pair, "1", age=timedelta(seconds=4))
    opened = door.signed_in("operations")

    well = opened.get(reverse("console:tower")).content.decode()
    quoted("SUI/USD", "1", age=timedelta(hours=1))
    ill = opened.get(reverse("console:tower")).content.decode()

    assert "the oldest of all pairs" in well
    assert ("1 stale" in ill, "SUI/USD" in ill) == (True, True)
