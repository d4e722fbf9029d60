"""The database of the sandbox: one SQLite file, one connection, and a redo log in front of it.

Every write of one turn of the event loop goes to the redo log in one small write, and an answer leaves only after that,
so many requests share the cost; SQLite commits a few times a second and then the log is emptied. What is in the log or
committed survives SIGKILL of this process. ``synchronous=OFF`` and a log without fsync: a power cut may lose the last
moments, which a pretend provider can afford.
"""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sandbox.engine.journal import Journal, Statement

_SCHEMAS = (Path(__file__).with_name("schema.sql"), Path(__file__).parents[1] / "kraken" / "exchange" / "schema.sql")
_PRAGMAS = (
    "PRAGMA page_size=16384",
    "PRAGMA locking_mode=EXCLUSIVE",
    "PRAGMA journal_mode=WAL",
    "PRAGMA synchronous=OFF",
    "PRAGMA wal_autocheckpoint=1000",
    "PRAGMA cache_size=-65536",
    "PRAGMA temp_store=MEMORY",
)
_COMMIT_EVERY_S = 0.2
_APPLIED = "SELECT value FROM facts WHERE name = 'applied'"
_SET_APPLIED = (
    "INSERT INTO facts (name, value) VALUES ('applied', ?) ON CONFLICT (name) DO UPDATE SET value = excluded.value"
)

Row = tuple[Any, ...]
Parameters = Sequence[Any]


class StoreLocked(Exception):
    """Another process has the file open."""


class Store:
    """The only way to the files. Not thread-safe on purpose: the event loop is its only user."""

    def __init__(self, *, folder: Path) -> None:
        path = folder / "sandbox.sqlite3"
        self._db = sqlite3.connect(path, isolation_level=None, cached_statements=256, timeout=1)
        try:
            for pragma in _PRAGMAS:
                self._db.execute(pragma)
            for schema in _SCHEMAS:
                self._db.executescript(schema.read_text())
        except sqlite3.OperationalError as error:
            self._db.close()
            raise StoreLocked(f"{path} cannot be opened, is another sandbox running on it? ({error})") from error
        self._journal = Journal(path=folder / "sandbox.redo")
        self._log: list[Statement] = []
        self._hooks: list[Callable[[], None]] = []
        self._turn: asyncio.Future[None] | None = None
        self._commit_due: asyncio.TimerHandle | None = None
        self._number = self._recover()

    def read(self, sql: str, parameters: Parameters = ()) -> list[Row]:
        """Return the rows; sees what is written and not committed yet."""
        return self._db.execute(sql, parameters).fetchall()

    def write(self, sql: str, parameters: Parameters = ()) -> int:
        """Execute one writing statement and return the id of the row that it inserted."""
        self._open()
        row_id = self._db.execute(sql, parameters).lastrowid
        self._log.append((sql, parameters))
        return row_id or 0

    @contextmanager
    def change(self) -> Iterator[None]:
        """Make the writes inside all or nothing. Must not await."""
        self._open()
        hooks, log = len(self._hooks), len(self._log)
        self._db.execute("SAVEPOINT change")
        try:
            yield
        except BaseException:
            self._db.execute("ROLLBACK TO change")
            self._db.execute("RELEASE change")
            del self._hooks[hooks:]
            del self._log[log:]
            raise
        self._db.execute("RELEASE change")

    def after_commit(self, hook: Callable[[], None]) -> None:
        """Call the hook once what is written is durable; never if it is rolled back."""
        self._hooks.append(hook)

    async def durable(self) -> None:
        """Wait until everything written so far survives SIGKILL."""
        if self._turn is not None:
            await asyncio.shield(self._turn)

    def close(self) -> None:
        """Commit what is open and close the files."""
        self._end_turn()
        if self._commit_due is not None:
            self._commit_due.cancel()
            self._commit()
        self._journal.close()
        self._db.close()

    def _open(self) -> None:
        """Make sure that a SQLite transaction is open and that this turn will end."""
        if self._turn is not None:
            return
        loop = asyncio.get_running_loop()
        if self._commit_due is None:
            self._db.execute("BEGIN IMMEDIATE")
            self._commit_due = loop.call_later(_COMMIT_EVERY_S, self._commit)
        self._turn = loop.create_future()
        loop.call_soon(self._end_turn)

    def _end_turn(self) -> None:
        """Write the turn's statements to the redo log, then let the answers go."""
        turn, self._turn = self._turn, None
        if turn is None:
            return
        hooks, self._hooks = self._hooks, []
        log, self._log = self._log, []
        try:
            if log:
                self._number += 1
                self._journal.append(number=self._number, statements=log)
        except OSError as error:
            turn.set_exception(error)
            return
        turn.set_result(None)
        for hook in hooks:
            hook()

    def _commit(self) -> None:
        """Put everything into SQLite and empty the redo log; a kill in between replays nothing twice."""
        self._end_turn()
        self._commit_due = None
        self._db.execute(_SET_APPLIED, (self._number,))
        self._db.execute("COMMIT")
        self._journal.clear()

    def _recover(self) -> int:
        """Execute what the redo log has and SQLite has not; return the number of the last frame."""
        rows = self._db.execute(_APPLIED).fetchall()
        number = int(rows[0][0]) if rows else 0
        self._db.execute("BEGIN IMMEDIATE")
        for found, statements in self._journal.frames():
            if found > number:
                for sql, parameters in statements:
                    self._db.execute(sql, parameters)
                number = found
        self._db.execute(_SET_APPLIED, (number,))
        self._db.execute("COMMIT")
        self._journal.clear()
        return number
