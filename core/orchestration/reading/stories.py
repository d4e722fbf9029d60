"""The engine's part of the story of a transaction: attempts, holds, entries, with the ids that prove each."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any
from uuid import UUID

from core.api import amounts
from core.kernel import clock, ids
from core.ledger import queries as ledger
from core.orchestration.models import Attempt, Transaction
from core.routing import decisions

# What a review blocked and then let go is told like any other hold that was set free.
_OUTCOMES = {"": "open", "converted": "released"}


def attempts(transaction_id: UUID) -> list[dict[str, Any]]:
    """Return what was asked of providers, in order."""
    return [
        {
            "id": ids.render(ids.Prefix.ATTEMPT, row.id),
            "number": row.number,
            "provider": row.provider,
            "operation": row.operation,
            "state": row.state,
            "amount": amounts.render(row.amount),
            "provider_reference": row.provider_ref or None,
            "tries": row.tries,
            "error": row.error or None,
            "sent_at": None if row.sent_at is None else clock.rfc3339(row.sent_at),
        }
        for row in Attempt.objects.filter(transaction_id=transaction_id).order_by("number")
    ]


def holds(transaction_id: UUID) -> list[dict[str, Any]]:
    """Return what was set aside and what became of it. A block by law reads like any other hold."""
    return [
        {
            "id": ids.render(ids.Prefix.HOLD, row.id),
            "amount": amounts.render(row.amount),
            "captured": amounts.render(row.captured),
            "outcome": _OUTCOMES.get(row.outcome, row.outcome),
            "placed_at": clock.rfc3339(row.placed_at),
            "resolved_at": None if row.resolved_at is None else clock.rfc3339(row.resolved_at),
        }
        for row in ledger.holds_for(transaction_ids=[transaction_id])
    ]


def entries(transaction_id: UUID) -> list[dict[str, Any]]:
    """Return the journal entries with every line; whose account it is, other than the owner's, stays with us."""
    owner = Transaction.objects.values_list("customer_id", flat=True).get(id=transaction_id)
    return [
        {
            "id": ids.render(ids.Prefix.ENTRY, row.id),
            "key": row.key,
            "kind": row.kind,
            "posted_at": clock.rfc3339(row.posted_at),
            "lines": [{"account": _account(line.account, owner), **amounts.render(line.amount)} for line in row.lines],
        }
        for row in ledger.entries_for(transaction_ids=[transaction_id])
    ]


def _account(code: str, owner: UUID) -> str:
    """Return an account by its name in the chart, a customer's without the customer."""
    if not code.startswith("cust:"):
        return code
    _, holder, name = code.split(":", 2)
    return name if holder == owner.hex else "recipient"


PARTS: Mapping[str, Callable[[UUID], Any]] = {
    "attempts": attempts,
    "decisions": lambda transaction_id: decisions.explain(transaction_id)["decisions"],
    "holds": holds,
    "entries": entries,
}
