"""A set of movements as the arrays that ``ledger_apply`` takes, written as PostgreSQL reads them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import timedelta
from typing import Any, Final

from core.kernel import errors, ids
from core.ledger.accounts import AccountRef
from core.ledger.models import Bound
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
)

FEWEST_LINES: Final = 2
# The arguments of ledger_apply, in their order.
TYPES: Final = (
    *("uuid", "uuid"),
    *("int", "uuid", "text", "text", "int"),
    *("int", "int", "bigint", "numeric", "bool"),
    *("int", "bigint"),
    *("int", "text", "uuid", "bigint", "numeric", "float8", "text"),
)
ARGUMENTS: Final = ", ".join(f"%s::{name}[]" for name in TYPES)
NOTHING: Final = ("{}",) * len(TYPES)
_NULL: Final = "NULL"
_UNBOUND: Final = Bound.NONE
_Operation = tuple[str, str, int | str, int | str, str, str]


class Malformed(errors.SystemFault):
    """A movement that can never be right was asked for. A defect of the caller."""

    default_code = "malformed_movement"


class Columns:
    """The columns of a set, filled movement by movement: movements, entries, lines, exits, operations."""

    def __init__(self, known: Mapping[AccountRef, int]) -> None:
        self._known = known
        self._refs: list[str] = []
        self._txns: list[str] = []
        self._entries: list[tuple[int, str, str, str, int]] = []
        self._line_entries: list[int] = []
        self._line_numbers: list[int] = []
        self._line_accounts: list[int] = []
        self._line_units: list[int] = []
        self._line_bounds: list[str] = []
        self._exits: list[tuple[int, int]] = []
        self._operations: list[tuple[int, str, str, int | str, int | str, str, str]] = []

    def add(self, movement: Movement) -> None:
        """Append one movement. Raises: Malformed; KeyError for an account whose row is not known."""
        ref, txn = movement.ref, movement.transaction_id
        self._refs.append(ref.hex)
        self._txns.append(self._refs[-1] if txn is ref else _NULL if txn is None else txn.hex)
        number = len(self._refs)
        for entry in movement.entries:
            self._add_entry(number, entry)
        for operation in movement.operations:
            self._operations.append((number, *self._operation(operation)))
            if isinstance(operation, PlaceHold) and operation.leaves:
                self._exits.append((number, self._known[operation.account]))

    def literals(self) -> tuple[str, ...]:
        """Return every column as an array literal, in the order of ``ledger_apply``'s arguments."""
        return (
            _texts(self._refs),
            _texts(self._txns),
            *_literals(self._entries, 5),
            _numbers(self._line_entries),
            _numbers(self._line_numbers),
            _numbers(self._line_accounts),
            _numbers(self._line_units),
            _texts(self._line_bounds),
            *_literals(self._exits, 2),
            *_literals(self._operations, 7),
        )

    def _add_entry(self, number: int, entry: Entry) -> None:
        _check(entry)
        lines, known = entry.lines, self._known
        self._entries.append((number, ids.uuid7().hex, _quoted(entry.key), _quoted(entry.kind), len(lines)))
        self._line_entries += [len(self._entries)] * len(lines)
        self._line_numbers += range(1, len(lines) + 1)
        self._line_accounts += [known[line.account] for line in lines]
        self._line_units += [line.units for line in lines]
        self._line_bounds += ["f" if line.account.bound is _UNBOUND else "t" for line in lines]
        self._exits += [(number, known[line.account]) for line in lines if line.leaves]

    def _operation(self, op: Operation) -> _Operation:
        match op:
            case PlaceHold():
                units, seconds = _positive(op.units), _seconds(op.lifetime)
                return "hold", op.hold_id.hex, self._known[op.account], units, seconds, _quoted(op.kind)
            case PinHold():
                return "pin", op.hold_id.hex, _NULL, _NULL, _NULL, _NULL
            case CaptureHold():
                return "capture", op.hold_id.hex, _NULL, _positive(op.units), _NULL, _NULL
            case ReleaseHold():
                return "release", op.hold_id.hex, _NULL, _NULL, _NULL, _quoted(op.outcome)
            case OpenLot():
                units = _positive(op.units)
                return "lot", op.lot_id.hex, self._known[op.account], units, _seconds(op.lifetime), _NULL
            case ConsumeLot():
                return "consume", op.lot_id.hex, _NULL, _positive(op.units), _NULL, _NULL
            case _:
                return self._expectation(op)

    def _expectation(self, op: Expect | Announce | Fulfil | DropExpectation) -> _Operation:
        name = op.expectation_id.hex
        match op:
            case Expect():
                units = _positive(op.units)
                return "expect", name, self._known[op.account], units, _seconds(op.lifetime), _NULL
            case Announce():
                return "announce", name, _NULL, _NULL, _NULL, _NULL
            case Fulfil():
                return "fulfil", name, _NULL, _NULL, _NULL, _NULL
            case DropExpectation():
                return "drop", name, _NULL, _NULL, _NULL, _NULL


def references(movements: Sequence[Movement]) -> set[AccountRef]:
    """Return every account that the movements name."""
    refs = {line.account for movement in movements for entry in movement.entries for line in entry.lines}
    for movement in movements:
        refs.update(op.account for op in movement.operations if isinstance(op, PlaceHold | Expect | OpenLot))
    return refs


def check(movements: Sequence[Movement]) -> None:
    """Raises: Malformed if a movement can never be right, whatever the accounts hold."""
    for movement in movements:
        for entry in movement.entries:
            _check(entry)


def _check(entry: Entry) -> None:
    totals: dict[str, int] = {}
    is_whole = len(entry.lines) >= FEWEST_LINES
    for line in entry.lines:
        asset, units = line.account.asset, line.units
        totals[asset] = totals.get(asset, 0) + units
        is_whole = is_whole and units != 0
    if not is_whole or any(totals.values()):
        raise Malformed(detail=f"The lines of {entry.key} are not zero in sum, or one is zero, or there are not two.")


def _literals(rows: Sequence[tuple[Any, ...]], width: int) -> Iterable[str]:
    if not rows:
        return ("{}",) * width
    return ("{" + ",".join(map(str, column)) + "}" for column in zip(*rows, strict=True))


def _texts(column: Sequence[str]) -> str:
    return "{" + ",".join(column) + "}"


def _numbers(column: list[int]) -> str:
    """Return integers as an array literal; a list is written as one faster than its numbers one by one."""
    return "{" + str(column)[1:-1] + "}"


def _quoted(text: str) -> str:
    """Return a text as an element of an array literal."""
    if "\\" in text or '"' in text:
        text = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{text}"'


def _seconds(lifetime: timedelta | None) -> str:
    return _NULL if lifetime is None else str(lifetime.total_seconds())


def _positive(units: int) -> int:
    if units <= 0:
        raise Malformed(detail=f"An operation moves more than zero units, not {units}.")
    return units
