"""Payloads of the effect ``transaction.status``, as the engine writes them."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from core.kernel import ids
from core.kernel.ids import Prefix


def payload(customer_id: UUID, **facts: Any) -> dict[str, Any]:
    """Return a payload: a deposit of 100.00 USD that is complete, unless ``facts`` say otherwise."""
    given = {
        "event_id": ids.new(Prefix.EVENT),
        "transaction_id": ids.new(Prefix.TRANSACTION),
        "customer_id": customer_id.hex,
        "role": "owner",
        "domain": "banking",
        "kind": "deposit",
        "status": "completed",
        "reason": None,
        "amount": "100.00",
        "asset": "USD",
        "chain": None,
        "effect_id": ids.uuid7().hex,
    }
    return given | facts
