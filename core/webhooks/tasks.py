"""What Celery starts here."""

from __future__ import annotations

from celery import shared_task

from core.resilience import wakeups
from core.webhooks import drain, inbox


@shared_task(name=inbox.TASK, queue=inbox.QUEUE, time_limit=55, soft_time_limit=45)
def drain_inbox(**_: object) -> None:
    """Process what is due in the inbox."""
    wakeups.started(inbox.WAKE_KEY)
    drain.run()
