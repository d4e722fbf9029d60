"""Investing over HTTP: a purchase as a client sends it, positions as their owner reads them."""

from datetime import timedelta
from typing import Any

import pytest
from django.http import HttpResponse

from core.identity.customers import CustomerView
from core.kernel import ids
from core.kernel.money import Money
from core.ledger import funding
from core.providers.contract import Stage
from tests.core.market.factories import quoted
from tests.core.orchestration.fakes import FakeProvider
from tests.core.realtime.callers import Call
from tests.investing import world
from tests.investing.world import USD

pytestmark = pytest.mark.django_db
API = "/api/v1"
BODY: dict[str, Any] = {
    "kind": "buy",
    "source": {"asset": "USD", "amount": "100.00"},
    "target": {"asset": "BTC", "chain": "bitcoin"},
}


def rich(owner: CustomerView) -> None:
    funding.grant(customer_id=owner.id, amount=Money(50_000, USD), key=f"test:{owner.id}")


def post(call: Call, body: dict[str, Any]) -> HttpResponse:
    headers = {"Idempotency-Key": ids.uuid7().hex}
    return call("POST", f"{API}/investing/transactions", body, **headers)


def test_a_purchase_is_accepted_executed_and_held(exchange: FakeProvider, own: Call, customer: CustomerView) -> None:
    rich(customer)
    exchange.submits = [world.said(Stage.SETTLED, world.fill("T1", 9_975, 99_000))]

    made = post(own, BODY)
    world.work()

    assert made.status_code == 201, made.content
    assert made.json()["target"] == {"asset": "BTC", "chain": "bitcoin", "amount": "0.00099350"}
    seen = own("GET", f"{API}/transactions/{made.json()['id']}").json()
    assert (seen["status"], seen["state"], seen["provider"]) == ("completed", "COMPLETED", "kraken")
    assert seen["target"] == {"asset": "BTC", "chain": "bitcoin", "amount": "0.00099000"}
    (position,) = own("GET", f"{API}/investing/positions").json()["data"]
    assert position["quantity"] == {"asset": "BTC", "chain": "bitcoin", "amount": "0.00099000"}
    assert position["cost"] == {"asset": "USD", "amount": "100.00"}
    assert position["value"] == {"asset": "USD", "amount": "99.00"}
    assert position["unrealised_profit"] == {"asset": "USD", "amount": "-1.00"}
    assert (position["price"]["price"], position["price"]["stale"]) == ("100000", False)


def test_the_story_tells_each_fill(exchange: FakeProvider, own: Call, customer: CustomerView) -> None:
    rich(customer)
    exchange.submits = [world.said(Stage.SETTLED, world.fill("T1", 5_000, 50_000), world.fill("T2", 4_975, 49_000))]
    made = post(own, BODY).json()["id"]
    world.work()

    story = own("GET", f"{API}/transactions/{made}/explain").json()

    assert (story["order"]["pair"], story["order"]["limit_price"]) == ("BTC/USD", "101000")
    assert [fill["our_fee"]["amount"] for fill in story["order"]["fills"]] == ["0.13", "0.12"]
    assert story["order"]["received"]["amount"] == "0.00099000"


def test_a_position_is_read_with_its_history_by_its_owner_only(
    exchange: FakeProvider, own: Call, other: Call, customer: CustomerView
) -> None:
    rich(customer)
    exchange.submits = [world.said(Stage.SETTLED, world.fill("T1", 9_975, 99_000))]
    made = post(own, BODY).json()["id"]
    world.work()
    position = own("GET", f"{API}/investing/positions").json()["data"][0]["id"]

    read = own("GET", f"{API}/investing/positions/{position}").json()

    assert [(line["transaction_id"], line["cost"]["amount"]) for line in read["changes"]] == [(made, "100.00")]
    assert other("GET", f"{API}/investing/positions/{position}").status_code == 404
    assert other("GET", f"{API}/investing/positions").json()["data"] == []


