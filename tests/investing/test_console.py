"""Investing's screens: who may read them, and that they tell what happened."""

import pytest
from django.urls import reverse

from core.console import memo
from core.identity import rate_limits
from core.kernel import ids
from core.providers.contract import Stage
from investing.models import Holding, InvestingFill
from tests.core.console.door import signed_in
from tests.core.orchestration import world as engine
from tests.core.orchestration.fakes import FakeProvider
from tests.investing import world

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def nothing_kept() -> None:
    memo.forget()
    rate_limits.rate_limits.forget()


def bought(exchange: FakeProvider) -> str:
    ana = engine.customer("ana", units=50_000)
    exchange.submits = [world.said(Stage.SETTLED, world.fill("TRADE-1", 9_975, 99_000))]
    made = world.buy(ana, "100.00")
    world.work()
    return ids.render(ids.Prefix.TRANSACTION, made)


def test_holdings_show_quantity_cost_and_history(exchange: FakeProvider) -> None:
    bought(exchange)
    client = signed_in("operations")

    listed = client.get(reverse("console:investing_holding_changelist")).content.decode()
    one = client.get(reverse("console:investing_holding_change", args=[Holding.objects.get().id])).content.decode()

    assert "0.00099000 BTC:bitcoin" in listed
    assert "@ana" in listed
    assert "100.00 USD" in one
    assert "TRADE-1" in one


def test_fills_are_found_by_trade_and_by_transaction(exchange: FakeProvider) -> None:
    made = bought(exchange)
    client = signed_in("operations")
    address = reverse("console:investing_investingfill_changelist")

    for text in ("TRADE-1", made):
        assert "TRADE-1" in client.get(address, {"q": text}).content.decode()
    assert "TRADE-1" not in client.get(address, {"q": "TRADE-2"}).content.decode()
    row = InvestingFill.objects.get()
    assert client.get(reverse("console:investing_investingfill_change", args=[row.id])).status_code == 200


def test_a_transactions_page_shows_its_order_and_fills(exchange: FakeProvider) -> None:
    bought(exchange)
    client = signed_in("operations")
    row = InvestingFill.objects.get()

    text = client.get(reverse("console:orchestration_transaction_change", args=[row.transaction_id])).content.decode()

    assert "No worse than" in text
    assert "TRADE-1" in text
    assert "settlement pending" in text


def test_pairs_show_band_and_minimum(exchange: FakeProvider) -> None:
    text = signed_in("operations").get(reverse("console:investing_pair_changelist")).content.decode()

    assert "BTC/USD" in text
    assert "1.00 %" in text


def test_security_reads_none_of_it(exchange: FakeProvider) -> None:
    client = signed_in("security")

    for name in ("holding", "investingfill", "pair"):
        assert client.get(reverse(f"console:investing_{name}_changelist")).status_code == 403
