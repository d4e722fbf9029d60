"""The one function through which money moves, over the SQL function ``ledger_apply``."""

from __future__ import annotations

import random
import time
from collections.abc import Mapping, Sequence
from typing import Final
from uuid import UUID

from django.db import OperationalError, connection

from core.ledger import accounts
from core.ledger.accounts import AccountRef
from core.ledger.movements import Movement, Ruling, Verdict
from core.ledger.wire import encoding
from core.ledger.wire.encoding import Malformed
from core.resilience import retry, statements

__all__ = ["Malformed", "encode", "post"]

TRIES: Final = 5
_RNG: Final = random.Random()  # noqa: S311 - jitter, not a secret
_APPLY: Final = f"SELECT ref, verdict, detail FROM ledger_apply(NULL, {encoding.ARGUMENTS})"  # noqa: S608 - names of types
_OK: Final = Verdict(ruling=Ruling.OK)


def post(*, movements: Sequence[Movement]) -> dict[UUID, Verdict]:
    """Apply movements in order, each whole or not at all, and say what became of each.

    Shape: one verdict per movement's ``ref``. A refused movement wrote nothing; the others are written.
    Needs: READ COMMITTED. Inside an open transaction a deadlock or a race on one key surfaces as OperationalError and
    the caller retries its whole unit of work; outside of one this function does that itself.
    Raises: Malformed.
    """
    if not movements:
        return {}
    if connection.in_atomic_block:
        return _post(movements)
    return _post_alone(movements)


def encode(*, movements: Sequence[Movement]) -> tuple[str, ...]:
    """Return movements as the arguments of ``ledger_apply``, account names resolved to row ids.

    Creates accounts that do not exist yet. Raises: Malformed, before anything is created.
    """
    try:
        return _literals(movements, accounts.known())
    except KeyError:
        encoding.check(movements)
        return _literals(movements, accounts.ensure(encoding.references(movements)))


def _literals(movements: Sequence[Movement], known: Mapping[AccountRef, int]) -> tuple[str, ...]:
    columns = encoding.Columns(known)
    for movement in movements:
        columns.add(movement)
    return columns.literals()


def _post_alone(movements: Sequence[Movement]) -> dict[UUID, Verdict]:
    """Post in one statement, which is a transaction of its own: BEGIN and COMMIT would be two more round trips."""
    for tries in range(1, TRIES):
        try:
            return _post(movements)
        except OperationalError as error:
            if not retry.lost_race(error=error):
                raise
            time.sleep(_RNG.uniform(0, 0.01 * 2**tries))
    return _post(movements)


def _post(movements: Sequence[Movement]) -> dict[UUID, Verdict]:
    verdicts = dict.fromkeys([movement.ref for movement in movements], _OK)
    for ref, verdict, detail in statements.fetch(_APPLY, encode(movements=movements)):
        verdicts[ref] = Verdict(ruling=Ruling(verdict), detail=detail)
    return verdicts
