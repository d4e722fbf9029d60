"""What has happened outside and that nobody asked for, as a transaction: taken on as it is, in one commit."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import orjson
from django.db import IntegrityError, transaction

from core.kernel import ids
from core.kernel.money import Money
from core.orchestration import outcomes
from core.orchestration.reading import feed
from core.resilience import statements

_OPEN = "SELECT orchestration_open(%s::jsonb), outbox_append(%s::jsonb)"
_KNOWN = "SELECT id FROM orchestration_transaction WHERE id = ANY(%s::uuid[])"


@dataclass(frozen=True, slots=True, kw_only=True)
class Happened:
    """One thing that happened outside. ``transaction_id`` is its own id there, so that it is taken on once.

    ``facts`` are JSON-ready and become the transaction's security context; ``method`` is what its legs are asked by.
    """

    transaction_id: UUID
    customer_id: UUID
    domain: str
    kind: str
    method: str
    amount: Money
    actor: str
    facts: Mapping[str, Any]


def take(happened: Happened) -> bool:
    """Take on what happened; return whether it was new."""
    if known([happened.transaction_id]):
        return False
    row = _row(happened)
    try:
        with transaction.atomic():
            statements.fetch(_OPEN, [orjson.dumps([row]).decode(), orjson.dumps([feed.opened_row(row)]).decode()])
            outcomes.wake([happened.domain])
    except IntegrityError:
        if known([happened.transaction_id]):
            return False
        raise
    return True


def known(transaction_ids: Sequence[UUID]) -> set[UUID]:
    """Return which of these were taken on already."""
    return {row[0] for row in statements.fetch(_KNOWN, [list(transaction_ids)])}


def _row(happened: Happened) -> dict[str, Any]:
    units = str(happened.amount.units)
    return {
        "id": happened.transaction_id,
        "event_id": ids.uuid7(),
        "customer_id": happened.customer_id,
        "domain": happened.domain,
        "kind": happened.kind,
        "reason": "",
        "asset": happened.amount.asset.code,
        "side": "source",
        "units": units,
        "debit_units": units,
        "receive_units": units,
        "method": happened.method,
        "provider": "",
        "preferences": {},
        "client_reference": None,
        "correlation_id": "",
        "request_id": "",
        "security": dict(happened.facts),
        "actor": happened.actor,
    }
