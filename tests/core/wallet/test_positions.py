"""Positions in the wallet: told by their domains, never spendable, never left out."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import timedelta
from typing import Any

import pytest
from django.http import HttpResponse

from core.identity.customers import CustomerView
from core.kernel import errors, ids
from core.kernel.money import Money
from core.ledger import accounts, funding, posting
from core.ledger.movements import Entry, Line, Movement, Ruling
from core.wallet import positions
from core.wallet.positions import PositionView
from tests.core.market.factories import quoted

pytestmark = [pytest.mark.django_db, pytest.mark.urls("core.wallet.urls")]
Call = Callable[..., HttpResponse]


def _own_address(customer: CustomerView, units: int, code: str, *, domain: str = "defi") -> None:
    """Let a customer have coins at his own address."""
    lines = (
        Line(account=accounts.customer(customer.id, domain, code, role="wallet"), units=units),
        Line(account=accounts.system("equity", code), units=-units),
    )
    movement = Movement(
        ref=ids.uuid7(),
        transaction_id=None,
        entries=(Entry(key=ids.uuid7().hex, kind="grant", lines=lines),),
        operations=(),
    )
    assert posting.post(movements=[movement])[movement.ref].ruling is Ruling.OK


def _strategy(**more: Any) -> PositionView:
    facts: dict[str, Any] = {
        "id": "pos_0190",
        "domain": "defi",
        "kind": "strategy",
        "name": "Lend USDC with Aave",
        "units": Money.of(90_000_000, "AUSDC:ethereum"),
        "cost_basis": Money.of(100_000_000, "USDC:ethereum"),
        "value": Money.of(100_500_000, "USDC:ethereum"),
        "facts": {"protocol": "aave_v3"},
    }
    return PositionView(**{**facts, **more})


def _usdc(text: str) -> dict[str, str]:
    return {"amount": text, "asset": "USDC", "chain": "ethereum"}


def test_a_strategy_is_shown_apart_and_valued(own: Call, customer: CustomerView, told: list[PositionView]) -> None:
    _own_address(customer, 90_000_000, "AUSDC:ethereum")
    quoted("USDC/USD", "0.9996", age=timedelta(seconds=4))
    told.append(_strategy())

    body = own("GET", "/wallet").json()

    (shown,) = body["positions"]
    assert shown["price"].pop("age_seconds") in range(4, 9)
    assert shown["price"].pop("observed_at")
    assert shown == {
        "id": "pos_0190",
        "domain": "defi",
        "kind": "strategy",
        "name": "Lend USDC with Aave",
        "status": "active",
        "custody": "wallet",
        "units": {"amount": "90.000000", "asset": "AUSDC", "chain": "ethereum"},
        "brings": _usdc("100.500000"),
        "cost_basis": _usdc("100.000000"),
        "unrealised": _usdc("0.500000"),
        "realised": None,
        "value": {"amount": "100.45", "asset": "USD"},
        "value_reason": None,
        "price": {
            "symbol": "USDC",
            "quote": "USD",
            "price": "0.9996",
            "reason": None,
            "source": "kraken",
            "path": [{"pair": "USDC/USD", "inverse": False}],
            "stale": False,
        },
        "in_balances": False,
        "opened_at": None,
        "as_of": None,
        "stale": False,
        "facts": {"protocol": "aave_v3"},
    }


def test_scaled_units_are_never_spendable_cash(own: Call, customer: CustomerView, told: list[PositionView]) -> None:
    _own_address(customer, 90_000_000, "AUSDC:ethereum")
    funding.grant(customer_id=customer.id, amount=Money.of(2_500, "USD"), key=ids.uuid7().hex)
    quoted("USDC/USD", "1")
    told.append(_strategy())

    body = own("GET", "/wallet").json()

    usd = [{"amount": text, "asset": "USD"} for text in ("25.00", "100.50", "125.50")]
    totals = body["totals"]
    assert [totals["available"], totals["positions"], totals["value"]] == usd
    assert [totals["total"], totals["withdrawable"]] == [usd[0], usd[0]]
    assert [part["asset"] for part in body["assets"]] == ["USD"]
    assert [part["asset"] for part in body["accounts"]] == ["USD"]
    cuts = {
        name: [(part[key], part["value"]["amount"]) for part in body[name]]
        for name, key in (("domains", "domain"), ("chains", "chain"), ("custodies", "custody"))
    }
    assert cuts == {
        "domains": [("banking", "25.00"), ("defi", "100.50")],
        "chains": [(None, "25.00"), ("ethereum", "100.50")],
        "custodies": [("pooled", "25.00"), ("wallet", "100.50")],
    }


def test_pooled_coins_and_those_at_the_own_address_are_shown_apart(own: Call, customer: CustomerView) -> None:
    funding.grant(customer_id=customer.id, amount=Money.of(7_000_000, "USDC:ethereum"), key=ids.uuid7().hex)
    _own_address(customer, 3_000_000, "USDC:ethereum", domain="banking")
    quoted("USDC/USD", "1")

    body = own("GET", "/wallet").json()

    assert [(part["custody"], part["value"]["amount"]) for part in body["custodies"]] == [
        ("pooled", "7.00"),
        ("wallet", "3.00"),
    ]
    assert [(part["custody"], part["total"]) for part in body["accounts"]] == [
        ("pooled", _usdc("7.000000")),
        ("wallet", _usdc("3.000000")),
    ]
    (asset,) = body["assets"]
    assert (asset["total"], asset["value"]["amount"]) == (_usdc("10.000000"), "10.00")


def test_what_no_domain_tells_is_shown_without_a_value(
    own: Call, customer: CustomerView, told: list[PositionView]
) -> None:
    _own_address(customer, 90_000_000, "AUSDC:ethereum")
    quoted("USDC/USD", "1")
    told.append(_strategy(units=Money.of(60_000_000, "AUSDC:ethereum")))

    body = own("GET", "/wallet").json()

    known, rest = body["positions"]
    assert (known["id"], rest["id"], rest["units"]["amount"]) == ("pos_0190", None, "30.000000")
    assert (rest["value"], rest["value_reason"], rest["stale"]) == (None, "no_price", True)
    assert (body["totals"]["unvalued"], body["stale"]) == (["AUSDC:ethereum"], True)


def test_a_domain_that_cannot_tell_now_is_named(
    own: Call, customer: CustomerView, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(_customer_id: object) -> Sequence[PositionView]:
        raise errors.ConnectionFault(detail="the node is down")

    _own_address(customer, 90_000_000, "AUSDC:ethereum")
    positions.register("defi", fail)

    body = own("GET", "/wallet").json()

    assert (body["positions_unavailable"], body["stale"]) == (["defi"], True)
    assert [each["units"]["amount"] for each in body["positions"]] == ["90.000000"]


def test_the_etag_follows_prices_and_positions_and_not_their_age(
    own: Call, customer: CustomerView, told: list[PositionView]
) -> None:
    def tag() -> str:
        return own("GET", "/wallet").headers["ETag"]

    _own_address(customer, 90_000_000, "AUSDC:ethereum")
    quoted("USDC/USD", "1", age=timedelta(seconds=5))
    told.append(_strategy())
    first = tag()
    quoted("USDC/USD", "1")
    same = tag()
    told[0] = _strategy(value=Money.of(100_500_001, "USDC:ethereum"))
    grown = tag()
    quoted("USDC/USD", "0.9999")
    repriced = tag()

    assert first == same
    assert len({same, grown, repriced}) == 3


def test_the_wallet_in_another_currency_is_valued_over_dollars(own: Call, customer: CustomerView) -> None:
    funding.grant(
        customer_id=customer.id, amount=Money.of(10**8, "BTC:bitcoin"), key=ids.uuid7().hex, domain="investing"
    )
    quoted("BTC/USD", "108000")
    quoted("EUR/USD", "1.08")

    body = own("GET", "/wallet?currency=EUR").json()

    assert body["totals"]["value"] == {"amount": "100000.00", "asset": "EUR"}
    assert [leg["pair"] for leg in body["assets"][0]["price"]["path"]] == ["BTC/USD", "EUR/USD"]
