"""The life of a banking transaction: every step it may take, each with a name."""

from __future__ import annotations

from django_fsm import transition

from core.orchestration.models import Transaction
from core.orchestration.parts.lifecycle import Lifecycle, ending, undoing
from core.orchestration.states import State


class BankingTransaction(Lifecycle, Transaction):
    """A transaction of the banking domain. Same table; these and the common ones are its transitions, no others."""

    class Meta:
        proxy = True

    @transition(field="state", source=State.SENT_TO_PROVIDER, target=State.PROVIDER_PROCESSING)
    def begin_processing(self) -> None:
        """The provider has accepted it."""

    @transition(field="state", source=State.PROVIDER_PROCESSING, target=State.BANK_PROCESSING)
    def enter_network(self) -> None:
        """The bank has sent it into its network."""

    @transition(field="state", source=State.BANK_PROCESSING, target=State.CLEARING)
    def clear(self) -> None:
        """The clearing house has it."""

    @transition(field="state", source=[State.PROVIDER_PROCESSING, State.CLEARING], target=State.PROVIDER_CONFIRMING)
    def confirm(self) -> None:
        """The provider reports success."""

    @transition(field="state", source=[State.BALANCE_RESERVED, State.PROVIDER_CONFIRMING], target=State.COMPLETED)
    def complete(self) -> None:
        """The books say it is done. A transfer and a reversal come here straight from the reservation."""

    @ending(State.FAILED, after=[State.SENT_TO_PROVIDER, State.PROVIDER_PROCESSING])
    def fail(self) -> None:
        """End without any effect on the customer's money."""

    @ending(State.EXPIRED, after=[State.SENT_TO_PROVIDER, State.PROVIDER_PROCESSING])
    def expire(self) -> None:
        """End because the deadline passed and nothing was executed."""

    @undoing(
        after=[
            State.SENT_TO_PROVIDER,
            State.PROVIDER_PROCESSING,
            State.BANK_PROCESSING,
            State.CLEARING,
            State.PROVIDER_CONFIRMING,
        ]
    )
    def begin_compensation(self) -> None:
        """Undo what had an effect, last first."""
