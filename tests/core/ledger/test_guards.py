"""What the database refuses by itself, whoever asks: raw SQL against every invariant."""
# ruff: noqa: S608 - the statements are put together from the words of this file

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from django.db import DatabaseError, IntegrityError, connection, transaction

from core.kernel.ids import uuid7
from core.ledger import accounts
from core.ledger.models import Balance, Entry, Hold, Line
from core.ledger.movements import Announce, Expect, OpenLot, ReleaseHold
from tests.core.ledger.build import EQUITY, FEE, Person, apply, entry, figures, hold, move, person

pytestmark = pytest.mark.django_db

WHOLE = (
    "WITH e AS (INSERT INTO ledger_entry (id, key, kind, line_count, posted_at)"
    " VALUES (%(entry)s, %(key)s, 'raw', %(count)s, now()))"
    " INSERT INTO ledger_line (entry_id, line_no, account_id, units)"
    " SELECT %(entry)s, n, a, u"
    " FROM unnest(%(numbers)s::int[], %(accounts)s::bigint[], %(units)s::numeric[]) l (n, a, u)"
)


def refused(sql: str, params: Any = None) -> None:
    """The statement must fail on the database's own guard."""
    with pytest.raises((IntegrityError, DatabaseError)), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(sql, params)


def raw(one: Person, **overrides: Any) -> dict[str, Any]:
    """A sound entry of 5 units to a customer, with something wrong."""
    pks = accounts.ensure([one.usd, EQUITY])
    sound: dict[str, Any] = {
        "entry": uuid7(),
        "key": uuid7().hex,
        "count": 2,
        "numbers": [1, 2],
        "accounts": [pks[one.usd], pks[EQUITY]],
        "units": [5, -5],
    }
    return sound | overrides


def test_sound_entry_is_let_through() -> None:
    ann = person(units=100)

    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute(WHOLE, raw(ann))
        written = Line.objects.filter(units=5).count()
        transaction.set_rollback(True)

    assert written == 1


@pytest.mark.parametrize(
    "wrong",
    [
        {"units": [5, -4]},
        {"units": [5, 0]},
        {"units": [0, 0]},
        {"numbers": [1, 3]},
        {"numbers": [0, 1]},
        {"numbers": [1, 1]},
        {"count": 3},
        {"count": 1},
        {"numbers": [1], "units": [5]},
        {"accounts": [1, 999_999_999]},
        {"numbers": [], "units": [], "accounts": []},
    ],
)
def test_entry_that_is_not_whole_is_refused(wrong: dict[str, Any]) -> None:
    ann = person(units=100)
    entries = Entry.objects.count()

    refused(WHOLE, raw(ann, **wrong))

    assert Entry.objects.count() == entries


def test_entry_that_sums_to_zero_only_across_assets_is_refused() -> None:
    ann = person(units=100)
    other = accounts.system("equity", "EUR")
    pks = accounts.ensure([ann.usd, other])

    refused(WHOLE, raw(ann, accounts=[pks[ann.usd], pks[other]]))


def test_line_cannot_join_an_entry_later() -> None:
    ann = person(units=100)
    first = Entry.objects.latest("posted_at")
    pks = accounts.ensure([ann.usd, EQUITY])

    refused(
        "INSERT INTO ledger_line (entry_id, line_no, account_id, units) VALUES (%s, 3, %s, 5), (%s, 4, %s, -5)",
        [first.id, pks[ann.usd], first.id, pks[EQUITY]],
    )
    refused(
        "INSERT INTO ledger_line (entry_id, line_no, account_id, units) VALUES (%s, 1, %s, 5), (%s, 2, %s, -5)",
        [first.id, pks[ann.usd], first.id, pks[EQUITY]],
    )

    assert Line.objects.filter(entry_id=first.id).count() == 2


def test_lines_of_no_entry_are_refused() -> None:
    ann = person(units=100)
    pks = accounts.ensure([ann.usd, EQUITY])

    refused(
        "INSERT INTO ledger_line (entry_id, line_no, account_id, units) VALUES (%s, 1, %s, 5), (%s, 2, %s, -5)",
        [uuid7(), pks[ann.usd], UUID(int=1), pks[EQUITY]],
    )


def test_one_key_is_one_entry() -> None:
    ann = person(units=100)
    apply(move(entry(ann.usd, -5, FEE, 5, key="taken")))

    refused(WHOLE, raw(ann, key="taken"))

    assert Entry.objects.filter(key="taken").count() == 1


@pytest.mark.parametrize(
    "table",
    [
        "ledger_account",
        "ledger_entry",
        "ledger_line",
        "ledger_balance",
        "ledger_system_balance",
        "ledger_system_delta",
        "ledger_hold",
        "ledger_expectation",
        "ledger_lot",
    ],
)
def test_nothing_is_truncated(table: str) -> None:
    refused(f"TRUNCATE {table} CASCADE")


