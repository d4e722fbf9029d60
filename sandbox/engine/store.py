"""The database of the sandbox: one SQLite file, one connection, group commits.

Every write of one turn of the event loop goes out in one commit, and an answer leaves only after that commit, so many
requests share its cost. The file is in WAL mode with ``synchronous=OFF``: what is committed is in the kernel's hands
and survives SIGKILL of this process; a power cut may lose the last moments, which a pretend provider can afford.
"""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

_SCHEMA = Path(__file__).with_name("schema.sql")
_PRAGMAS = (
    "PRAGMA locking_mode=EXCLUSIVE",
    "PRAGMA journal_mode=WAL",
    "PRAGMA synchronous=OFF",
    "PRAGMA wal_autocheckpoint=4000",
    "PRAGMA cache_size=-65536",
    "PRAGMA temp_store=MEMORY",
)

Row = tuple[Any, ...]
Parameters = Sequence[object]


class StoreLocked(Exception):
    """Another process has the file open."""


class Store:
    """The only way to the file. Not thread-safe on purpose: the event loop is its only user."""

    def __init__(self, *, path: Path) -> None:
        self._db = sqlite3.connect(path, isolation_level=None, cached_statements=256, timeout=2)
        try:
            for pragma in _PRAGMAS:
                self._db.execute(pragma)
            self._db.executescript(_SCHEMA.read_text())
        except sqlite3.OperationalError as error:
            self._db.close()
            raise StoreLocked(f"{path} cannot be opened, is another sandbox running on it? ({error})") from error
        self._batch: asyncio.Future[None] | None = None
        self._hooks: list[Callable[[], None]] = []

    def read(self, sql: str, parameters: Parameters = ()) -> list[Row]:
        """Return the rows; sees what is written and not committed yet."""
        return self._db.execute(sql, parameters).fetchall()

    def write(self, sql: str, parameters: Parameters = ()) -> int:
        """Execute one writing statement in the open batch and return the id of the row it inserted."""
        if self._batch is None:
            self._begin()
        return self._db.execute(sql, parameters).lastrowid or 0

    @contextmanager
    def change(self) -> Iterator[None]:
        """Make the writes inside all or nothing, without ending the batch. Must not await."""
        if self._batch is None:
            self._begin()
        kept = len(self._hooks)
        self._db.execute("SAVEPOINT change")
        try:
            yield
        except BaseException:
            self._db.execute("ROLLBACK TO change")
            self._db.execute("RELEASE change")
            del self._hooks[kept:]
            raise
        self._db.execute("RELEASE change")

    def after_commit(self, hook: Callable[[], None]) -> None:
        """Call the hook once the open batch is durable; never if it is rolled back."""
        self._hooks.append(hook)

    async def durable(self) -> None:
        """Wait until everything written so far survives SIGKILL."""
        if self._batch is not None:
            await asyncio.shield(self._batch)

    def close(self) -> None:
        """Commit what is open and close the file."""
        if self._batch is not None:
            self._commit()
        self._db.close()

    def _begin(self) -> None:
        loop = asyncio.get_running_loop()
        self._db.execute("BEGIN IMMEDIATE")
        self._batch = loop.create_future()
        loop.call_soon(self._commit)

    def _commit(self) -> None:
        batch, self._batch = self._batch, None
        if batch is None:
            return
        hooks, self._hooks = self._hooks, []
        try:
            self._db.execute("COMMIT")
        except sqlite3.Error as error:
            self._db.execute("ROLLBACK")
            batch.set_exception(error)
            return
        batch.set_result(None)
        for hook in hooks:
            hook()
