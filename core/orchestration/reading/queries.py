"""Reads of transactions for the API, the feed and the console. Never writes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from django.db.models import Q, QuerySet

from core.kernel import errors
from core.orchestration.models import Event, Transaction
from core.orchestration.reading import render
from core.orchestration.states import DONE, SETTLED, State, Status

_SNAPSHOT = 25
_BY_STATUS: Mapping[str, Q] = {
    Status.PENDING: Q(state__in=[State.INITIATED, State.VALIDATING]),
    Status.REQUIRES_ACTION: Q(state=State.KYC_VERIFICATION) | (Q(next_action__isnull=False) & ~Q(state__in=SETTLED)),
    Status.UNDER_REVIEW: Q(state=State.COMPLIANCE_CHECK),
    Status.COMPENSATING: Q(state=State.COMPENSATING),
    Status.COMPLETED: Q(state__in=DONE),
    Status.FAILED: Q(state__in=[State.FAILED, State.COMPENSATED]),
    Status.EXPIRED: Q(state=State.EXPIRED),
    Status.REVERSED: Q(state__in=DONE, reversed_units__gt=0),
}


def of_customer(customer_id: UUID) -> QuerySet[Transaction]:
    """Return what a customer may see: his own transactions and the completed transfers to him."""
    mine = Q(customer_id=customer_id)
    return Transaction.objects.filter(mine | Q(counterparty_id=customer_id, state=State.COMPLETED))


def with_status(rows: QuerySet[Transaction], status: str) -> QuerySet[Transaction]:
    """Keep those with a customer status. Raises: InvalidInput (``invalid_filter``)."""
    if status == Status.PROCESSING:
        others = Q()
        for known in _BY_STATUS.values():
            others |= known
        return rows.exclude(others)
    if status not in _BY_STATUS:
        raise errors.InvalidInput(code="invalid_filter", detail=f"There is no status {status!r}.", pointer="/status")
    return rows.filter(_BY_STATUS[status])


def find(*, transaction_id: UUID, customer_id: UUID) -> Transaction:
    """Return a transaction that this customer may see. Raises: NotFound."""
    row = of_customer(customer_id).filter(id=transaction_id).first()
    if row is None:
        raise errors.NotFound(detail="There is no such transaction.")
    return row


def own(*, transaction_id: UUID, customer_id: UUID) -> Transaction:
    """Return a customer's own transaction. Raises: NotFound."""
    row = Transaction.objects.filter(id=transaction_id, customer_id=customer_id).first()
    if row is None:
        raise errors.NotFound(detail="There is no such transaction.")
    return row


def timeline(transaction_id: UUID) -> QuerySet[Event]:
    """Return the events of a transaction; the caller orders and cuts."""
    return Event.objects.filter(transaction_id=transaction_id)


def snapshot(customer_id: UUID, _params: Mapping[str, object]) -> list[dict[str, Any]]:
    """Return the newest transactions of a customer, for a feed that starts."""
    rows = of_customer(customer_id).order_by("-id")[:_SNAPSHOT]
    return [render.seen_by(row, customer_id=customer_id) for row in rows]
