"""Transfer: money goes from one customer to another inside our own books, without a provider."""

from __future__ import annotations

from datetime import timedelta

from banking import postings
from core.fees.sheets import FeeSheet
from core.kernel import errors
from core.ledger.movements import CaptureHold
from core.orchestration import kinds
from core.orchestration.kinds import Deed
from core.orchestration.models import Transaction
from core.orchestration.parts import reservations
from core.orchestration.parts.roles import InOurBooks
from core.orchestration.states import ADMISSION, State
from core.providers import contract

RULES = kinds.Rules(
    path=(*ADMISSION, State.COMPLETED),
    waypoints={},
    minimum_units={"USD": 500, "EUR": 500, "GBP": 500},
    methods=frozenset(),
    needs_counterparty=True,
    leaves=True,
    window=timedelta(minutes=30),
)


class Transfer(InOurBooks):
    """The debit is held and, in the next step, captured in the same entry that pays the recipient."""

    domain = "banking"
    name = "transfer"
    rules = RULES

    def reserve(self, *, transaction: Transaction, lifetime: timedelta | None) -> Deed:
        return reservations.hold(transaction=transaction, lifetime=lifetime)

    def block(self, *, transaction: Transaction) -> Deed:
        return reservations.hold(transaction=transaction, lifetime=None, kind=reservations.LEGAL)

    def complete(self, *, transaction: Transaction, report: contract.Report | None) -> Deed:
        """Pay the recipient and our fee out of the hold, in one entry."""
        if transaction.counterparty_id is None:
            raise errors.ProcessingFault(code="no_recipient", detail=f"{transaction.public_id} has no recipient.")
        sheet = FeeSheet.from_json(transaction.fees or {})
        entry = postings.transfer(
            key=f"{transaction.id}:transfer",
            sender_id=transaction.customer_id,
            recipient_id=transaction.counterparty_id,
            sheet=sheet,
        )
        capture = CaptureHold(hold_id=reservations.reservation_of(transaction), units=sheet.debit.units)
        return Deed(entries=(entry,), operations=(capture,))

    def release(self, *, transaction: Transaction, expired: bool) -> Deed:
        return reservations.free(transaction=transaction, expired=expired)

    def reverse(self, *, child: Transaction, parent: Transaction) -> Deed:
        raise errors.SystemFault(code="not_reversible", detail="Nobody outside can reverse a transfer.")
