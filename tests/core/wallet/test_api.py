"""GET /wallet and its statement against a real ledger."""

from __future__ import annotations

import csv
from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest
from django.http import HttpResponse

from core.identity.customers import CustomerView
from core.kernel import ids
from core.kernel.money import Money
from core.ledger import accounts, funding, posting
from core.ledger.movements import Announce, Entry, Expect, Line, Movement, OpenLot, PlaceHold, ReleaseHold, Ruling
from core.market import book
from tests.core.market.factories import quoted
from tests.core.realtime import callers

pytestmark = [pytest.mark.django_db, pytest.mark.urls("core.wallet.urls")]
Call = Callable[..., HttpResponse]


def _post(*operations: object, entries: tuple[Entry, ...] = (), transaction_id: UUID | None = None) -> None:
    movement = Movement(ref=ids.uuid7(), transaction_id=transaction_id, entries=entries, operations=operations)  # type: ignore[arg-type]  # operations of the ledger
    assert posting.post(movements=[movement])[movement.ref].ruling is Ruling.OK


def _grant(customer_id: UUID, units: int, asset: str = "USD") -> None:
    domain = "investing" if asset == "BTC:bitcoin" else "banking"
    funding.grant(customer_id=customer_id, amount=Money.of(units, asset), key=ids.uuid7().hex, domain=domain)


def _hold(customer_id: UUID, units: int) -> UUID:
    hold_id = ids.uuid7()
    _post(PlaceHold(hold_id=hold_id, account=accounts.customer(customer_id, "banking", "USD"), units=units))
    return hold_id


def _usd(text: str) -> dict[str, str]:
    return {"amount": text, "asset": "USD"}


def test_a_new_customer_has_an_empty_wallet(own: Call) -> None:
    body = own("GET", "/wallet").json()

    assert (body["object"], body["display_currency"], body["stale"]) == ("wallet", "USD", False)
    assert body["totals"]["value"] == _usd("0.00")
    assert (body["domains"], body["chains"], body["assets"], body["accounts"]) == ([], [], [], [])


def test_every_figure_is_the_ledgers(own: Call, customer: CustomerView) -> None:
    account = accounts.customer(customer.id, "banking", "USD")
    _grant(customer.id, 10_000)
    _hold(customer.id, 2_500)
    expectation = ids.uuid7()
    _post(Expect(expectation_id=expectation, account=account, units=700, lifetime=timedelta(minutes=30)))
    _post(Announce(expectation_id=expectation))
    _post(OpenLot(lot_id=ids.uuid7(), account=account, units=4_000, lifetime=timedelta(days=1)))

    body = own("GET", "/wallet").json()

    figures = {
        "available": _usd("75.00"),
        "held": _usd("25.00"),
        "incoming": _usd("7.00"),
        "total": _usd("100.00"),
        "reversible": _usd("40.00"),
        "withdrawable": _usd("35.00"),
        "value": _usd("100.00"),
        "value_reason": None,
    }
    worth = {**figures, "positions": _usd("0.00"), "unvalued": [], "price_age_seconds": None, "stale": False}
    of_asset = {"asset": "USD", "chain": None, **figures, "price": None}
    assert body["totals"] == worth
    assert body["domains"] == [{"domain": "banking", **worth}]
    assert body["chains"] == [{"chain": None, **worth}]
    assert body["custodies"] == [{"custody": "pooled", **worth}]
    assert body["assets"] == [of_asset]
    assert body["accounts"] == [{"domain": "banking", "custody": "pooled", **of_asset}]
    assert (body["positions"], body["positions_unavailable"]) == ([], [])


