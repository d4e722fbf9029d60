"""The one function through which money moves, over the SQL function ``ledger_apply``."""

from __future__ import annotations

import json
import random
import time
from collections.abc import Sequence
from datetime import timedelta
from typing import Any, Final
from uuid import UUID

from django.db import OperationalError, connection

from core.kernel import errors, ids
from core.ledger import accounts
from core.ledger.accounts import AccountRef
from core.ledger.movements import (
    Announce,
    CaptureHold,
    ConsumeLot,
    DropExpectation,
    Entry,
    Expect,
    Fulfil,
    Movement,
    OpenLot,
    Operation,
    PinHold,
    PlaceHold,
    ReleaseHold,
    Ruling,
    Verdict,
)
from core.resilience import retry

_Ids = dict[AccountRef, int]
_Row = list[str | int | None]

FEWEST_LINES: Final = 2
TRIES: Final = 5
_RNG: Final = random.Random()  # noqa: S311 - jitter, not a secret


class Malformed(errors.SystemFault):
    """A movement that can never be right was asked for. A defect of the caller."""

    default_code = "malformed_movement"


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


def encode(*, movements: Sequence[Movement]) -> list[dict[str, Any]]:
    """Return movements as ``ledger_apply`` reads them: JSON-ready, account names resolved to row ids.

    Creates accounts that do not exist yet. Raises: Malformed, before anything is created.
    """
    for movement in movements:
        for entry in movement.entries:
            _check(entry)
    resolved = accounts.ensure(_refs(movements))
    return [_encode_one(movement, resolved) for movement in movements]


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
    document = json.dumps(encode(movements=movements), separators=(",", ":"))
    with connection.cursor() as cursor:
        cursor.execute("SELECT ref, verdict, detail FROM ledger_apply(%s::jsonb)", [document])
        return {ref: Verdict(ruling=Ruling(verdict), detail=detail) for ref, verdict, detail in cursor.fetchall()}


def _refs(movements: Sequence[Movement]) -> set[AccountRef]:
    refs = {line.account for movement in movements for entry in movement.entries for line in entry.lines}
    for movement in movements:
        refs.update(op.account for op in movement.operations if isinstance(op, PlaceHold | Expect | OpenLot))
    return refs


def _encode_one(movement: Movement, resolved: _Ids) -> dict[str, Any]:
    document: dict[str, Any] = {"ref": movement.ref.hex}
    if movement.transaction_id is not None:
        document["txn"] = movement.transaction_id.hex
    if movement.entries:
        document["entries"] = [_encode_entry(entry, resolved) for entry in movement.entries]
    if movement.operations:
        document["ops"] = [_encode_operation(op, resolved) for op in movement.operations]
    return document


def _check(entry: Entry) -> None:
    totals: dict[str, int] = {}
    for line in entry.lines:
        totals[line.account.asset] = totals.get(line.account.asset, 0) + line.units
    if any(totals.values()) or not all(line.units for line in entry.lines) or len(entry.lines) < FEWEST_LINES:
        raise Malformed(detail=f"The lines of {entry.key} are not zero in sum, or one is zero, or there are not two.")


def _encode_entry(entry: Entry, resolved: _Ids) -> dict[str, Any]:
    lines = [[resolved[line.account], str(line.units), 1][: 3 if line.leaves else 2] for line in entry.lines]
    return {"id": ids.uuid7().hex, "key": entry.key, "kind": entry.kind, "lines": lines}


def _encode_operation(op: Operation, resolved: _Ids) -> _Row:
    match op:
        case PlaceHold():
            return _encode_hold(op, resolved)
        case PinHold():
            return ["pin", op.hold_id.hex]
        case CaptureHold():
            return ["capture", op.hold_id.hex, None, _positive(op.units)]
        case ReleaseHold():
            return ["release", op.hold_id.hex, None, None, None, op.outcome]
        case OpenLot():
            return ["lot", op.lot_id.hex, resolved[op.account], _positive(op.units), _seconds(op.lifetime)]
        case ConsumeLot():
            return ["consume", op.lot_id.hex, None, _positive(op.units)]
        case _:
            return _encode_expectation(op, resolved)


def _encode_hold(op: PlaceHold, resolved: _Ids) -> _Row:
    seconds = _seconds(op.lifetime)
    row: _Row = ["hold", op.hold_id.hex, resolved[op.account], _positive(op.units), seconds, op.kind]
    return [*row, 1] if op.leaves else row


def _encode_expectation(op: Expect | Announce | Fulfil | DropExpectation, resolved: _Ids) -> _Row:
    name = op.expectation_id.hex
    match op:
        case Expect():
            return ["expect", name, resolved[op.account], _positive(op.units), _seconds(op.lifetime)]
        case Announce():
            return ["announce", name]
        case Fulfil():
            return ["fulfil", name]
        case DropExpectation():
            return ["drop", name]


def _seconds(lifetime: timedelta | None) -> str | None:
    return None if lifetime is None else str(lifetime.total_seconds())


def _positive(units: int) -> str:
    if units <= 0:
        raise Malformed(detail=f"An operation moves more than zero units, not {units}.")
    return str(units)
