"""What wakes investing up. The plan is in the rows; these may run any number of times."""

from __future__ import annotations

from typing import Any

from celery import shared_task

from core.orchestration.engine import drain as engine
from core.resilience import wakeups
from investing.services import pairs


@shared_task(name="investing.drain", queue="investing", soft_time_limit=26, time_limit=28)
def drain(**_: Any) -> None:
    """Work on what is due in investing."""
    wakeups.started("drain:investing")
    engine.drain(domain="investing")


@shared_task(name="investing.refresh_pairs", queue="housekeeping", soft_time_limit=26, time_limit=28)
def refresh_pairs(**_: Any) -> None:
    """Ask the exchange what it trades and by which rules."""
    pairs.refresh()
