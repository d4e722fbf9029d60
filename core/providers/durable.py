"""Refuse to wait for the network while a database transaction is open."""

from __future__ import annotations

from django.db import connections

from core.kernel import errors


class InsideTransaction(errors.SystemFault):
    """A provider was about to be called inside a database transaction. A defect of ours."""

    default_code = "network_inside_transaction"


def require() -> None:
    """Return if no database transaction is open in this thread; the transaction of a test case does not count.

    Raises: InsideTransaction. Locks would be held for as long as a stranger takes to answer.
    """
    for connection in connections.all(initialized_only=True):
        if any(not getattr(block, "_from_testcase", False) for block in connection.atomic_blocks):
            raise InsideTransaction(detail="Commit the intention first, then call the provider.")
