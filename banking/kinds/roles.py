"""What kinds have in common by who carries them out: a provider, or our own books."""

from __future__ import annotations

from core.kernel import errors
from core.kernel.money import Money
from core.orchestration import kinds
from core.orchestration.kinds import NOTHING, Deed
from core.orchestration.models import Attempt, Transaction
from core.providers import contract


class ByProvider:
    """A provider is asked to move the attempt's amount, with what it needs of the instrument."""

    operation: contract.Operation

    def order(self, *, transaction: Transaction, attempt: Attempt, instrument: kinds.Instrument) -> contract.Order:
        """Say what the provider is asked for."""
        return contract.Order(
            operation=self.operation,
            method=attempt.method,
            key=attempt.key,
            reference=transaction.public_id,
            amount=attempt.amount,
            instrument=instrument.secrets,
            correlation_id=transaction.correlation_id,
        )


class InOurBooks:
    """Nobody outside is asked, so nothing is sent, accepted or taken back."""

    operation: contract.Operation | None = None

    def to_move(self, *, transaction: Transaction) -> Money:
        raise _asks_nobody(transaction)

    def order(self, *, transaction: Transaction, attempt: Attempt, instrument: kinds.Instrument) -> contract.Order:
        raise _asks_nobody(transaction)

    def send(self, *, transaction: Transaction) -> Deed:
        return NOTHING

    def accepted(self, *, transaction: Transaction) -> Deed:
        return NOTHING

    def undo_accepted(self, *, transaction: Transaction) -> Deed:
        return NOTHING


def _asks_nobody(transaction: Transaction) -> errors.SystemFault:
    return errors.SystemFault(code="no_provider", detail=f"{transaction.public_id} asks no provider.")
