"""The life of an investing transaction: every step it may take, each with a name."""

from __future__ import annotations

from django_fsm import transition

from core.orchestration.models import Transaction
from core.orchestration.parts.lifecycle import Lifecycle, ending, undoing
from core.orchestration.states import State


class InvestingTransaction(Lifecycle, Transaction):
    """A transaction of the investing domain. Same table; these and the common ones are its transitions, no others."""

    class Meta:
        proxy = True

    @transition(field="state", source=State.SENT_TO_PROVIDER, target=State.MARKET_ORDER_PLACED)
    def place(self) -> None:
        """The exchange has the order."""

    @transition(field="state", source=State.MARKET_ORDER_PLACED, target=State.ORDER_FILLED)
    def fill(self) -> None:
        """The order was executed, as far as it will be."""

    @transition(field="state", source=State.ORDER_FILLED, target=State.SETTLEMENT_PENDING)
    def settle(self) -> None:
        """All of its trades are known and being booked."""

    @transition(field="state", source=[State.BALANCE_RESERVED, State.SETTLEMENT_PENDING], target=State.COMPLETED)
    def complete(self) -> None:
        """The books say it is done. A reversal comes here straight from the reservation."""

    @ending(State.FAILED, after=[State.SENT_TO_PROVIDER, State.MARKET_ORDER_PLACED])
    def fail(self) -> None:
        """End without any effect on the customer's money: nothing was executed."""

    @ending(State.EXPIRED, after=[State.SENT_TO_PROVIDER, State.MARKET_ORDER_PLACED])
    def expire(self) -> None:
        """End because the deadline passed and nothing was executed."""

    @undoing(
        after=[
            State.SENT_TO_PROVIDER,
            State.MARKET_ORDER_PLACED,
            State.ORDER_FILLED,
            State.SETTLEMENT_PENDING,
        ]
    )
    def begin_compensation(self) -> None:
        """Undo what had an effect, last first."""
