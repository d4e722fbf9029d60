from __future__ import annotations

from collections.abc import Iterator

import psycopg
import pytest

from core.resilience.database import Connection
from tests.databases import Clone


@pytest.fixture
def line(committed_db: Clone) -> Iterator[Connection]:
    with Connection.connect(committed_db.url) as one:
        one.execute("CREATE TABLE parent (id int PRIMARY KEY)")
        one.execute("CREATE TABLE child (id int REFERENCES parent DEFERRABLE INITIALLY DEFERRED)")
        one.commit()
        yield one


def rows(committed_db: Clone, table: str) -> int:
    with psycopg.connect(committed_db.url) as other:
        (found,) = other.execute(f"SELECT count(*) FROM {table}").fetchone() or (None,)  # noqa: S608 - our own words
        return int(found)


def test_what_is_committed_is_there_and_what_is_rolled_back_is_not(committed_db: Clone, line: Connection) -> None:
    line.execute("INSERT INTO parent VALUES (1)")
    line.commit()
    line.execute("INSERT INTO parent VALUES (2)")
    line.rollback()

    assert rows(committed_db, "parent") == 1


def test_a_commit_that_the_server_refuses_is_told(committed_db: Clone, line: Connection) -> None:
    line.execute("INSERT INTO child VALUES (7)")

    with pytest.raises(psycopg.errors.ForeignKeyViolation):
        line.commit()
    assert rows(committed_db, "child") == 0


def test_a_commit_over_a_lost_connection_is_told(committed_db: Clone, line: Connection) -> None:
    line.execute("INSERT INTO parent VALUES (3)")
    with psycopg.connect(committed_db.url, autocommit=True) as other:
        other.execute("SELECT pg_terminate_backend(%s)", [line.info.backend_pid])

    with pytest.raises(psycopg.OperationalError):
        line.commit()
    assert rows(committed_db, "parent") == 0


def test_a_commit_of_nothing_is_fine_and_after_an_error_nothing_is_kept(committed_db: Clone, line: Connection) -> None:
    line.commit()
    line.execute("INSERT INTO parent VALUES (4)")
    with pytest.raises(psycopg.errors.UniqueViolation):
        line.execute("INSERT INTO parent VALUES (4)")
    line.commit()

    assert rows(committed_db, "parent") == 0


def test_autocommit_cannot_change_within_a_transaction(line: Connection) -> None:
    line.execute("SELECT 1")

    with pytest.raises(psycopg.ProgrammingError):
        line.autocommit = True
    line.rollback()
    line.autocommit = True

    assert line.autocommit is True


def test_the_commit_within_a_block_is_refused_as_psycopg_does(line: Connection) -> None:
    with line.transaction(), pytest.raises(psycopg.ProgrammingError):
        line.commit()
