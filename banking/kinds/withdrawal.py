"""Withdrawal: money goes out to the customer's bank account."""

from __future__ import annotations

from datetime import timedelta

from banking import postings
from core.fees.sheets import FeeSheet
from core.kernel.money import Money
from core.ledger.movements import CaptureHold, PinHold
from core.orchestration import kinds
from core.orchestration.kinds import Deed, Leg
from core.orchestration.models import Transaction
from core.orchestration.parts import reservations
from core.orchestration.parts.roles import ByProvider
from core.orchestration.states import ADMISSION, State
from core.providers import contract
from core.providers.contract import Stage

RULES = kinds.Rules(
    path=(
        *ADMISSION,
        State.SENT_TO_PROVIDER,
        State.PROVIDER_PROCESSING,
        State.BANK_PROCESSING,
        State.CLEARING,
        State.PROVIDER_CONFIRMING,
        State.COMPLETED,
    ),
    waypoints={
        Stage.ACCEPTED: State.PROVIDER_PROCESSING,
        Stage.SUBMITTED: State.BANK_PROCESSING,
        Stage.SETTLED: State.PROVIDER_CONFIRMING,
    },
    minimum_units={"USD": 500, "EUR": 500, "GBP": 500},
    methods=frozenset({"ach"}),
    needs_counterparty=False,
    leaves=True,
    window=timedelta(minutes=30),
)


class Withdrawal(ByProvider):
    """The debit is held, the bank is asked to pay what arrives after fees, and the hold is captured once it settled."""

    domain = "banking"
    name = "withdrawal"
    operation = contract.Operation.PAYOUT
    rules = RULES

    def to_move(self, *, transaction: Transaction, leg: Leg) -> Money:
        """The bank is to pay out what arrives."""
        return FeeSheet.from_json(transaction.fees or {}).receive

    def reserve(self, *, transaction: Transaction, lifetime: timedelta | None) -> Deed:
        return reservations.hold(transaction=transaction, lifetime=lifetime)

    def block(self, *, transaction: Transaction) -> Deed:
        return reservations.hold(transaction=transaction, lifetime=None, kind=reservations.LEGAL)

    def send(self, *, transaction: Transaction) -> Deed:
        return Deed(operations=(PinHold(hold_id=reservations.reservation_of(transaction)),))

    def accepted(self, *, transaction: Transaction) -> Deed:
        """The bank has taken the payout out of our balance there."""
        sheet = FeeSheet.from_json(transaction.fees or {})
        return Deed(
            entries=(
                postings.payout_accepted(
                    key=f"{transaction.id}:accepted", provider=transaction.provider, amount=sheet.receive
                ),
            )
        )

    def complete(self, *, transaction: Transaction, report: contract.Report | None) -> Deed:
        """The customer pays: the hold is captured and the journal closed."""
        sheet = FeeSheet.from_json(transaction.fees or {})
        entry = postings.payout_settled(
            key=f"{transaction.id}:withdrawal",
            customer_id=transaction.customer_id,
            sheet=sheet,
            provider=transaction.provider,
        )
        capture = CaptureHold(hold_id=reservations.reservation_of(transaction), units=sheet.debit.units)
        return Deed(entries=(entry,), operations=(capture,))

    def release(self, *, transaction: Transaction, expired: bool) -> Deed:
        return reservations.free(transaction=transaction, expired=expired)

    def undo_accepted(self, *, transaction: Transaction) -> Deed:
        sheet = FeeSheet.from_json(transaction.fees or {})
        return Deed(
            entries=(
                postings.payout_undone(
                    key=f"{transaction.id}:accepted:undo", provider=transaction.provider, amount=sheet.receive
                ),
            )
        )

    def reverse(self, *, child: Transaction, parent: Transaction) -> Deed:
        """A settled payout came back from the receiver's bank; or one that we had given up was paid after all."""
        key = f"{child.id}:reversal"
        if child.security["news"] == "late":
            entry = postings.payout_paid_late(
                key=key,
                customer_id=child.customer_id,
                amount=child.money,
                covered=child.receive or Money.zero(child.money.asset),
                provider=child.provider,
            )
            return Deed(entries=(entry,))
        entry = postings.payout_returned(
            key=key, customer_id=child.customer_id, amount=child.money, provider=child.provider
        )
        return Deed(entries=(entry,))
