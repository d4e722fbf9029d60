"""What a transaction's changes look like on the customers' streams and to those who notify them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from django.db import connection

from core.kernel import assets, ids
from core.ledger.accounts import AccountRef
from core.orchestration.models import Transaction
from core.orchestration.states import State, progress_of, status_of

TRANSACTIONS = "transactions"
BALANCES = "balances"
CREATED = "transaction.created"
STATUS_TOPIC = "transaction.status"
# The state after an event that changed none is that of the last one that did.
_EVENTS = """
    SELECT e.id, t.id, t.customer_id, t.domain, t.kind, e.seq, e.type, e.from_state, e.to_state,
           CASE WHEN e.to_state <> '' THEN e.to_state ELSE
               (SELECT b.to_state FROM orchestration_event b WHERE b.transaction_id = e.transaction_id AND b.seq < e.seq
                AND b.to_state <> '' ORDER BY b.seq DESC LIMIT 1) END,
           e.actor, e.reason, t.next_action IS NOT NULL AND t.seq = e.seq
    FROM orchestration_event e JOIN orchestration_transaction t ON t.id = e.transaction_id
    WHERE e.id = ANY (%s)
"""
_INTERNAL_REASONS = frozenset({"released_by_review"})


def public_actor(actor: str) -> str:
    """Return who did it in the words of the contract: a member of staff is diBoaS to a customer."""
    return "diboas" if actor.startswith("staff:") else actor


def public_reason(reason: str) -> str | None:
    """Return the reason that a customer may read, or None."""
    return None if not reason or reason in _INTERNAL_REASONS else reason


def event_row(*, transaction_id: UUID, customer_id: UUID, event_id: UUID, type_: str) -> dict[str, Any]:
    """Return the stream row of one event, for the owner or for the recipient of a transfer.

    It only refers to the event: what a customer reads is put together when it is sent (``completed``), so that a step
    writes each fact once. ``t`` is the transaction whose refused write leaves the row out.
    """
    return {
        "t": transaction_id,
        "customer": customer_id,
        "channel": TRANSACTIONS,
        "type": type_,
        "ref": event_id,
        "data": {"event_id": ids.render(ids.Prefix.EVENT, event_id)},
    }


def opened_row(row: Mapping[str, Any]) -> dict[str, Any]:
    """Return the stream row that says a transaction was accepted, from the row with which it is opened.

    A child is written with its parent, so it is left out with a refused parent.
    """
    return event_row(
        transaction_id=row.get("parent_id") or row["id"],
        customer_id=row["customer_id"],
        event_id=row["event_id"],
        type_=CREATED,
    )


def completed(rows: Sequence[tuple[UUID, dict[str, Any]]]) -> list[dict[str, Any]]:
    """Return what each customer reads of each of his rows, in their order, in one query.

    The recipient of a transfer reads no more than that it arrived.
    """
    wanted = [ids.parse(ids.Prefix.EVENT, str(data["event_id"])) for _, data in rows]
    with connection.cursor() as cursor:
        cursor.execute(_EVENTS, [wanted])
        found = {row[0]: row for row in cursor.fetchall()}
    return [
        {**data, **(_shown(customer_id, found[event_id]) if event_id in found else {})}
        for (customer_id, data), event_id in zip(rows, wanted, strict=True)
    ]


def _shown(customer_id: UUID, row: tuple[Any, ...]) -> dict[str, Any]:
    _, txn_id, owner_id, domain, kind, seq, type_, source, target, state, actor, reason, waits = row
    shown = {
        "transaction_id": ids.render(ids.Prefix.TRANSACTION, txn_id),
        "domain": domain,
        "kind": kind,
        "status": status_of(state=state, needs_customer=bool(waits)).value,
        "state": state,
        "progress": progress_of(state),
        "seq": seq,
        "type": type_,
        "from": source or None,
        "to": target or None,
        "actor": public_actor(actor),
        "reason": public_reason(reason),
    }
    if customer_id != owner_id:
        hidden = ("seq", "from", "actor", "reason")
        return {**{key: value for key, value in shown.items() if key not in hidden}, "direction": "incoming"}
    return shown


def balance_row(*, transaction: Transaction, account: AccountRef, event_id: UUID) -> dict[str, Any]:
    """Return the stream row that says which of a customer's balances changed; the figures are read when it is sent."""
    asset = assets.get(account.asset)
    return {
        "t": transaction.id,
        "customer": account.customer_id,
        "channel": BALANCES,
        "type": "balance.changed",
        "ref": event_id,
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