def test_positions_come_in_pages(exchange: FakeProvider, own: Call, customer: CustomerView) -> None:
    rich(customer)
    exchange.submits = [
        world.said(Stage.SETTLED, world.fill("T1", 9_975, 99_000)),
        world.said(Stage.SETTLED, world.fill("T2", 9_975, 25 * 10**15, got=world.ETH)),
    ]
    for target in (BODY["target"], {"asset": "ETH", "chain": "ethereum"}):
        post(own, {**BODY, "target": target})
        world.work()

    first = own("GET", f"{API}/investing/positions?limit=1").json()
    second = own("GET", f"{API}/investing/positions?limit=1&cursor={first['next_cursor']}").json()

    assert [page["data"][0]["quantity"]["asset"] for page in (first, second)] == ["ETH", "BTC"]
    assert (first["has_more"], second["has_more"]) == (True, False)


def test_a_value_by_an_old_price_says_so(exchange: FakeProvider, own: Call, customer: CustomerView) -> None:
    rich(customer)
    exchange.submits = [world.said(Stage.SETTLED, world.fill("T1", 9_975, 99_000))]
    post(own, BODY)
    world.work()
    quoted("BTC/USD", "100000", age=timedelta(hours=1))

    (position,) = own("GET", f"{API}/investing/positions").json()["data"]

    assert position["value"] == {"asset": "USD", "amount": "99.00"}
    assert position["price"]["stale"] is True


def test_the_wallet_explains_coins_by_their_position(exchange: FakeProvider, own: Call, customer: CustomerView) -> None:
    rich(customer)
    exchange.submits = [world.said(Stage.SETTLED, world.fill("T1", 9_975, 99_000))]
    post(own, BODY)
    world.work()

    body = own("GET", f"{API}/wallet").json()

    assert {part["domain"] for part in body["domains"]} == {"banking", "investing"}
    assert [(one["domain"], one["kind"]) for one in body["positions"]] == [("investing", "holding")]


@pytest.mark.parametrize(
    ("change", "status", "code", "pointer"),
    [
        ({"target": None}, 400, "required", "/target"),
        ({"target": {"asset": "USDT", "chain": "solana"}}, 422, "asset_not_supported", "/target/asset"),
        ({"source": {"asset": "EUR", "amount": "100.00"}}, 422, "asset_not_supported", "/source/asset"),
        ({"source": {"asset": "USD", "amount": "1.00"}}, 422, "amount_below_minimum", "/source/amount"),
        ({"source": {"asset": "USD", "amount": "1000.00"}}, 422, "insufficient_funds", None),
        ({"kind": "reversal"}, 400, "unknown_kind", "/kind"),
        ({"instrument_id": "ins_1"}, 400, "unexpected_field", "/instrument_id"),
    ],
)
def test_what_cannot_be_is_refused_and_names_the_field(
    exchange: FakeProvider,
    own: Call,
    customer: CustomerView,
    change: dict[str, Any],
    status: int,
    code: str,
    pointer: str | None,
) -> None:
    rich(customer)

    answer = post(own, {**BODY, **change})

    problem = answer.json()
    assert (answer.status_code, problem["code"]) == (status, code), problem
    assert [each["pointer"] for each in problem["errors"]] == ([pointer] if pointer else [])
    assert world.figures(customer, USD) == (50_000, 0)


def test_a_quote_is_traded_at_its_terms(exchange: FakeProvider, own: Call, customer: CustomerView) -> None:
    rich(customer)
    exchange.submits = [world.said(Stage.SETTLED, world.fill("T1", 9_975, 99_000))]
    key = {"Idempotency-Key": ids.uuid7().hex}
    quote = own("POST", f"{API}/quotes", {**BODY, "domain": "investing"}, **key).json()
    assert quote["receive"] == {"asset": "BTC", "chain": "bitcoin", "amount": "0.00099350"}
    assert quote["min_receive"] == {"asset": "BTC", "chain": "bitcoin", "amount": "0.00098366"}
    quoted("BTC/USD", "120000")

    made = post(own, {"quote_id": quote["id"]})
    world.work()

    assert made.status_code == 201, made.content
    assert exchange.orders[0].terms["limit_price"] == "101000"
    assert own("GET", f"{API}/transactions/{made.json()['id']}").json()["state"] == "COMPLETED"


def test_pairs_are_listed_with_their_rules(exchange: FakeProvider, own: Call, anyone: Call) -> None:
    found = {one["pair"]: one for one in own("GET", f"{API}/investing/pairs").json()["data"]}

    assert found["BTC/USD"]["minimum"] == {"asset": "BTC", "chain": "bitcoin", "amount": "0.00005000"}
    assert found["BTC/USD"]["band_bps"] == 100
    assert anyone("GET", f"{API}/investing/pairs").status_code == 401
