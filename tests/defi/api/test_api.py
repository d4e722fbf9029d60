"""DeFi over HTTP: wishes as a client sends them, strategies and positions as customers read them."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from unittest.mock import Mock

import pytest
from django.http import HttpResponse

from core.identity.customers import CustomerView
from core.kernel import ids
from core.kernel.money import Money
from core.ledger import funding
from core.providers import contract
from defi.models import Strategy
from defi.providers import aave_v3
from defi.services import readings
from tests.core.realtime.callers import Call
from tests.defi import world
from tests.defi.conftest import Chain

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("books_agree")]
API = "/api/v1"
NET = 499_400_000
START: dict[str, Any] = {
    "kind": "start_strategy",
    "source": {"asset": "USDC", "chain": "ethereum", "amount": "500"},
    "strategy": "aave_v3_usdc",
}
SWAP: dict[str, Any] = {
    "kind": "swap",
    "source": {"asset": "USDC", "chain": "ethereum", "amount": "300"},
    "target": {"asset": "ETH", "chain": "ethereum"},
    "max_slippage_bps": 50,
}


@pytest.fixture
def rich(scripted: Chain, customer: CustomerView) -> CustomerView:
    """A customer with 1,000 USDC, and pools that give an ether for 3,000."""
    funding.grant(customer_id=customer.id, amount=Money(1_000_000_000, world.USDC), key=f"test:{customer.id}")
    for fee in (500, 3000):
        scripted.quotes[(fee,)] = lambda given: Money(given.units * 10**12 // 3_000, world.ETH)
    return customer


def post(call: Call, body: dict[str, Any], *, to: str = "defi/transactions") -> HttpResponse:
    headers = {"Idempotency-Key": ids.uuid7().hex}
    return call("POST", f"{API}/{to}", body, **headers)


def started(scripted: Chain, own: Call) -> dict[str, Any]:
    """Start a strategy and return the position that came of it."""
    scripted.treasury.submits = [world.moved()]
    scripted.aave.submits = [world.supplied(NET)]
    assert post(own, START).status_code == 201
    world.work()
    (found,) = own("GET", f"{API}/defi/positions").json()["data"]
    return dict(found)


def test_a_strategy_is_started_and_shown(scripted: Chain, own: Call, rich: CustomerView) -> None:
    scripted.treasury.submits = [world.moved()]
    scripted.aave.submits = [world.supplied(NET)]

    made = post(own, START)
    world.work()

    assert made.status_code == 201, made.content
    assert made.json()["target"] == {"asset": "AUSDC", "chain": "ethereum", "amount": "499.400000"}
    seen = own("GET", f"{API}/transactions/{made.json()['id']}").json()
    assert (seen["status"], seen["state"], seen["provider"]) == ("completed", "YIELD_STRATEGY_ACTIVE", "aave_v3")
    assert seen["fees"]["network"] == {"asset": "USDC", "chain": "ethereum", "amount": "0.600000"}
    (position,) = own("GET", f"{API}/defi/positions").json()["data"]
    assert (position["status"], position["strategy"], position["value"]) == ("active", "aave_v3_usdc", None)
    assert position["units"] == {"asset": "AUSDC", "chain": "ethereum", "amount": "499.400000"}


def test_a_position_shows_what_it_is_worth_and_its_age(scripted: Chain, own: Call, rich: CustomerView) -> None:
    position = started(scripted, own)
    scripted.reserve = world.reserve(101 * 10**25)
    readings.observe(Strategy.objects.get())

    seen = own("GET", f"{API}/defi/positions/{position['id']}").json()

    assert seen["value"]["amount"] == "504.394000"
    assert seen["accrued_yield"]["amount"] == "4.994000"
    assert (seen["realised_yield"]["amount"], seen["stale"]) == ("0.000000", False)
    assert [(each["event"], each["units"]["amount"]) for each in seen["changes"]] == [("opened", "499.400000")]
    wallet = own("GET", f"{API}/wallet").json()
    assert "504.39" in str(wallet)


def test_strategies_say_what_they_bring_and_why_one_takes_nobody(
    scripted: Chain, own: Call, rich: CustomerView, settings: Any
) -> None:
    readings.observe(Strategy.objects.get())

    (one,) = own("GET", f"{API}/defi/strategies").json()["data"]
    settings.CHAINS = {}
    off = own("GET", f"{API}/defi/strategies/aave_v3_usdc").json()

    assert (one["id"], one["available"], one["unavailable_because"]) == ("aave_v3_usdc", True, None)
    assert (one["apy"], one["management_fee"], one["performance_fee"]) == ("0.051271", "0.005", "0.1")
    assert one["liquidity"]["amount"] == "2500000.000000"
    assert (off["available"], off["unavailable_because"]) == (False, "chain_unavailable")
    assert own("GET", f"{API}/defi/strategies/nothing").status_code == 404


@pytest.mark.parametrize(
    ("fault", "status", "code"),
    [
        (contract.Unavailable(detail="POST failed"), 503, "unavailable"),
        (contract.Unavailable(code="gas_too_expensive"), 503, "unavailable"),
        (contract.OutcomeUnknown(), 503, "unavailable"),
        (contract.Rejected(code="contract_reverted", detail="The contract said no."), 422, "contract_reverted"),
    ],
)
def test_a_node_that_is_away_refuses_nothing_for_good(
    scripted: Chain,
    own: Call,
    rich: CustomerView,
    monkeypatch: pytest.MonkeyPatch,
    fault: contract.ProviderError,
    status: int,
    code: str,
) -> None:
    with monkeypatch.context() as away:
        away.setattr(aave_v3, "read_reserve", Mock(side_effect=fault))
        answer = own("POST", f"{API}/defi/transactions", START, **{"Idempotency-Key": "k1"})

    assert (answer.status_code, answer.json()["code"]) == (status, code)
    assert ("Retry-After" in answer.headers) == (status == 503)
    assert "POST failed" not in answer.content.decode()
    assert own("GET", f"{API}/transactions").json()["data"] == []
    if status == 503:
        # Under the same key it goes through once the node is back.
        assert own("POST", f"{API}/defi/transactions", START, **{"Idempotency-Key": "k1"}).status_code == 201


def test_harvest_and_stop_name_the_position(scripted: Chain, own: Call, rich: CustomerView) -> None:
    position = started(scripted, own)
    later = world.DAY_ONE + timedelta(days=10)
    scripted.reserve = world.reserve(101 * 10**25, at=later)
    scripted.aave.submits = [world.redeemed(NET, 504_394_000, index=101 * 10**25, at=later)]
    scripted.treasury.submits = [world.moved()]

    made = post(own, {"kind": "stop_strategy", "position_id": position["id"]})
    world.work()

    assert made.status_code == 201, made.content
    seen = own("GET", f"{API}/transactions/{made.json()['id']}").json()
    assert seen["state"] == "COMPLETED"
    # 4.994 of yield: a tenth, 0.068787 for ten days, and 0.60 of gas are ours.
    assert seen["target"] == {"asset": "USDC", "chain": "ethereum", "amount": "503.225813"}
    assert own("GET", f"{API}/defi/positions/{position['id']}").json()["status"] == "closed"
    story = own("GET", f"{API}/transactions/{made.json()['id']}/explain").json()["defi"]
    assert (story["protocol"], story["action"], story["position_id"]) == ("aave_v3", "stop_strategy", position["id"])
    assert story["results"]["performance_fee"] == "499400"


def test_a_swap_is_quoted_and_taken_at_that_quote(scripted: Chain, own: Call, rich: CustomerView) -> None:
    quote = post(own, {"domain": "defi", **SWAP}, to="quotes")

    assert quote.status_code == 201, quote.content
    assert quote.json()["receive"] == {"asset": "ETH", "chain": "ethereum", "amount": "0.099550000000000000"}
    assert quote.json()["min_receive"]["amount"] == "0.099052250000000000"
    made = post(own, {"quote_id": quote.json()["id"]})
    assert made.status_code == 201, made.content
    assert made.json()["target"]["amount"] == "0.099550000000000000"


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        ({**START, "strategy": "nothing"}, 422, "unknown_strategy"),
        ({**START, "source": {**START["source"], "amount": "5"}}, 422, "amount_below_minimum"),
        ({**SWAP, "max_slippage_bps": 501}, 400, "invalid_slippage"),
        ({"kind": "stop_strategy", "position_id": "pos_" + "0" * 32}, 404, "position_not_found"),
        ({"kind": "stop_strategy", "position_id": "txn_" + "0" * 32}, 404, None),
        ({"kind": "reversal"}, 400, "unknown_kind"),
    ],
)
def test_what_cannot_be_is_refused_with_its_reason(
    scripted: Chain, own: Call, rich: CustomerView, body: dict[str, Any], status: int, code: str | None
) -> None:
    refused = post(own, body)

    assert refused.status_code == status, refused.content
    assert code is None or refused.json()["code"] == code
    assert own("GET", f"{API}/transactions").json()["data"] == []


def test_without_a_chain_the_refusal_is_clear(scripted: Chain, own: Call, rich: CustomerView, settings: Any) -> None:
    settings.CHAINS = {}

    for body in (START, SWAP):
        refused = post(own, body)
        assert (refused.status_code, refused.json()["code"]) == (422, "chain_unavailable")


def test_nobody_sees_the_position_of_somebody_else(scripted: Chain, own: Call, other: Call, rich: CustomerView) -> None:
    position = started(scripted, own)

    assert other("GET", f"{API}/defi/positions").json()["data"] == []
    assert other("GET", f"{API}/defi/positions/{position['id']}").status_code == 404
    assert post(other, {"kind": "stop_strategy", "position_id": position["id"]}).status_code == 404
