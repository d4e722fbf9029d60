"""The yardsticks write the rows that they say they write."""

from __future__ import annotations

from pathlib import Path

import pytest
from django.db import connection

from bench import yardstick

pytestmark = pytest.mark.django_db
OURS = {
    "our_txn": 1,
    "our_event": 9,
    "our_row": 12,
    "our_attempt": 1,
    "our_decision": 1,
    "our_effect": 2,
    "our_claim": 1,
    "our_expectation": 1,
    "our_entry": 1,
    "our_line": 4,
    "our_delta": 3,
    "our_detail": 1,
}


def test_c3_with_our_rows_writes_the_rows_of_one_deposit() -> None:
    folder = Path(yardstick.__file__).parent
    with connection.cursor() as cursor:
        cursor.execute((folder / "yardstick.sql").read_text())
        cursor.execute("INSERT INTO balance (account, posted) VALUES (1, 1)")
        cursor.execute((folder / "yardstick_rows.sql").read_text())
        cursor.execute("SELECT our_reserve(1)")
        (txn,) = cursor.fetchone()
        cursor.execute("SELECT our_send(%s, 1), our_settle(%s, 1)", [txn, txn])

        for table, count in OURS.items():
            cursor.execute(f"SELECT count(*) FROM {table}")  # noqa: S608 - names of our own
            assert cursor.fetchone() == (count,), table
        cursor.execute("SELECT channel, seq FROM our_head ORDER BY channel")
        assert cursor.fetchall() == [("balances", 3), ("transactions", 9)]
        cursor.execute("SELECT state, seq, version FROM our_txn")
        assert cursor.fetchall() == [("COMPLETED", 9, 4)]
        cursor.execute("SELECT posted, incoming, version FROM our_balance")
        assert cursor.fetchall() == [(9630, 0, 2)]
