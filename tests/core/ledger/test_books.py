"""verify_books finds what nobody could have done through the front door, and names the row."""

from __future__ import annotations

import json
from collections.abc import Generator
from contextlib import contextmanager
from datetime import timedelta
from io import StringIO

import pytest
from django.core.management import call_command
from django.db import connection, transaction

from core.kernel.ids import uuid7
from core.ledger import books
from core.ledger.movements import Announce, Expect, OpenLot
from tests.core.ledger.build import BANK, Person, apply, entry, hold, move, person

pytestmark = pytest.mark.django_db

TABLES = ("account", "entry", "line", "balance", "system_balance", "system_delta", "hold", "expectation", "lot")


@contextmanager
def tampered(*statements: str) -> Generator[None]:
    """What the books look like to somebody who switched the guards off. Undone afterwards."""
    with transaction.atomic():
        with connection.cursor() as cursor:
            for table in TABLES:
                cursor.execute(f"ALTER TABLE ledger_{table} DISABLE TRIGGER USER")
            for statement in statements:
                cursor.execute(statement)
        yield
        transaction.set_rollback(True)


def busy() -> Person:
    """A customer with money, a hold, an announced inflow and a lot."""
    ann, expectation_id = person(units=1000), uuid7()
    hold(ann, 40)
    apply(
        move(
            Expect(expectation_id=expectation_id, account=ann.usd, units=70),
            OpenLot(lot_id=uuid7(), account=ann.usd, units=60, lifetime=timedelta(days=1)),
        )
    )
    apply(move(entry(ann.usd, -10, BANK, 10, key="spent"), Announce(expectation_id=expectation_id)))
    return ann


def test_sound_books_have_no_breaks() -> None:
    busy()

    assert list(books.breaks()) == []


@pytest.mark.parametrize(
    ("check", "statement"),
    [
        ("ledger.entry_sums_to_zero", "UPDATE ledger_line SET units = units + 1 WHERE units = 10"),
        ("ledger.asset_sums_to_zero", "UPDATE ledger_line SET units = units + 1 WHERE units = 10"),
        ("ledger.entry_is_whole", "DELETE FROM ledger_line WHERE units = 10"),
        ("ledger.entry_is_whole", "DELETE FROM ledger_entry WHERE key = 'spent'"),
        ("ledger.line_has_account", "UPDATE ledger_line SET account_id = 999999999 WHERE units = 10"),
        ("ledger.account_has_balance", "DELETE FROM ledger_balance"),
        ("ledger.account_has_balance", "DELETE FROM ledger_system_balance"),
        ("ledger.posted_equals_replay", "UPDATE ledger_balance SET posted = posted + 1"),
        ("ledger.system_equals_replay", "UPDATE ledger_system_delta SET units = units + 1 WHERE units = 10"),
        ("ledger.system_equals_replay", "UPDATE ledger_system_balance SET posted = posted + 1"),
        ("ledger.delta_has_account", "UPDATE ledger_system_delta SET account_id = 999999999 WHERE units = 10"),
        ("ledger.held_equals_open_holds", "UPDATE ledger_hold SET outcome = 'released', resolved_at = now()"),
        ("ledger.held_equals_open_holds", "UPDATE ledger_balance SET held = held + 1"),
        ("ledger.incoming_equals_announced", "UPDATE ledger_expectation SET state = 'written'"),
        ("ledger.incoming_equals_announced", "UPDATE ledger_balance SET incoming = 0"),
        ("ledger.reversible_equals_open_lots", "UPDATE ledger_lot SET open_units = 1"),
        ("ledger.reversible_equals_open_lots", "UPDATE ledger_balance SET reversible = 0"),
    ],
)
def test_each_kind_of_tampering_is_found(check: str, statement: str) -> None:
    busy()

    with tampered(statement):
        found = {one.check for one in books.breaks()}

    assert check in found


@pytest.mark.parametrize(
    ("check", "undone", "statement"),
    [
        (
            "ledger.balance_within_bound",
            "ALTER TABLE ledger_balance DROP CONSTRAINT ledger_balance_within_bound",
            "UPDATE ledger_balance SET posted = -1",
        ),
        (
            "ledger.hold_resolved_once",
            "ALTER TABLE ledger_hold DROP CONSTRAINT ledger_hold_outcome_whole",
            "UPDATE ledger_hold SET resolved_at = now()",
        ),
    ],
)
def test_what_a_missing_constraint_let_through_is_found(check: str, undone: str, statement: str) -> None:
    busy()

    with tampered(undone, statement):
        found = {one.check for one in books.breaks()}

    assert check in found


def test_break_names_the_account_and_both_figures() -> None:
    ann = busy()

    with tampered("UPDATE ledger_balance SET posted = 991 WHERE posted = 990"):
        (found,) = books.breaks()

    assert found.subject == f"account {ann.usd.code} USD"
    assert found.detail == "posted 991, its lines sum to 990"


def test_verify_books_is_silent_about_sound_books_and_loud_about_others() -> None:
    busy()
    out = StringIO()

    with tampered("UPDATE ledger_balance SET held = held + 1"), pytest.raises(SystemExit) as stopped:
        call_command("verify_books", stdout=out)

    assert stopped.value.code == 1
    assert "ledger.held_equals_open_holds: account cust:" in out.getvalue()


def test_verify_books_answers_in_json() -> None:
    busy()
    out = StringIO()

    with tampered("UPDATE ledger_balance SET held = held + 1"), pytest.raises(SystemExit):
        call_command("verify_books", "--json", stdout=out)

    document = json.loads(out.getvalue())
    assert [one["check"] for one in document["breaks"]] == ["ledger.held_equals_open_holds"]
