"""DeFi's screens: who may read and change, and that they tell what happened."""

from __future__ import annotations

import pytest
from django.urls import reverse

from core.audit.models import AuditRecord
from core.console import memo
from core.identity import rate_limits
from core.kernel import errors
from defi.models import Strategy, Venue
from defi.services import allow_list, readings
from tests.core.console.door import signed_in
from tests.defi import world
from tests.defi.conftest import CONTRACTS, Chain

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def nothing_kept() -> None:
    memo.forget()
    rate_limits.rate_limits.forget()


def _started(scripted: Chain) -> world.CustomerView:
    ana = world.customer()
    scripted.treasury.submits = [world.moved()]
    scripted.aave.submits = [world.supplied(499_400_000)]
    world.start(ana)
    world.work()
    scripted.reserve = world.reserve(101 * 10**25)
    readings.observe(Strategy.objects.get())
    return ana


def test_positions_show_cost_worth_and_history(scripted: Chain) -> None:
    ana = _started(scripted)
    client = signed_in("operations")
    address = reverse("console:defi_position_changelist")

    listed = client.get(address, {"state": "active"}).content.decode()
    one = client.get(reverse("console:defi_position_change", args=[world.position(ana).id])).content.decode()

    assert "@ana" in listed
    assert "504.394000" in listed
    assert "4.994000" in one
    assert "opened" in one
    assert "@ana" in client.get(address, {"q": "@ana"}).content.decode()
    assert "@ana" not in client.get(address, {"state": "closed"}).content.decode()


def test_a_transactions_page_shows_its_contract(scripted: Chain) -> None:
    ana = _started(scripted)
    made = world.position(ana).opened_by_id

    client = signed_in("operations")
    text = client.get(reverse("console:orchestration_transaction_change", args=[made])).content.decode()

    assert world.position(ana).public_id in text
    assert CONTRACTS["aave_v3.pool"] in text.lower()
    assert "yield strategy active" in text


@pytest.mark.parametrize(("model", "name"), [(Strategy, "strategy"), (Venue, "venue")])
def test_the_allow_list_is_changed_with_a_reason_by_those_who_may(
    scripted: Chain, model: type[Strategy | Venue], name: str
) -> None:
    row = model._default_manager.order_by("code").first()
    assert row is not None
    shut = reverse(f"console:defi_{name}_do", args=[row.pk, "close"])

    refused = signed_in("operations").post(shut, {"reason": "Under review."})
    done = signed_in("treasury").post(shut, {"reason": "Under review."})

    assert (refused.status_code, done.status_code) == (403, 302)
    row.refresh_from_db()
    assert (row.is_enabled, row.reason, row.version) == (False, "Under review.", 2)
    written = AuditRecord.objects.get(action=f"{name}.closed")
    assert (written.target, written.reason) == (f"{name}:{row.code}", "Under review.")
    page = signed_in("auditor").get(reverse(f"console:defi_{name}_change", args=[row.pk])).content.decode()
    assert "Under review." in page


def test_what_is_closed_is_not_closed_again_and_can_be_reopened(scripted: Chain) -> None:
    row = Strategy.objects.get()
    allow_list.close(row=row, reason="Under review.", actor="staff:1")

    with pytest.raises(allow_list.NothingToChange):
        allow_list.close(row=row, reason="Again.", actor="staff:1")
    with pytest.raises(errors.Refused, match="Under review"):
        world.start(world.customer())
    allow_list.reopen(row=row, reason="Looked at.", actor="staff:2")

    row.refresh_from_db()
    assert (row.is_enabled, row.reason, row.version) == (True, "", 3)
    assert AuditRecord.objects.filter(target="strategy:aave_v3_usdc").count() == 2


@pytest.mark.parametrize("page", ["position", "strategy", "venue"])
def test_security_sees_no_money(scripted: Chain, page: str) -> None:
    assert signed_in("security").get(reverse(f"console:defi_{page}_changelist")).status_code == 403
    assert signed_in("auditor").get(reverse(f"console:defi_{page}_changelist")).status_code == 200
