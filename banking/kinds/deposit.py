"""Deposit: money comes in from the customer's card through a payment provider."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

from banking import postings
from core.fees.sheets import FeeSheet
from core.kernel import errors
from core.kernel.money import Money
from core.ledger import lots
from core.ledger.movements import Announce, ConsumeLot, Entry, Fulfil, OpenLot
from core.orchestration import kinds
from core.orchestration.kinds import NOTHING, Deed, Leg
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
        State.PROVIDER_CONFIRMING,
        State.COMPLETED,
    ),
    waypoints={
        Stage.ACTION_REQUIRED: State.PROVIDER_PROCESSING,
        Stage.ACCEPTED: State.PROVIDER_PROCESSING,
        Stage.SUBMITTED: State.PROVIDER_PROCESSING,
        Stage.SETTLED: State.PROVIDER_CONFIRMING,
    },
    minimum_units={"USD": 1000, "EUR": 1000, "GBP": 1000},
    methods=frozenset({"card"}),
    needs_counterparty=False,
    leaves=False,
    window=timedelta(minutes=30),
    gives=False,
)


class Deposit(ByProvider):
    """A card is charged with the whole debit; what is left after fees becomes banking balance."""

    domain = "banking"
    name = "deposit"
    operation = contract.Operation.CHARGE
    rules = RULES

    def to_move(self, *, transaction: Transaction, leg: Leg) -> Money:
        """The card is charged with the whole debit."""
        return FeeSheet.from_json(transaction.fees or {}).debit

    def reserve(self, *, transaction: Transaction, lifetime: timedelta | None) -> Deed:
        return reservations.expect(transaction=transaction, lifetime=lifetime)

    def block(self, *, transaction: Transaction) -> Deed:
        """Nothing of the customer's can be held for money that is not here yet."""
        return NOTHING

    def send(self, *, transaction: Transaction) -> Deed:
        return Deed(operations=(Announce(expectation_id=reservations.reservation_of(transaction)),))

    def accepted(self, *, transaction: Transaction) -> Deed:
        return NOTHING

    def complete(self, *, transaction: Transaction, report: contract.Report | None) -> Deed:
        """Post the deposit, its provider's own cost where it is known, and the lot that can be charged back."""
        sheet = FeeSheet.from_json(transaction.fees or {})
        key = f"{transaction.id}:deposit"
        entries = [
            postings.deposit(key=key, customer_id=transaction.customer_id, sheet=sheet, provider=transaction.provider)
        ]
        if report is not None and report.provider_fee:
            cost_key = f"{transaction.id}:provider_cost"
            entries.append(postings.provider_cost(key=cost_key, provider=transaction.provider, fee=report.provider_fee))
        fulfil = Fulfil(expectation_id=reservations.reservation_of(transaction))
        return Deed(entries=tuple(entries), operations=(fulfil, *self._lot(transaction, sheet)))

    def release(self, *, transaction: Transaction, expired: bool) -> Deed:
        return reservations.drop(transaction=transaction)

    def undo_accepted(self, *, transaction: Transaction) -> Deed:
        return NOTHING

    def reverse(self, *, child: Transaction, parent: Transaction) -> Deed:
        """Take a charged-back deposit from what the customer still has free, and he owes us the rest.

        A deposit that succeeded after we had given it up is posted as the deposit that it is; a dispute that was won
        is the inverse of the one that took the money.
        """
        sheet = FeeSheet.from_json(parent.fees or {})
        key = f"{child.id}:reversal"
        if child.security["news"] == "late":
            entry = postings.deposit(key=key, customer_id=child.customer_id, sheet=sheet, provider=child.provider)
            return Deed(
                entries=(entry, *self._cost(child, postings.provider_cost)), operations=self._lot(parent, sheet)
            )
        if child.security["news"] == Stage.REINSTATED:
            entry = postings.dispute_won(
                key=key, customer_id=child.customer_id, amount=child.money, provider=child.provider
            )
            return Deed(entries=(entry,))
        covered = child.receive
        if covered is None:
            raise errors.ProcessingFault(code="not_priced", detail=f"{child.public_id} has no cover.")
        entry = postings.deposit_disputed(
            key=key,
            customer_id=child.customer_id,
            amount=child.money,
            covered=covered,
            provider=child.provider,
        )
        return Deed(
            entries=(entry, *self._cost(child, postings.dispute_cost)),
            operations=(ConsumeLot(lot_id=parent.id, units=child.money.units),),
        )

    def _cost(self, child: Transaction, post: Callable[..., Entry]) -> tuple[Entry, ...]:
        """Return the entry of what the provider kept, where it said so."""
        units = child.security.get("provider_fee")
        if units is None:
            return ()
        fee = Money(int(units), child.money.asset)
        return (post(key=f"{child.id}:provider_cost", provider=child.provider, fee=fee),)

    def _lot(self, transaction: Transaction, sheet: FeeSheet) -> tuple[OpenLot, ...]:
        lifetime = lots.lifetime(
            rail=transaction.method,
            kyc_level=int(transaction.security.get("kyc_level", 0)),
            liability_shift=bool(transaction.security.get("authenticated", False)),
        )
        if not lifetime:
            return ()
        account = postings.balance_of(customer_id=transaction.customer_id, asset=transaction.asset)
        return (OpenLot(lot_id=transaction.id, account=account, units=sheet.receive.units, lifetime=lifetime),)
