"""What Celery starts here."""

from __future__ import annotations

from celery import shared_task

from core.realtime import providers, tickets


@shared_task(name="realtime.follow_providers", queue="housekeeping", time_limit=30, soft_time_limit=20)
def follow_providers(**_: object) -> None:
    """Number what changed about providers. Beat starts it every 2 seconds."""
    providers.follow()


@shared_task(name="realtime.purge_tickets", queue="housekeeping", time_limit=30, soft_time_limit=20)
def purge_tickets(**_: object) -> None:
    """Throw unused tickets away. Beat starts it every 10 minutes."""
    tickets.purge()
