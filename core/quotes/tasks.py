"""Celery entry points of quotes."""

from datetime import timedelta

from celery import shared_task

from core.quotes import quotes

KEPT = timedelta(days=1)


@shared_task(name="quotes.purge", queue="housekeeping", ignore_result=True, soft_time_limit=20, time_limit=30)
def purge(**_later: object) -> None:
    """Delete unused quotes a day after they expired."""
    quotes.purge(older_than=KEPT, limit=5_000)
