"""The states of a transaction, what each means, and the word a customer reads.

docs/states.md is generated from here and from the domains' transitions.
"""

from __future__ import annotations

from django.db import models


class State(models.TextChoices):
    """Every state of every domain. A domain declares which of them its transactions pass, and in what order."""

    INITIATED = "INITIATED", "accepted, nothing done yet"
    VALIDATING = "VALIDATING", "rules and limits are being checked"
    KYC_VERIFICATION = "KYC_VERIFICATION", "the customer's identity is being checked"
    COMPLIANCE_CHECK = "COMPLIANCE_CHECK", "sanctions and risk rules are being checked"
    BALANCE_RESERVED = "BALANCE_RESERVED", "the money is held, or expected"
    SENT_TO_PROVIDER = "SENT_TO_PROVIDER", "a provider was asked, or is about to be"
    PROVIDER_PROCESSING = "PROVIDER_PROCESSING", "the provider has it"
    BANK_PROCESSING = "BANK_PROCESSING", "the bank has sent it into its network"
    CLEARING = "CLEARING", "the clearing house has it"
    MARKET_ORDER_PLACED = "MARKET_ORDER_PLACED", "the order is on the exchange"
    ORDER_FILLED = "ORDER_FILLED", "the order was executed"
    SETTLEMENT_PENDING = "SETTLEMENT_PENDING", "what was traded is being settled"
    SMART_CONTRACT_INTERACTION = "SMART_CONTRACT_INTERACTION", "a transaction was sent to the chain"
    BLOCKCHAIN_CONFIRMATION = "BLOCKCHAIN_CONFIRMATION", "it is in a block and gathers confirmations"
    PROVIDER_CONFIRMING = "PROVIDER_CONFIRMING", "the provider says it is done; the books are being written"
    YIELD_STRATEGY_ACTIVE = "YIELD_STRATEGY_ACTIVE", "the strategy earns; done until its position is closed"
    COMPLETED = "COMPLETED", "done and posted"
    FAILED = "FAILED", "ended without any effect on the customer's money"
    EXPIRED = "EXPIRED", "the deadline passed and nothing was executed"
    COMPENSATING = "COMPENSATING", "effects are being undone"
    COMPENSATED = "COMPENSATED", "effects were undone"


class Status(models.TextChoices):
    """The small stable set that customers see."""

    PENDING = "pending"
    REQUIRES_ACTION = "requires_action"
    UNDER_REVIEW = "under_review"
    PROCESSING = "processing"
    COMPENSATING = "compensating"
    COMPLETED = "completed"
    FAILED = "failed"
    EXPIRED = "expired"
    REVERSED = "reversed"


# What every kind of every domain passes first, in this order.
ADMISSION = (
    State.INITIATED,
    State.VALIDATING,
    State.KYC_VERIFICATION,
    State.COMPLIANCE_CHECK,
    State.BALANCE_RESERVED,
)
SETTLED = frozenset({State.COMPLETED, State.YIELD_STRATEGY_ACTIVE, State.FAILED, State.EXPIRED, State.COMPENSATED})
# Ended well.
DONE = frozenset({State.COMPLETED, State.YIELD_STRATEGY_ACTIVE})
# The same for statements in SQL.
SETTLED_SQL = ", ".join(f"'{state.value}'" for state in sorted(SETTLED))
DONE_SQL = ", ".join(f"'{state.value}'" for state in sorted(DONE))
BEFORE_RESERVATION = frozenset(ADMISSION[:-1])
AT_PROVIDER = frozenset(
    {
        State.SENT_TO_PROVIDER,
        State.PROVIDER_PROCESSING,
        State.BANK_PROCESSING,
        State.CLEARING,
        State.MARKET_ORDER_PLACED,
        State.ORDER_FILLED,
        State.SETTLEMENT_PENDING,
        State.SMART_CONTRACT_INTERACTION,
        State.BLOCKCHAIN_CONFIRMATION,
        State.PROVIDER_CONFIRMING,
    }
)

_STATUS = {
    State.INITIATED: Status.PENDING,
    State.VALIDATING: Status.PENDING,
    State.KYC_VERIFICATION: Status.REQUIRES_ACTION,
    State.COMPLIANCE_CHECK: Status.UNDER_REVIEW,
    State.BALANCE_RESERVED: Status.PROCESSING,
    State.SENT_TO_PROVIDER: Status.PROCESSING,
    State.PROVIDER_PROCESSING: Status.PROCESSING,
    State.BANK_PROCESSING: Status.PROCESSING,
    State.CLEARING: Status.PROCESSING,
    State.MARKET_ORDER_PLACED: Status.PROCESSING,
    State.ORDER_FILLED: Status.PROCESSING,
    State.SETTLEMENT_PENDING: Status.PROCESSING,
    State.SMART_CONTRACT_INTERACTION: Status.PROCESSING,
    State.BLOCKCHAIN_CONFIRMATION: Status.PROCESSING,
    State.PROVIDER_CONFIRMING: Status.PROCESSING,
    State.YIELD_STRATEGY_ACTIVE: Status.COMPLETED,
    State.COMPLETED: Status.COMPLETED,
    State.FAILED: Status.FAILED,
    State.EXPIRED: Status.EXPIRED,
    State.COMPENSATING: Status.COMPENSATING,
    State.COMPENSATED: Status.FAILED,
}
_PROGRESS = {
    State.INITIATED: 0,
    State.VALIDATING: 5,
    State.KYC_VERIFICATION: 10,
    State.COMPLIANCE_CHECK: 15,
    State.BALANCE_RESERVED: 25,
    State.SENT_TO_PROVIDER: 40,
    State.PROVIDER_PROCESSING: 60,
    State.BANK_PROCESSING: 70,
    State.CLEARING: 80,
    State.MARKET_ORDER_PLACED: 60,
    State.ORDER_FILLED: 80,
    State.SETTLEMENT_PENDING: 85,
    State.SMART_CONTRACT_INTERACTION: 55,
    State.BLOCKCHAIN_CONFIRMATION: 75,
    State.PROVIDER_CONFIRMING: 90,
}


def status_of(*, state: str, needs_customer: bool = False, wholly_reversed: bool = False) -> Status:
    """Return the customer's word for a state."""
    status = _STATUS[State(state)]
    if wholly_reversed and status is Status.COMPLETED:
        return Status.REVERSED
    if needs_customer and status is Status.PROCESSING:
        return Status.REQUIRES_ACTION
    return status


def progress_of(state: str) -> int:
    """Return how far along a state is, in percent. Every ending is 100."""
    return _PROGRESS.get(State(state), 100)
