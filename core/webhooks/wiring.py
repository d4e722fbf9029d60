"""Plugs the inbox into what lies below it: the relay's look for due work, the story of a transaction, the books."""

from __future__ import annotations

from core.api import explain
from core.audit import books
from core.outbox import due
from core.resilience import checks as components
from core.webhooks import checks, inbox, stories

_DUE = (
    "EXISTS (SELECT FROM webhooks_webhookevent WHERE due_at <= clock_timestamp()"
    " AND (lease_until IS NULL OR lease_until < clock_timestamp()))"
)


def connect() -> None:
    """Register what this package brings. Called once, when Django starts."""
    due.register("webhooks.due", _DUE, task=inbox.TASK, queue=inbox.QUEUE, key=inbox.WAKE_KEY)
    explain.register("webhooks", stories.webhooks)
    books.register("webhooks", checks.breaks)
    components.register("webhooks", checks.condition)
