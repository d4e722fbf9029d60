"""The inbox's part of the story of a transaction: which webhooks came about it."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from core.kernel import clock, ids
from core.orchestration.models import Attempt
from core.webhooks.models import WebhookEvent

_MOST = 50


def webhooks(transaction_id: UUID) -> list[dict[str, Any]]:
    """Return the events about what was asked of providers for this transaction, in the order of their arrival."""
    asked = set(
        Attempt.objects.filter(transaction_id=transaction_id)
        .exclude(provider_ref="")
        .values_list("provider", "provider_ref")
    )
    events = (
        WebhookEvent.objects.filter(provider_ref__in=[ref for _, ref in asked])
        .defer("body", "headers")
        .order_by("received_at")[:_MOST]
    )
    return [
        {
            "id": ids.render(ids.Prefix.WEBHOOK, event.id),
            "provider": event.provider,
            "type": event.event_type,
            "status": event.status,
            "received_at": clock.rfc3339(event.received_at),
            "processed_at": None if event.processed_at is None else clock.rfc3339(event.processed_at),
        }
        for event in events
        if (event.provider, event.provider_ref) in asked
    ]