@pytest.mark.parametrize(
    "table",
    [
        "ledger_account",
        "ledger_entry",
        "ledger_line",
        "ledger_balance",
        "ledger_system_balance",
        "ledger_hold",
        "ledger_expectation",
        "ledger_lot",
    ],
)
def test_nothing_is_deleted(table: str) -> None:
    person(units=100)

    refused(f"DELETE FROM {table}")


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE ledger_entry SET key = key || 'x'",
        "UPDATE ledger_line SET units = units",
        "UPDATE ledger_account SET asset = 'EUR'",
        "UPDATE ledger_system_delta SET units = units + 1",
    ],
)
def test_history_is_not_rewritten(change: str) -> None:
    person(units=100)

    refused(change)


@pytest.mark.parametrize(
    "change",
    [
        "posted = -1",
        "posted = 39",
        "held = 101",
        "held = -1",
        "incoming = -1",
        "reversible = -1",
    ],
)
def test_balance_stays_within_its_bound(change: str) -> None:
    ann = person(units=100)
    hold(ann, 40)

    refused(
        f"UPDATE ledger_balance SET {change}, version = version + 1 WHERE account_id = %s",
        [accounts.ensure([ann.usd])[ann.usd]],
    )

    assert figures(ann) == (100, 40, 0, 0)


def test_receivable_stays_a_debt() -> None:
    ann = person()
    owed = accounts.receivable(ann.id, "USD")
    pk = accounts.ensure([owed])[owed]

    refused("UPDATE ledger_balance SET posted = 1, version = version + 1 WHERE account_id = %s", [pk])
    refused("UPDATE ledger_balance SET posted = -9, held = 1, version = version + 1 WHERE account_id = %s", [pk])


@pytest.mark.parametrize("change", ["version = version", "version = version + 2", "bound = 'debt'"])
def test_balance_is_written_with_the_next_version_only(change: str) -> None:
    person(units=100)

    refused(f"UPDATE ledger_balance SET {change}")


@pytest.mark.parametrize(
    "change",
    [
        "units = units + 1",
        "account_id = account_id + 1",
        "kind = 'legal'",
        "captured = units + 1, outcome = 'captured', resolved_at = now()",
        "outcome = 'captured', resolved_at = now()",
        "outcome = 'released'",
        "outcome = 'released', resolved_at = now(), captured = 1",
    ],
)
def test_open_hold_keeps_its_terms(change: str) -> None:
    hold(person(units=100), 40)

    refused(f"UPDATE ledger_hold SET {change}")


def test_resolved_hold_is_resolved_for_good() -> None:
    ann = person(units=100)
    hold_id = hold(ann, 40)
    apply(move(ReleaseHold(hold_id=hold_id)))

    refused("UPDATE ledger_hold SET outcome = 'captured', captured = 40")
    refused("UPDATE ledger_hold SET outcome = '', resolved_at = NULL")

    assert Hold.objects.get(id=hold_id).outcome == "released"


def test_hold_of_nothing_is_refused() -> None:
    refused(
        "INSERT INTO ledger_hold (id, account_id, kind, units, outcome, captured, placed_at)"
        " VALUES (%s, 1, 'reservation', 0, '', 0, now())",
        [uuid7()],
    )


@pytest.mark.parametrize("change", ["units = 1", "state = 'written'", "state = 'fulfilled'", "resolved_at = now()"])
def test_announced_expectation_keeps_its_terms(change: str) -> None:
    ann, expectation_id = person(), uuid7()
    apply(move(Expect(expectation_id=expectation_id, account=ann.usd, units=70)))
    apply(move(Announce(expectation_id=expectation_id)))

    refused(f"UPDATE ledger_expectation SET {change}")


@pytest.mark.parametrize("change", ["open_units = 41", "open_units = -1", "units = 39, open_units = 39"])
def test_lot_only_falls(change: str) -> None:
    ann = person(units=100)
    apply(move(OpenLot(lot_id=uuid7(), account=ann.usd, units=40, lifetime=timedelta(days=1))))

    refused(f"UPDATE ledger_lot SET {change}")


def test_every_account_has_its_balance_row() -> None:
    ann = person()

    pk = accounts.ensure([ann.usd])[ann.usd]

    assert Balance.objects.filter(account_id=pk, bound="credit", posted=0, version=0).count() == 1


def test_customers_account_needs_an_owner_and_a_system_account_has_none() -> None:
    columns = "INSERT INTO ledger_account (code, asset, kind, bound, customer_id, domain) VALUES "

    refused(columns + "('cust:x:banking:pooled', 'USD', 'customer', 'credit', NULL, 'banking')")
    refused(columns + "('fee:x', 'USD', 'fee', 'none', %s, '')", [uuid7()])
