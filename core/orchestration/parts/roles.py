"""What kinds have in common by who carries them out: one provider, several in turn, or our own books."""

from __future__ import annotations

from core.kernel import assets, errors
from core.kernel.money import Money
from core.orchestration import kinds
from core.orchestration.kinds import NOTHING, Deed, Leg
from core.orchestration.models import Attempt, Transaction
from core.providers import contract


class ByLegs:
    """Providers are asked in turn. What a kind does not say otherwise has no effect on the books."""

    legs: tuple[Leg, ...]

    @property
    def operation(self) -> contract.Operation | None:
        """The operation of the priced leg."""
        return next((leg.operation for leg in self.legs if leg.is_priced), None)

    def order(
        self, *, transaction: Transaction, attempt: Attempt, instrument: kinds.Instrument | None
    ) -> contract.Order:
        """Say what the provider is asked for: the attempt's amount, for what, under the locked terms."""
        return contract.Order(
            operation=contract.Operation(attempt.operation),
            method=attempt.method,
            key=attempt.key,
            reference=transaction.public_id,
            amount=attempt.amount,
            instrument=instrument.secrets if instrument is not None else {},
            correlation_id=transaction.correlation_id,
            target=assets.get(transaction.target_asset or transaction.asset),
            terms={**transaction.terms, **transaction.results},
            customer_id=transaction.customer_id,
        )

    def send(self, *, transaction: Transaction) -> Deed:
        return NOTHING

    def accepted(self, *, transaction: Transaction) -> Deed:
        return NOTHING

    def undo_accepted(self, *, transaction: Transaction) -> Deed:
        return NOTHING

    def progressed(self, *, transaction: Transaction, report: contract.Report) -> Deed:
        return NOTHING

    def leg_done(self, *, transaction: Transaction, leg: Leg, report: contract.Report) -> Deed:
        return NOTHING

    def refused(self, *, transaction: Transaction, report: contract.Report) -> Deed:
        return NOTHING

    def undo_leg(self, *, transaction: Transaction, leg: Leg) -> Leg | None:
        return None

    def undone(self, *, transaction: Transaction, leg: Leg, report: contract.Report | None) -> Deed:
        return NOTHING


class ByProvider(ByLegs):
    """One provider is asked to move the attempt's amount, with what it needs of the instrument."""

    name: str
    operation: contract.Operation
    rules: kinds.Rules

    @property
    def legs(self) -> tuple[Leg, ...]:  # type: ignore[override]  # made of what the kind declares
        return (Leg(name=self.name, operation=self.operation, waypoints=self.rules.waypoints),)

    def order(
        self, *, transaction: Transaction, attempt: Attempt, instrument: kinds.Instrument | None
    ) -> contract.Order:
        """Say what the provider is asked for. Raises: ProcessingFault if the card or bank account is gone."""
        if instrument is None:
            raise errors.ProcessingFault(
                code="instrument_missing", detail=f"{transaction.public_id} has no instrument."
            )
        return super().order(transaction=transaction, attempt=attempt, instrument=instrument)


class InOurBooks(ByLegs):
    """Nobody outside is asked, so nothing is sent, accepted or taken back."""

    legs: tuple[Leg, ...] = ()

    def to_move(self, *, transaction: Transaction, leg: Leg) -> Money:
        raise _asks_nobody(transaction)

    def order(
        self, *, transaction: Transaction, attempt: Attempt, instrument: kinds.Instrument | None
    ) -> contract.Order:
        raise _asks_nobody(transaction)


def _asks_nobody(transaction: Transaction) -> errors.SystemFault:
    return errors.SystemFault(code="no_provider", detail=f"{transaction.public_id} asks no provider.")
