"""Reads of the ledger: balances, statements, the trial balance, the rows behind a transaction."""

from __future__ import annotations

from datetime import timedelta
from uuid import uuid4

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from core.kernel.ids import uuid7
from core.ledger import accounts, queries, sweeps
from core.ledger.models import Entry
from core.ledger.queries import Period
from tests.core.ledger.build import BANK, EQUITY, FEE, apply, entry, move, person

pytestmark = pytest.mark.django_db


def test_balances_of_a_customer_come_in_one_query() -> None:
    ann = person(units=1000)
    owed = accounts.receivable(ann.id, "USD")
    apply(move(entry(owed, -30, EQUITY, 30)))

    with CaptureQueriesContext(
        connection,
    ) as asked:
        found = queries.balances(customer_id=ann.id)

    assert len(asked) == 1
    assert [(one.kind, one.domain, one.custody, one.asset, one.posted.text, one.version) for one in found] == [
        ("customer", "banking", "pooled", "USD", "10.00", 1),
        ("receivable", "", "", "USD", "-0.30", 1),
    ]


def test_balances_of_several_customers_come_in_one_query() -> None:
    ann, bob, _cyd = person(units=10), person(units=20), person(units=30)

    with CaptureQueriesContext(connection) as asked:
        found = queries.balances_of(customer_ids=[ann.id, bob.id])

    assert len(asked) == 1
    assert {one.customer_id: one.posted.units for one in found} == {ann.id: 10, bob.id: 20}


def test_stranger_has_no_balances() -> None:
    assert queries.balances(customer_id=uuid4()) == []
    assert queries.available(customer_id=uuid4(), domain="banking", asset="USD") == 0
    assert queries.statement(customer_id=uuid4()).lines == []


def test_statement_carries_the_running_balance() -> None:
    ann, bob = person(units=1000), person()
    apply(move(entry(ann.usd, -525, bob.usd, 500, FEE, 25)))
    apply(move(entry(ann.usd, -100, BANK, 100)), move(entry(ann.usd, 7, EQUITY, -7)))

    page = queries.statement(customer_id=ann.id)

    assert [(line.amount.units, line.balance.units) for line in page.lines] == [
        (7, 382),
        (-100, 375),
        (-525, 475),
        (1000, 1000),
    ]
    assert page.next_before is None


def test_statement_pages_meet_without_gap_or_overlap() -> None:
    ann = person(units=1000)
    for _ in range(6):
        apply(move(entry(ann.usd, -10, BANK, 10)))

    pages, before = [], None
    while True:
        page = queries.statement(customer_id=ann.id, before=before, limit=3)
        pages.append([line.balance.units for line in page.lines])
        before = page.next_before
        if before is None:
            break

    assert pages == [[940, 950, 960], [970, 980, 990], [1000]]


def test_statement_page_that_ends_exactly_is_the_last() -> None:
    ann = person(units=1000)
    apply(move(entry(ann.usd, -10, BANK, 10)))

    assert queries.statement(customer_id=ann.id, limit=2).next_before is None


def test_statement_keeps_accounts_apart() -> None:
    ann = person(units=1000)
    euros = accounts.customer(ann.id, "banking", "EUR")
    apply(move(entry(euros, 50, accounts.system("equity", "EUR"), -50)))
    apply(move(entry(ann.usd, -1, BANK, 1)))

    everything = queries.statement(customer_id=ann.id).lines

    assert [(line.asset, line.balance.units) for line in everything] == [("USD", 999), ("EUR", 50), ("USD", 1000)]
    assert [line.asset for line in queries.statement(customer_id=ann.id, asset="EUR").lines] == ["EUR"]
    assert queries.statement(customer_id=ann.id, domain="investing").lines == []


def test_statement_of_a_period_and_balance_at_a_time() -> None:
    ann = person(units=1000)
    for _ in range(3):
        apply(move(entry(ann.usd, -10, BANK, 10)))
    times = list(Entry.objects.order_by("posted_at").values_list("posted_at", flat=True))[-4:]

    page = queries.statement(customer_id=ann.id, period=Period(since=times[1], until=times[3]))

    assert [line.balance.units for line in page.lines] == [980, 990]
    assert [money.units for _, money in queries.balances_at(customer_id=ann.id, at=times[1])] == [990]
    early = queries.balances_at(customer_id=ann.id, at=times[0] - timedelta(microseconds=1))
    assert [money.units for _, money in early] == [0]


def test_trial_balance_adds_up_to_nothing_per_asset() -> None:
    ann, bob = person(units=1000), person(units=500)
    apply(move(entry(ann.usd, -525, bob.usd, 500, FEE, 25)))
    sweeps.roll_up(limit=2)

    rows = queries.trial_balance()

    assert {(row.name, row.asset): (row.accounts, row.total.units) for row in rows} == {
        ("customers:banking:pooled", "USD"): (2, 1475),
        ("fee:platform", "USD"): (1, 25),
        ("equity", "USD"): (1, -1500),
    }
    assert sum(row.total.units for row in rows) == 0


def test_proof_sums_the_journal_itself() -> None:
    person(units=1000)

    (proof,) = queries.proof()

    assert (proof.asset, proof.lines, proof.credits.units, proof.debits.units) == ("USD", 2, 1000, 1000)
    assert proof.balances


def test_entries_of_a_transaction_come_with_their_lines_in_order() -> None:
    ann, bob, transaction_id = person(units=1000), person(), uuid7()
    apply(
        move(
            entry(ann.usd, -525, bob.usd, 500, FEE, 25, key="first"),
            entry(FEE, -1, EQUITY, 1, key="second"),
            transaction_id=transaction_id,
        )
    )

    found = queries.entries_for(transaction_ids=[transaction_id])

    assert {one.key: [(line.account, line.amount.units) for line in one.lines] for one in found} == {
        "first": [(ann.usd.code, -525), (bob.usd.code, 500), ("fee:platform", 25)],
        "second": [("fee:platform", -1), ("equity", 1)],
    }


def test_system_account_that_was_never_used_is_empty() -> None:
    assert queries.system_balance(account=accounts.cost("variance", "EUR")).text == "0.00"
    assert queries.cover(provider="nobody", asset="USD").units == 0
