"""The contract's JSON of transactions and events."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from core.api import amounts
from core.fees.sheets import FeeSheet
from core.kernel import assets, clock, ids
from core.kernel.assets import Asset
from core.kernel.money import Money
from core.orchestration.models import Event, Transaction
from core.orchestration.reading import feed
from core.orchestration.states import State, Status

BASE = "/api/v1/transactions"


def transaction(row: Transaction) -> dict[str, Any]:
    """Return a transaction as its owner sees it. ``source`` and ``target`` lack the amount until it is priced."""
    public = row.public_id
    asset = assets.get(row.asset)
    reversed_units = int(row.reversed_units)
    return {
        "id": public,
        "object": "transaction",
        "domain": row.domain,
        "kind": row.kind,
        "status": row.status.value,
        "state": str(row.state),
        "reason": feed.public_reason(row.reason),
        "progress": row.progress,
        "eta": None if row.eta is None else clock.rfc3339(row.eta),
        "source": _side(row.debit if row.side == "target" else row.debit or row.money, assets.get(row.asset)),
        "target": _side(row.receive if row.side == "source" else row.receive or row.money, row.arriving),
        "fees": None if row.fees is None else FeeSheet.from_json(row.fees).render(),
        "reversed_amount": amounts.render(Money(reversed_units, asset)) if reversed_units else None,
        "reverses": None if row.parent_id is None else ids.render(ids.Prefix.TRANSACTION, row.parent_id),
        "provider": row.provider or None,
        "instrument_id": None if row.instrument_id is None else ids.render(ids.Prefix.INSTRUMENT, row.instrument_id),
        "quote_id": None if row.quote_id is None else ids.render(ids.Prefix.QUOTE, row.quote_id),
        "plan_id": None if row.plan_id is None else ids.render(ids.Prefix.PLAN, row.plan_id),
        "client_reference": row.client_reference,
        "correlation_id": row.correlation_id or None,
        "created_at": clock.rfc3339(row.created_at),
        "updated_at": clock.rfc3339(row.updated_at),
        "completed_at": None if row.completed_at is None else clock.rfc3339(row.completed_at),
        "version": row.version,
        "next_action": row.next_action,
        "links": {"events": f"{BASE}/{public}/events", "explain": f"{BASE}/{public}/explain"},
    }


def received(row: Transaction) -> dict[str, Any]:
    """Return a completed transfer as its recipient sees it: what arrived and when, nothing of the sender's side."""
    return {
        "id": row.public_id,
        "object": "transaction",
        "domain": row.domain,
        "kind": row.kind,
        "direction": "incoming",
        "status": Status.COMPLETED.value,
        "state": State.COMPLETED.value,
        "target": _side(row.receive, row.arriving),
        "created_at": clock.rfc3339(row.created_at),
        "completed_at": None if row.completed_at is None else clock.rfc3339(row.completed_at),
    }


def seen_by(row: Transaction, *, customer_id: UUID) -> dict[str, Any]:
    """Return a transaction as this customer, its owner or its recipient, sees it."""
    return transaction(row) if row.customer_id == customer_id else received(row)


def event(row: Event) -> dict[str, Any]:
    """Return one event of the timeline."""
    return {
        "id": row.public_id,
        "seq": row.seq,
        "type": row.type,
        "at": clock.rfc3339(row.created_at),
        "from": row.from_state or None,
        "to": row.to_state or None,
        "actor": feed.public_actor(row.actor),
        "reason": feed.public_reason(row.reason),
        "data": row.data,
    }


def _side(money: Money | None, asset: Asset) -> dict[str, str]:
    return amounts.render_asset(asset) if money is None else amounts.render(money)
