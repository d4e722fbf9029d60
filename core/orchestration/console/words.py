"""How a transaction reads in the console: its state, its domain, its ids."""

from __future__ import annotations

from uuid import UUID

from django.urls import reverse

from core.console import cells
from core.console.cells import Cell, Tone
from core.kernel import ids
from core.orchestration.models import AttemptState, DeadLetterState, Transaction
from core.orchestration.states import State

_STATES: dict[str, tuple[Tone, str]] = {
    State.INITIATED: (Tone.INFO, "hourglass_empty"),
    State.VALIDATING: (Tone.INFO, "rule"),
    State.KYC_VERIFICATION: (Tone.WARNING, "person_search"),
    State.COMPLIANCE_CHECK: (Tone.WARNING, "policy"),
    State.BALANCE_RESERVED: (Tone.INFO, "lock"),
    State.SENT_TO_PROVIDER: (Tone.INFO, "send"),
    State.PROVIDER_PROCESSING: (Tone.INFO, "sync"),
    State.BANK_PROCESSING: (Tone.INFO, "account_balance"),
    State.CLEARING: (Tone.INFO, "swap_horiz"),
    State.MARKET_ORDER_PLACED: (Tone.INFO, "shopping_cart"),
    State.ORDER_FILLED: (Tone.INFO, "join_inner"),
    State.SETTLEMENT_PENDING: (Tone.INFO, "pending"),
    State.SMART_CONTRACT_INTERACTION: (Tone.INFO, "deployed_code"),
    State.BLOCKCHAIN_CONFIRMATION: (Tone.INFO, "link"),
    State.PROVIDER_CONFIRMING: (Tone.INFO, "fact_check"),
    State.YIELD_STRATEGY_ACTIVE: (Tone.SUCCESS, "trending_up"),
    State.COMPLETED: (Tone.SUCCESS, "check_circle"),
    State.FAILED: (Tone.DANGER, "cancel"),
    State.EXPIRED: (Tone.WARNING, "timer_off"),
    State.COMPENSATING: (Tone.WARNING, "undo"),
    State.COMPENSATED: (Tone.WARNING, "undo"),
}
_ATTEMPTS: dict[str, tuple[Tone, str]] = {
    AttemptState.PREPARED: (Tone.NEUTRAL, "edit_note"),
    AttemptState.SENT: (Tone.INFO, "send"),
    AttemptState.UNKNOWN: (Tone.WARNING, "help"),
    AttemptState.SUCCEEDED: (Tone.SUCCESS, "check_circle"),
    AttemptState.REJECTED: (Tone.DANGER, "block"),
    AttemptState.NOT_EXECUTED: (Tone.NEUTRAL, "remove_circle"),
}
_LETTERS: dict[str, tuple[Tone, str]] = {
    DeadLetterState.OPEN: (Tone.WARNING, "pending_actions"),
    DeadLetterState.REPLAYED: (Tone.SUCCESS, "replay"),
    DeadLetterState.DISCARDED: (Tone.NEUTRAL, "delete_sweep"),
}


def word(code: str) -> str:
    """Return a stored code as people read it, such as ``bank processing``."""
    return code.replace("_", " ").lower()


def state(code: str) -> Cell:
    """Return the badge of a state, with its meaning."""
    tone, icon = _STATES[code]
    return cells.badge(word(code), tone, icon=icon, title=State(code).label)


def attempt_state(code: str) -> Cell:
    tone, icon = _ATTEMPTS[code]
    return cells.badge(word(code), tone, icon=icon, title=AttemptState(code).label)


def letter_state(code: str) -> Cell:
    tone, icon = _LETTERS[code]
    return cells.badge(word(code), tone, icon=icon)


def domain(code: str) -> Cell:
    tones = {"banking": Tone.BANKING, "investing": Tone.INVESTING, "defi": Tone.DEFI}
    return cells.badge(code, tones.get(code, Tone.NEUTRAL))


def address(transaction_id: UUID) -> str:
    """Return the address of a transaction's page."""
    return reverse("console:orchestration_transaction_change", args=[transaction_id])


def link(transaction_id: UUID | None) -> Cell:
    """Return a transaction's id as a link to its page; the whole id is in its title."""
    if transaction_id is None:
        return cells.NOTHING
    public = ids.render(ids.Prefix.TRANSACTION, transaction_id)
    return cells.mono(f"{public[:10]}…{public[-6:]}", href=address(transaction_id), title=public)


def amount(row: Transaction) -> Cell:
    return cells.amount(row.money)


def customer(customer_id: UUID, handle: str) -> Cell:
    return cells.text(f"@{handle}", href=reverse("console:identity_customer_change", args=[customer_id]))
