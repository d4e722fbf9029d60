"""The life of a DeFi transaction: every step it may take, each with a name."""

from __future__ import annotations

from django_fsm import transition

from core.orchestration.models import Transaction
from core.orchestration.parts.lifecycle import Lifecycle, ending, undoing
from core.orchestration.states import State


class DefiTransaction(Lifecycle, Transaction):
    """A transaction of the DeFi domain. Same table; these and the common ones are its transitions, no others."""

    class Meta:
        proxy = True

    @transition(field="state", source=State.SENT_TO_PROVIDER, target=State.PROVIDER_PROCESSING)
    def begin_processing(self) -> None:
        """The money is on its way to the customer's own address."""

    @transition(
        field="state",
        source=[State.SENT_TO_PROVIDER, State.PROVIDER_PROCESSING],
        target=State.SMART_CONTRACT_INTERACTION,
    )
    def call_contract(self) -> None:
        """The call of the contract was broadcast. What comes home needs no money sent ahead."""

    @transition(field="state", source=State.SMART_CONTRACT_INTERACTION, target=State.BLOCKCHAIN_CONFIRMATION)
    def enter_block(self) -> None:
        """The call is in a block, which gathers others on top of it."""

    @transition(field="state", source=State.BLOCKCHAIN_CONFIRMATION, target=State.PROVIDER_CONFIRMING)
    def confirm(self) -> None:
        """The call is final; what it brought is on its way home, or being booked."""

    @transition(field="state", source=State.PROVIDER_CONFIRMING, target=State.YIELD_STRATEGY_ACTIVE)
    def activate(self) -> None:
        """The position earns. For the customer this is done."""

    @transition(
        field="state",
        source=[State.BALANCE_RESERVED, State.PROVIDER_CONFIRMING, State.YIELD_STRATEGY_ACTIVE],
        target=State.COMPLETED,
    )
    def complete(self) -> None:
        """The books say it is done; or the position that this one opened is closed. A reversal comes from reserved."""

    @ending(
        State.FAILED,
        after=[
            State.SENT_TO_PROVIDER,
            State.PROVIDER_PROCESSING,
            State.SMART_CONTRACT_INTERACTION,
            State.BLOCKCHAIN_CONFIRMATION,
        ],
    )
    def fail(self) -> None:
        """End without any effect on the customer's money: the first call was refused, or reverted."""

    @ending(State.EXPIRED, after=[State.SENT_TO_PROVIDER, State.PROVIDER_PROCESSING])
    def expire(self) -> None:
        """End because the deadline passed and nothing was executed."""

    @undoing(
        after=[
            State.SENT_TO_PROVIDER,
            State.PROVIDER_PROCESSING,
            State.SMART_CONTRACT_INTERACTION,
            State.BLOCKCHAIN_CONFIRMATION,
            State.PROVIDER_CONFIRMING,
        ]
    )
    def begin_compensation(self) -> None:
        """Undo what had an effect, last first: bring home what lies at the customer's own address."""