def test_assets_without_a_price_are_named_and_left_out(own: Call, customer: CustomerView) -> None:
    _grant(customer.id, 10_000)
    _grant(customer.id, 5_000_000, "USDC:solana")
    _grant(customer.id, 100, "BTC:bitcoin")

    body = own("GET", "/wallet").json()

    assert (body["totals"]["value"], body["totals"]["unvalued"]) == (_usd("100.00"), ["BTC:bitcoin", "USDC:solana"])
    assert [(d["domain"], d["unvalued"]) for d in body["domains"]] == [
        ("banking", ["USDC:solana"]),
        ("investing", ["BTC:bitcoin"]),
    ]
    assert [(a["asset"], a["chain"], a["value"], a["value_reason"]) for a in body["assets"]] == [
        ("BTC", "bitcoin", None, "no_price"),
        ("USD", None, _usd("100.00"), None),
        ("USDC", "solana", None, "no_price"),
    ]


def test_debt_and_blocked_money_are_in_no_total(own: Call, customer: CustomerView) -> None:
    _grant(customer.id, 10_000)
    pending = accounts.external("stripe", "pending", "USD")
    lines = (
        Line(account=accounts.receivable(customer.id, "USD"), units=-1_500),
        Line(account=accounts.blocked(customer.id, "USD"), units=600),
        Line(account=pending, units=900),
    )
    _post(entries=(Entry(key=ids.uuid7().hex, kind="chargeback", lines=lines),))

    body = own("GET", "/wallet").json()

    assert body["totals"]["total"] == _usd("100.00")
    assert (body["owed"], body["blocked"]) == ([_usd("15.00")], [_usd("6.00")])


def test_the_etag_changes_with_the_figures_and_only_then(own: Call, customer: CustomerView) -> None:
    _grant(customer.id, 10_000)
    first = own("GET", "/wallet")
    unchanged = own("GET", "/wallet", **{"If-None-Match": first.headers["ETag"]})
    hold_id = _hold(customer.id, 100)
    held = own("GET", "/wallet", **{"If-None-Match": first.headers["ETag"]})
    _post(ReleaseHold(hold_id=hold_id))
    released = own("GET", "/wallet", **{"If-None-Match": held.headers["ETag"]})

    assert (unchanged.status_code, unchanged.content, unchanged.headers["ETag"]) == (304, b"", first.headers["ETag"])
    assert (held.status_code, released.status_code) == (200, 200)
    assert len({first.headers["ETag"], held.headers["ETag"], released.headers["ETag"]}) == 3


def test_the_display_currency_is_preferred_or_asked_for(own: Call, customer: CustomerView) -> None:
    _grant(customer.id, 10_000)
    _grant(customer.id, 900, "EUR")
    callers.prefer(customer, display_currency="EUR")

    preferred, asked = own("GET", "/wallet").json(), own("GET", "/wallet?currency=USD").json()
    refused = own("GET", "/wallet?currency=XAU")

    assert (preferred["totals"]["value"], preferred["totals"]["unvalued"]) == (
        {"amount": "9.00", "asset": "EUR"},
        ["USD"],
    )
    assert (asked["totals"]["value"], asked["totals"]["unvalued"]) == (_usd("100.00"), ["EUR"])
    assert (refused.status_code, refused.json()["code"]) == (400, "unknown_currency")


def test_the_wallet_costs_four_queries_however_much_there_is(
    own: Call, customer: CustomerView, django_assert_num_queries: Any
) -> None:
    for code in ("USD", "USDC:solana", "USDC:ethereum", "BTC:bitcoin", "ETH:ethereum"):
        _grant(customer.id, 10_000, code)
    quoted("BTC/USD", "100000")
    own("GET", "/wallet")
    book.forget()

    with django_assert_num_queries(4):  # the key, the preferences, the balances, the prices (once a second)
        own("GET", "/wallet")


def test_nobody_sees_somebody_elses_money(own: Call, other: Call, anyone: Call, customer: CustomerView) -> None:
    _grant(customer.id, 10_000)

    assert other("GET", "/wallet").json()["accounts"] == []
    assert other("GET", "/wallet/statement").json()["data"] == []
    assert anyone("GET", "/wallet").status_code == 401
    assert own("GET", "/wallet").json()["totals"]["total"] == _usd("100.00")


