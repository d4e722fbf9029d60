"""What customers owe us is repaid first by whatever comes in, in the same movement as the inflow."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from core.kernel import errors
from core.ledger import accounts, queries
from core.ledger.accounts import AccountRef
from core.ledger.models import AccountKind
from core.ledger.movements import Entry, Line, PlaceHold
from core.orchestration.steps.changes import Change

KIND = "debt_repaid"


def repayments(changes: Sequence[Change]) -> dict[UUID, tuple[Entry, ...]]:
    """Return the entries that take from the inflows of a set what their owners owe, by transaction.

    One query, and none where nothing comes in. What is owed may change before it is written: the ledger then refuses
    the movement (``debt_exceeded``) and the caller looks again.
    """
    inflows = {change.transaction.id: found for change in changes if (found := _inflows(change))}
    if not inflows:
        return {}
    owners = {_owner(account) for found in inflows.values() for account in found}
    left = {place: money.units for place, money in queries.owed(customer_ids=sorted(owners)).items()}
    taken = {
        transaction_id: tuple(
            _entry(transaction_id, account, units)
            for account, credit in into.items()
            if (units := _take(left, account, credit))
        )
        for transaction_id, into in inflows.items()
    }
    return {transaction_id: entries for transaction_id, entries in taken.items() if entries}


def _inflows(change: Change) -> dict[AccountRef, int]:
    """Return what each pooled account of a customer gains by a change, net of what is set aside there at once."""
    totals: dict[AccountRef, int] = {}
    for entry in change.deed.entries:
        for line in entry.lines:
            if line.account.kind is AccountKind.CUSTOMER and line.account.code.endswith(":pooled"):
                totals[line.account] = totals.get(line.account, 0) + line.units
    for operation in change.deed.operations:
        if isinstance(operation, PlaceHold) and operation.account in totals:
            totals[operation.account] -= operation.units
    return {account: units for account, units in totals.items() if units > 0}


def _take(left: dict[tuple[UUID, str], int], account: AccountRef, credit: int) -> int:
    """Take from the debt what an inflow covers, so that the next inflow of the set sees the rest of it."""
    place = (_owner(account), account.asset)
    units = min(credit, left.get(place, 0))
    left[place] = left.get(place, 0) - units
    return units


def _entry(transaction_id: UUID, account: AccountRef, units: int) -> Entry:
    owner = _owner(account)
    return Entry(
        key=f"{transaction_id}:{KIND}:{owner.hex}:{account.domain}",
        kind=KIND,
        lines=(
            Line(account=account, units=-units),
            Line(account=accounts.receivable(owner, account.asset), units=units),
        ),
    )


def _owner(account: AccountRef) -> UUID:
    if account.customer_id is None:
        raise errors.SystemFault(code="account_without_owner", detail=f"{account.code} belongs to no customer.")
    return account.customer_id
