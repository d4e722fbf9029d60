from __future__ import annotations

import contextlib
from uuid import UUID

import psycopg
import pytest
from django.db import DataError, IntegrityError, OperationalError, connection, transaction
from django.db.transaction import TransactionManagementError
from django.test.utils import CaptureQueriesContext

from core.resilience import statements
from tests.databases import Clone

ID = UUID("0190f3a2-7c4b-7d10-8e21-9b5a4c3d2e1f")
_ECHO = "SELECT %s::uuid, %s::text, %s::int, %s::uuid[], %s::bytea, '100%%'"

_INSERT = "INSERT INTO resilience_idempotencyrecord VALUES (%s, 'key', '', 200, '{}', '', clock_timestamp())"


def prepared() -> int:
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM pg_prepared_statements WHERE name LIKE 'diboas_%%'", [])
        return int(cursor.fetchone()[0])


@pytest.mark.django_db
def test_values_arrive_and_return_as_they_are() -> None:
    rows = statements.fetch(_ECHO, [ID, "it's 5 %s", 7, [ID], b"\x00\xff"])

    assert rows == [(ID, "it's 5 %s", 7, [ID], b"\x00\xff", "100%")]


@pytest.mark.django_db
def test_nothing_arrives_as_nothing() -> None:
    assert statements.fetch("SELECT %s::uuid, %s::text", [None, None]) == [(None, None)]


@pytest.mark.django_db
def test_a_statement_without_rows_returns_none() -> None:
    assert statements.fetch("DELETE FROM resilience_idempotencyrecord WHERE scope = %s", ["nobody"]) == []


@pytest.mark.django_db
def test_a_text_is_prepared_once_per_connection() -> None:
    statements.fetch("SELECT 'once', %s::text", ["a"])
    before = prepared()

    statements.fetch("SELECT 'once', %s::text", ["b"])

    assert prepared() == before


@pytest.mark.django_db
def test_a_watcher_sees_the_statement() -> None:
    with CaptureQueriesContext(connection) as seen:
        assert statements.fetch("SELECT %s::text", ["seen"]) == [("seen",)]

    assert len(seen) == 1


@pytest.mark.django_db
def test_errors_are_those_of_django() -> None:
    with pytest.raises(DataError), transaction.atomic():
        statements.fetch("SELECT 1 / %s::int", [0])


@pytest.mark.django_db
def test_what_failed_is_undone_with_its_transaction() -> None:
    with pytest.raises(IntegrityError):
        twice()

    assert statements.fetch("SELECT count(*) FROM resilience_idempotencyrecord") == [(0,)]


@transaction.atomic
def twice() -> None:
    statements.fetch(_INSERT, ["scope"])
    statements.fetch(_INSERT, ["scope"])


@pytest.mark.django_db
def test_a_broken_transaction_is_told() -> None:
    with pytest.raises(TransactionManagementError):
        on_after_an_error()


@transaction.atomic
def on_after_an_error() -> None:
    with contextlib.suppress(DataError), transaction.atomic(savepoint=False):
        statements.fetch("SELECT 1 / %s::int", [0])
    statements.fetch("SELECT 1")


@pytest.mark.django_db
def test_a_statement_that_the_server_lost_is_prepared_again() -> None:
    statements.fetch("SELECT 'lost', %s::text", ["a"])
    with connection.cursor() as cursor:
        cursor.execute("DEALLOCATE ALL")

    with pytest.raises(Exception, match="does not exist"), transaction.atomic():
        statements.fetch("SELECT 'lost', %s::text", ["b"])

    assert statements.fetch("SELECT 'lost', %s::text", ["c"]) == [("lost", "c")]


def test_the_first_statement_of_a_transaction_opens_it(committed_db: Clone) -> None:
    """A transaction that is rolled back leaves nothing, and one that is committed does."""
    with transaction.atomic():
        statements.fetch(_INSERT, ["undone"])
        transaction.set_rollback(True)
    with transaction.atomic():
        statements.fetch(_INSERT, ["done"])
    connection.close()

    assert statements.fetch("SELECT scope FROM resilience_idempotencyrecord") == [("done",)]


def test_a_lost_connection_is_an_operational_error_and_the_next_one_works(committed_db: Clone) -> None:
    statements.fetch("SELECT 1")
    with psycopg.connect(committed_db.url, autocommit=True) as other:
        other.execute("SELECT pg_terminate_backend(%s)", [connection.connection.info.backend_pid])

    with pytest.raises(OperationalError):
        statements.fetch("SELECT 1")
    with pytest.raises(OperationalError):
        statements.fetch("SELECT 1")
    connection.close()

    assert statements.fetch("SELECT 1") == [(1,)]
