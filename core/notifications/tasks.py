"""What Celery starts here."""

from __future__ import annotations

from celery import shared_task

from core.notifications import mailing
from core.resilience import wakeups

_ROUNDS = 10


@shared_task(name=mailing.TASK, queue=mailing.QUEUE)
def send_emails(**_: object) -> None:
    """Send what is due, a few batches of it; the relay's look wakes this again while there is more."""
    wakeups.started(mailing.KEY)
    for _round in range(_ROUNDS):
        if not mailing.send_due():
            return
