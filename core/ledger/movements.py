"""What callers ask of the ledger: frozen values, no database.

A ``Movement`` is all or nothing and gets one verdict. It names each hold, expectation, lot and entry key at most once.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from uuid import UUID

from core.ledger.accounts import AccountRef

DEFAULT_LIFETIME = timedelta(minutes=30)


class Ruling(StrEnum):
    """What became of a movement. Anything but OK wrote nothing."""

    OK = "ok"
    DUPLICATE = "duplicate"
    INSUFFICIENT_FUNDS = "insufficient_funds"
    FUNDS_REVERSIBLE = "funds_reversible"
    HOLD_NOT_OPEN = "hold_not_open"
    HOLD_EXCEEDED = "hold_exceeded"
    EXPECTATION_NOT_OPEN = "expectation_not_open"
    DEBT_EXCEEDED = "debt_exceeded"


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """The ruling on one movement, and a sentence for the person who looks into it."""

    ruling: Ruling
    detail: str = ""

    @property
    def is_ok(self) -> bool:
        return self.ruling is Ruling.OK


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One signed, credit-positive line. ``leaves`` marks a debit that takes money out of the customer's reach."""

    account: AccountRef
    units: int
    leaves: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One business effect. ``key`` is its name for ever; the lines sum to zero per asset."""

    key: str
    kind: str
    lines: tuple[Line, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class PlaceHold:
    """Set ``units`` aside. ``lifetime`` None is a hold without a deadline; ``leaves`` asks for the exit check."""

    hold_id: UUID
    account: AccountRef
    units: int
    lifetime: timedelta | None = DEFAULT_LIFETIME
    kind: str = "reservation"
    leaves: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class PinHold:
    """Take the deadline off an open hold: something was sent that may succeed."""

    hold_id: UUID


@dataclass(frozen=True, slots=True, kw_only=True)
class CaptureHold:
    """Spend ``units`` of an open hold and free the rest. The entry of the same movement debits the account."""

    hold_id: UUID
    units: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ReleaseHold:
    """Free an open hold. ``outcome`` is released, expired or converted."""

    hold_id: UUID
    outcome: str = "released"


@dataclass(frozen=True, slots=True, kw_only=True)
class Expect:
    """Write down an inflow that will come. Nothing is shown until it is announced."""

    expectation_id: UUID
    account: AccountRef
    units: int
    lifetime: timedelta | None = DEFAULT_LIFETIME


@dataclass(frozen=True, slots=True, kw_only=True)
class Announce:
    """Show an expected inflow as incoming."""

    expectation_id: UUID


@dataclass(frozen=True, slots=True, kw_only=True)
class Fulfil:
    """Close an expectation because the inflow is posted."""

    expectation_id: UUID


@dataclass(frozen=True, slots=True, kw_only=True)
class DropExpectation:
    """Close an expectation because the inflow will not come."""

    expectation_id: UUID


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenLot:
    """Mark ``units`` of the account as reversible for ``lifetime``."""

    lot_id: UUID
    account: AccountRef
    units: int
    lifetime: timedelta


@dataclass(frozen=True, slots=True, kw_only=True)
class ConsumeLot:
    """Take up to ``units`` off what is still open of a lot: the reversal has come. A closed lot is left as it is."""

    lot_id: UUID
    units: int


Operation = (
    PlaceHold
    | PinHold
    | CaptureHold
    | ReleaseHold
    | Expect
    | Announce
    | Fulfil
    | DropExpectation
    | OpenLot
    | ConsumeLot
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Movement:
    """One all-or-nothing unit. ``ref`` comes back with the verdict; ``transaction_id`` is written on every row."""

    ref: UUID
    transaction_id: UUID | None = None
    entries: tuple[Entry, ...] = ()
    operations: tuple[Operation, ...] = ()


def conversion(*, legal_hold_id: UUID, into: PlaceHold) -> tuple[ReleaseHold, PlaceHold]:
    """Return the operations that turn a legal hold into a reservation, priced anew: both or neither."""
    return ReleaseHold(hold_id=legal_hold_id, outcome="converted"), into