def _moved(customer_id: UUID, units: int, transaction_id: UUID) -> None:
    lines = (
        Line(account=accounts.customer(customer_id, "banking", "USD"), units=units),
        Line(account=accounts.external("stripe", "pending", "USD"), units=-units),
    )
    _post(entries=(Entry(key=ids.uuid7().hex, kind="deposit", lines=lines),), transaction_id=transaction_id)


def test_the_statement_runs_back_from_the_balance(own: Call, customer: CustomerView) -> None:
    transaction_id = ids.uuid7()
    _grant(customer.id, 10_000)
    _moved(customer.id, 250, transaction_id)
    _moved(customer.id, -100, transaction_id)

    data = own("GET", "/wallet/statement").json()["data"]

    assert [(row["kind"], row["direction"], row["money"], row["balance"]) for row in data] == [
        ("deposit", "debit", _usd("1.00"), _usd("101.50")),
        ("deposit", "credit", _usd("2.50"), _usd("102.50")),
        ("grant", "credit", _usd("100.00"), _usd("100.00")),
    ]
    assert [row["transaction_id"] for row in data] == [f"txn_{transaction_id.hex}", f"txn_{transaction_id.hex}", None]
    assert {row["account"] for row in data} == {"banking:pooled"}


def test_pages_follow_one_another_without_loss(own: Call, customer: CustomerView) -> None:
    for number in range(1, 6):
        _moved(customer.id, number, ids.uuid7())

    path, balances, pages = "/wallet/statement?limit=2", [], 0
    while path:
        body = own("GET", path).json()
        balances += [row["balance"]["amount"] for row in body["data"]]
        pages += 1
        path = f"/wallet/statement?limit=2&cursor={body['next_cursor']}" if body["has_more"] else ""

    assert (balances, pages) == (["0.15", "0.10", "0.06", "0.03", "0.01"], 3)


def test_the_file_says_what_the_list_says(own: Call, customer: CustomerView) -> None:
    _grant(customer.id, 10_000)
    _moved(customer.id, -250, ids.uuid7())
    data = own("GET", "/wallet/statement").json()["data"]

    answer = own("GET", "/wallet/statement?format=csv")

    rows = list(csv.DictReader(b"".join(answer.streaming_content).decode().splitlines()))  # type: ignore[attr-defined]  # a stream
    assert answer.headers["Content-Type"] == "text/csv; charset=utf-8"
    assert [(r["entry_id"], r["amount"], r["balance"], r["direction"]) for r in rows] == [
        (d["entry_id"], d["money"]["amount"], d["balance"]["amount"], d["direction"]) for d in data
    ]
    assert Decimal(rows[0]["balance"]) == Decimal("97.50")


@pytest.mark.parametrize(
    ("query", "kinds"),
    [
        ("asset=USD", ["grant"]),
        ("asset=USDC&chain=solana", ["grant"]),
        ("domain=investing", []),
        ("created_after=2999-01-01T00:00:00Z", []),
        ("created_before=2000-01-01T00:00:00Z", []),
    ],
)
def test_filters_narrow_the_statement(own: Call, customer: CustomerView, query: str, kinds: list[str]) -> None:
    _grant(customer.id, 10_000)
    _grant(customer.id, 7, "USDC:solana")

    assert [row["kind"] for row in own("GET", f"/wallet/statement?{query}").json()["data"]] == kinds


@pytest.mark.parametrize(
    "query",
    [
        "asset=DOGE",
        "asset=USDC",
        "asset=USDC&chain=tron",
        "domain=x",
        "format=pdf",
        "created_after=soon",
        "limit=0",
        "x=1",
    ],
)
def test_wrong_filters_are_named(own: Call, query: str) -> None:
    answer = own("GET", f"/wallet/statement?{query}")

    assert answer.status_code == 400
    assert answer.json()["errors"][0]["pointer"].startswith("/query/")
