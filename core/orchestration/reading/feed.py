"""What a transaction's changes look like on the customers' streams and to those who notify them."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from core.kernel import assets, ids
from core.ledger.accounts import AccountRef
from core.orchestration.models import Transaction
from core.orchestration.states import State, progress_of, status_of

TRANSACTIONS = "transactions"
BALANCES = "balances"
STATUS_TOPIC = "transaction.status"
_INTERNAL_REASONS = frozenset({"released_by_review"})


def public_actor(actor: str) -> str:
    """Return who did it in the words of the contract: a member of staff is diBoaS to a customer."""
    return "diboas" if actor.startswith("staff:") else actor


def public_reason(reason: str) -> str | None:
    """Return the reason that a customer may read, or None."""
    return None if not reason or reason in _INTERNAL_REASONS else reason


def event_row(*, customer_id: UUID, transaction: Transaction, event: Any, state: str) -> dict[str, Any]:
    """Return the stream row of one event of a transaction, for its owner or for the recipient of a transfer."""
    needs_customer = transaction.next_action is not None and state == transaction.state
    return {
        "t": transaction.id,
        "customer": customer_id,
        "channel": TRANSACTIONS,
        "type": event.type,
        "ref": event.id,
        "data": {
            "transaction_id": transaction.public_id,
            "domain": transaction.domain,
            "kind": transaction.kind,
            "status": status_of(
                state=state, needs_customer=needs_customer, wholly_reversed=transaction.wholly_reversed
            ).value,
            "state": state,
            "progress": progress_of(state),
            "seq": event.seq,
            "type": event.type,
            "from": event.from_state or None,
            "to": event.to_state or None,
            "actor": public_actor(event.actor),
            "reason": public_reason(event.reason),
            "version": transaction.version + 1,
        },
    }


def opened_row(row: dict[str, Any]) -> dict[str, Any]:
    """Return the stream row that says a transaction was accepted, from the row with which it is opened.

    A child is written with its parent, so ``t``, by which refused writes are left out, is the parent if there is one.
    """
    return {
        "t": row.get("parent_id") or row["id"],
        "customer": row["customer_id"],
        "channel": TRANSACTIONS,
        "type": "transaction.created",
        "ref": row["event_id"],
        "data": {
            "transaction_id": ids.render(ids.Prefix.TRANSACTION, row["id"]),
            "domain": row["domain"],
            "kind": row["kind"],
            "status": status_of(state=State.INITIATED).value,
            "state": State.INITIATED.value,
            "progress": 0,
            "seq": 1,
            "type": "transaction.created",
            "from": None,
            "to": State.INITIATED.value,
            "actor": public_actor(row["actor"]),
            "reason": None,
            "version": 1,
        },
    }


def balance_row(*, transaction: Transaction, account: AccountRef) -> dict[str, Any]:
    """Return the stream row that says which of a customer's balances changed; the figures are read when it is sent."""
    asset = assets.get(account.asset)
    return {
        "t": transaction.id,
        "customer": account.customer_id,
        "channel": BALANCES,
        "type": "balance.changed",
        "ref": transaction.id,
        "data": {"domain": account.domain, "asset": asset.symbol, "chain": asset.chain},
    }


def status_effect(*, transaction: Transaction, event_id: UUID, customer_id: UUID, role: str) -> dict[str, Any]:
    """Return the effect that tells a customer of a new status. ``role`` is owner or recipient."""
    money = (transaction.receive if role == "recipient" else None) or transaction.money
    return {
        "t": transaction.id,
        "topic": STATUS_TOPIC,
        "payload": {
            "event_id": ids.render(ids.Prefix.EVENT, event_id),
            "transaction_id": transaction.public_id,
            "customer_id": customer_id.hex,
            "role": role,
            "domain": transaction.domain,
            "kind": transaction.kind,
            "status": transaction.status.value,
            "reason": public_reason(transaction.reason),
            "amount": money.text,
            "asset": money.asset.symbol,
            "chain": money.asset.chain,
        },
    }


def is_shown_to_recipient(state: str) -> bool:
    """The recipient of a transfer hears of it when it is done, not before."""
    return State(state) is State.COMPLETED
