"""What must be true of the inbox at every quiet moment."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

from django.db.models.functions import Now

from core.audit.books import Break
from core.kernel import errors
from core.webhooks.models import WebhookEvent

LATE = timedelta(minutes=10)
SLOW = timedelta(minutes=1)


def condition() -> str:
    """Say in a few words how the inbox is, for the health of the platform.

    Raises: ProcessingFault when events wait for longer than a minute.
    """
    waiting = WebhookEvent.objects.filter(due_at__lt=Now() - SLOW).count()
    if waiting:
        raise errors.ProcessingFault(code="webhooks_waiting", detail=f"{waiting} events wait for over a minute")
    return "nothing waits"


def breaks() -> Iterator[Break]:
    """Yield every event that is due for long and that nobody has taken."""
    late = WebhookEvent.objects.filter(due_at__lt=Now() - LATE).defer("body", "headers").order_by("due_at")
    for event in late[:1000]:
        yield Break(
            check="webhooks",
            subject=f"{event.provider}:{event.event_id}",
            detail=f"due since {event.due_at}, not taken",
        )
