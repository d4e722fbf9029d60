"""The connection to PostgreSQL: psycopg's, with its way into and out of a transaction in one call of libpq each."""

from __future__ import annotations

from typing import Any

import psycopg
from psycopg import pq

_GOOD = frozenset({pq.ExecStatus.TUPLES_OK, pq.ExecStatus.COMMAND_OK})


def check(pgconn: pq.abc.PGconn, result: pq.abc.PGresult) -> None:
    """Raises: the error that the server told; OperationalError for a lost connection, which tells no code."""
    if result.status in _GOOD:
        return
    error = psycopg.errors.error_from_result(result)
    if pgconn.status == pq.ConnStatus.BAD and error.sqlstate is None:
        raise psycopg.OperationalError(str(error))
    raise error


class Connection(psycopg.Connection[Any]):
    """What ``atomic`` does at both of its ends goes through generators and waits in psycopg; here it does not.

    Everything else, and every state but the plain ones, is left to psycopg (ADR 0044).
    """

    def commit(self) -> None:
        """Commit."""
        pgconn = self.pgconn
        if pgconn.transaction_status != pq.TransactionStatus.INTRANS or self._num_transactions or self._pipeline:
            super().commit()
            return
        check(pgconn, pgconn.exec_(b"COMMIT"))

    def _set_autocommit(self, value: bool) -> None:  # noqa: FBT001 - psycopg's own signature
        if self.pgconn.transaction_status == pq.TransactionStatus.IDLE:
            self._autocommit = bool(value)
        else:
            super()._set_autocommit(value)
