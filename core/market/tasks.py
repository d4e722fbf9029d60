"""What Celery starts here."""

from __future__ import annotations

from datetime import timedelta

from celery import shared_task

from core.market import charts, observing

HISTORY = timedelta(days=2)


@shared_task(name="market.observe", queue="housekeeping", time_limit=30, soft_time_limit=20)
def observe(**_: object) -> None:
    """Ask every source for all prices. Beat starts it every few seconds."""
    observing.observe()


@shared_task(name="market.refresh_candles", queue="housekeeping", time_limit=50, soft_time_limit=40)
def refresh_candles(**_: object) -> None:
    """Fetch the candles that are due."""
    charts.refresh()


@shared_task(name="market.forget", queue="housekeeping", time_limit=50, soft_time_limit=40)
def forget(**_: object) -> None:
    """Delete prices and candles that are past their age."""
    observing.forget(older_than=HISTORY)
    charts.forget()
