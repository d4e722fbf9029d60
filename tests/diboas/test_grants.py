"""The application's role, on a database of its own: it works everywhere and rewrites nothing."""

import psycopg
import pytest
from psycopg import sql

from diboas import grants
from tests import databases

HISTORY = ("ledger_entry", "ledger_line", "orchestration_event", "audit_auditrecord")


@pytest.fixture
def as_application(committed_db: databases.Clone) -> psycopg.Connection:
    grants.apply()
    connection = psycopg.connect(committed_db.url, options=f"-c role={grants.ROLE}", autocommit=True)
    yield connection
    connection.close()


def test_history_is_found_by_its_triggers(committed_db: databases.Clone) -> None:
    assert set(HISTORY) <= set(grants.append_only_tables())
    assert not {"ledger_balance", "outbox_streamrow", "identity_user"} & set(grants.append_only_tables())


@pytest.mark.parametrize("table", HISTORY)
@pytest.mark.parametrize("statement", ["DELETE FROM {}", "TRUNCATE {} CASCADE", "ALTER TABLE {} DISABLE TRIGGER ALL"])
def test_the_application_cannot_change_history(as_application: psycopg.Connection, table: str, statement: str) -> None:
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        as_application.execute(sql.SQL(statement).format(sql.Identifier(table)))


def test_the_application_reaches_every_table(as_application: psycopg.Connection) -> None:
    rows = as_application.execute(
        "SELECT relname FROM pg_class WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace"
        " AND NOT has_table_privilege(oid, 'SELECT')"
    ).fetchall()
    closed = [name for (name,) in rows]

    assert closed == []
    assert as_application.execute("SELECT current_user").fetchone() == (grants.ROLE,)
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        as_application.execute("INSERT INTO django_migrations (app, name, applied) VALUES ('x', 'y', now())")


def test_granting_twice_changes_nothing(committed_db: databases.Clone) -> None:
    assert grants.apply() == grants.apply()
