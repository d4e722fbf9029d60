"""What must be true of the inbox at every quiet moment."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

from django.db.models.functions import Now

from core.audit.books import Break
from core.webhooks.models import WebhookEvent

LATE = timedelta(minutes=10)


def breaks() -> Iterator[Break]:
    """Yield every event that is due for long and that nobody has taken."""
    late = WebhookEvent.objects.filter(due_at__lt=Now() - LATE).defer("body", "headers").order_by("due_at")
    for event in late[:1000]:
        yield Break(
            check="webhooks",
            subject=f"{event.provider}:{event.event_id}",
            detail=f"due since {event.due_at}, not taken",
        )
