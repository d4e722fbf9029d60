"""Hand-written SQL as prepared statements: parsed and planned once per connection, asked in one call of libpq.

What runs for every request and every set goes through here. Django's cursor sends the text with the values in it, so
that PostgreSQL parses and plans it each time, and psycopg waits for the answer in Python, which costs more than most of
these statements do. The transaction is Django's own: ``atomic``, its errors, its broken-transaction check.

An answer cannot be interrupted from Python; ``lock_timeout`` and the process's time limits bound the wait.
"""

from __future__ import annotations

import functools
import itertools
import weakref
from collections.abc import Sequence
from typing import Any

import psycopg
from django.db import DEFAULT_DB_ALIAS, connections
from django.db.backends.base.base import BaseDatabaseWrapper
from psycopg import adapt, pq

from core.resilience import database

# The server lost its statements, or a migration changed their columns: they are prepared anew by the next use.
_STALE = frozenset({"26000", "0A000"})
_AUTO = (adapt.PyFormat.AUTO,) * 64
_numbers = itertools.count()
_prepared: weakref.WeakKeyDictionary[psycopg.Connection[Any], dict[object, bytes]] = weakref.WeakKeyDictionary()


def fetch(sql: str, params: Sequence[Any] = ()) -> list[tuple[Any, ...]]:
    """Run a statement with ``%s`` for each value and return its rows.

    ``sql`` must be a constant: every text stays prepared for as long as its connection lives. JSON comes as text.
    Raises: what Django raises for the same statement.
    """
    wrapper = connections[DEFAULT_DB_ALIAS]
    if wrapper.queries_logged or wrapper.execute_wrappers:
        return _watched(wrapper, sql, params)
    wrapper.ensure_connection()
    wrapper.validate_no_broken_transaction()
    with wrapper.wrap_database_errors:
        return _run(wrapper.connection, sql, params)


def _watched(wrapper: BaseDatabaseWrapper, sql: str, params: Sequence[Any]) -> list[tuple[Any, ...]]:
    """Go through Django's cursor where somebody listens to it: a debugger, a test that counts statements."""
    with wrapper.cursor() as cursor:
        cursor.execute(sql, params)
        return cursor.fetchall() if cursor.description else []


def _run(conn: psycopg.Connection[Any], sql: str, params: Sequence[Any]) -> list[tuple[Any, ...]]:
    pgconn = conn.pgconn
    values = adapt.Transformer(conn)
    dumped = values.dump_sequence(params, _AUTO[: len(params)])
    if not conn.autocommit and pgconn.transaction_status == pq.TransactionStatus.IDLE:
        database.check(pgconn, pgconn.exec_(b"BEGIN"))
    key = (sql, values.types)
    known = _prepared.setdefault(conn, {})
    name = known.get(key)
    if name is None:
        name = b"diboas_%d" % next(_numbers)
        database.check(pgconn, pgconn.prepare(name, _numbered(sql), values.types))
        known[key] = name
    result = pgconn.exec_prepared(name, dumped, values.formats)  # type: ignore[arg-type]  # None is NULL
    try:
        database.check(pgconn, result)
    except psycopg.Error as error:
        if error.sqlstate in _STALE:
            known.clear()
        raise
    values.set_pgresult(result)
    return values.load_rows(0, result.ntuples, tuple)


@functools.lru_cache(maxsize=512)
def _numbered(sql: str) -> bytes:
    """Return the statement with the placeholders of the protocol: ``$1`` for the first ``%s``."""
    first, *rest = sql.split("%s")
    return (first + "".join(f"${place}{part}" for place, part in enumerate(rest, 1))).replace("%%", "%").encode()
