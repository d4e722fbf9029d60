"""Our Kraken client and ccxt's, side by side on one account: each does something, both tell the same of it."""

from __future__ import annotations

import secrets
from decimal import Decimal
from typing import Any

import ccxt
import pytest

from core.kernel import assets
from core.kernel.money import Money
from core.providers.contract import Operation, Order, Query, Stage
from investing.providers.kraken import sizing
from investing.providers.kraken.adapter import KrakenAdapter
from tests.contracts import subjects
from tests.sandbox.rig import KRAKEN_CCXT_KEY, KRAKEN_SECRET, Sandbox

pytestmark = pytest.mark.django_db


@pytest.fixture
def ours(sandbox: Sandbox) -> KrakenAdapter:
    sandbox.control("POST", "kraken/depth", {"pair": "ETHUSD", "levels": 5, "size": 10_000, "spread": 500})
    sandbox.control("POST", "kraken/price", {"pair": "ETHUSD", "price": "3000.00"})
    return subjects.kraken(url=sandbox.url, limits=subjects.LIMITS)


@pytest.fixture
def theirs(sandbox: Sandbox) -> Any:
    made = ccxt.kraken({"apiKey": KRAKEN_CCXT_KEY, "secret": KRAKEN_SECRET, "enableRateLimit": False})
    made.urls["api"] = {"public": sandbox.url, "private": sandbox.url, "zendesk": sandbox.url}
    made.load_markets()
    return made


def test_both_read_the_same_rules(ours: KrakenAdapter, theirs: Any) -> None:
    listings = {listing.pair: listing for listing in ours.listings()}

    assert set(listings) == {
        *("BTC/USD", "ETH/USD", "SOL/USD", "SUI/USD", "USDC/USD"),
        *("BTC/USDC", "ETH/USDC", "SOL/USDC", "SUI/USDC"),
    }
    for pair, listing in listings.items():
        market = theirs.market(pair)
        assert Decimal(str(market["precision"]["price"])) == Decimal(10) ** -listing.price_decimals
        assert Decimal(str(market["limits"]["amount"]["min"])) == listing.minimum.decimal
        assert Decimal(str(market["limits"]["cost"]["min"])) == listing.minimum_cost.decimal
        assert (Decimal(str(market["taker"])), market["active"]) == (
            Decimal(float(listing.taker_fee)).quantize(Decimal("0.0001")),
            listing.is_open,
        )


def test_both_tell_the_same_of_our_order(ours: KrakenAdapter, theirs: Any) -> None:
    order = _buy()
    ref = ours.submit(order).provider_ref
    report = ours.status(_query(order, ref))

    seen = theirs.fetch_order(ref)
    trades = {trade["id"]: trade for trade in theirs.fetch_my_trades("ETH/USD") if trade["order"] == ref}

    assert report is not None
    assert report.received is not None
    assert (report.stage, seen["status"], seen["side"]) == (Stage.SETTLED, "closed", "buy")
    assert seen["clientOrderId"] == sizing.client_order_id(order.key)
    assert Decimal(str(seen["filled"])) == report.received.decimal
    assert [fill.trade_id for fill in report.fills] == sorted(
        trades, key=lambda id_: (trades[id_]["timestamp"], trades[id_]["price"])
    )
    for fill in report.fills:
        trade = trades[fill.trade_id]
        assert Decimal(str(trade["price"])) == Decimal(fill.price)
        assert Decimal(str(trade["amount"])) == fill.received.decimal
    theirs_paid = sum(Decimal(str(trade["cost"])) + Decimal(str(trade["fee"]["cost"])) for trade in trades.values())
    assert report.spent is not None
    assert abs(report.spent.decimal - theirs_paid) < Decimal("0.02")


def test_both_tell_the_same_of_their_order(ours: KrakenAdapter, theirs: Any) -> None:
    key = f"txn_{secrets.token_hex(6)}:order:kraken"
    made = theirs.create_order(
        "ETH/USD", "limit", "sell", 2, 3_500, params={"clientOrderId": sizing.client_order_id(key)}
    )
    question = Query(operation=Operation.ORDER, key=key, reference="", amount=Money.of(2 * 10**18, "ETH:ethereum"))

    open_report = ours.status(question)
    theirs.cancel_order(made["id"])
    ended = ours.status(question)

    assert open_report is not None
    assert (open_report.stage, open_report.provider_ref, open_report.amount) == (
        Stage.ACCEPTED,
        made["id"],
        question.amount,
    )
    assert ended is not None
    assert (ended.stage, ended.reason) == (Stage.CANCELED, "order_canceled")
    assert theirs.fetch_order(made["id"])["status"] == "canceled"


def test_an_order_that_is_more_than_was_asked_shows_it(ours: KrakenAdapter, theirs: Any) -> None:
    key = f"txn_{secrets.token_hex(6)}:order:kraken"
    theirs.create_order("ETH/USD", "market", "sell", 2, params={"clientOrderId": sizing.client_order_id(key)})

    report = ours.status(
        Query(operation=Operation.ORDER, key=key, reference="", amount=Money.of(10**18, "ETH:ethereum"))
    )

    assert report is not None
    assert report.amount == Money.of(2 * 10**18, "ETH:ethereum")


def test_balances_after_both_have_traded_are_what_both_paid(ours: KrakenAdapter, theirs: Any) -> None:
    before = theirs.fetch_balance()["total"]
    order = _buy()
    report = ours.status(_query(order, ours.submit(order).provider_ref))
    sold = theirs.fetch_order(theirs.create_order("ETH/USD", "market", "sell", 0.5)["id"])

    after = theirs.fetch_balance()["total"]

    assert report is not None
    assert report.received is not None
    assert report.spent is not None
    ether = Decimal(str(after["ETH"])) - Decimal(str(before["ETH"]))
    assert abs(ether - (report.received.decimal - Decimal("0.5"))) < Decimal("0.00000001")
    dollars = Decimal(str(after["USD"])) - Decimal(str(before["USD"]))
    gained = Decimal(sold["info"]["cost"]) - Decimal(sold["info"]["fee"])
    assert abs(dollars - (gained - report.spent.decimal)) < Decimal("0.011")


def _buy() -> Order:
    key = f"txn_{secrets.token_hex(6)}:order:kraken"
    return Order(
        operation=Operation.ORDER,
        method="spot",
        key=key,
        reference=key.partition(":")[0],
        amount=Money.of(25_000_00, "USD"),
        instrument={},
        target=assets.get("ETH:ethereum"),
        terms={"side": "buy", "pair": "ETH/USD", "limit_price": "3030.00"},
    )


def _query(order: Order, ref: str) -> Query:
    return subjects.query(order, provider_ref=ref, with_order=False)
