"""What wakes banking up. The plan is in the rows; this may run any number of times."""

from __future__ import annotations

from typing import Any

from celery import shared_task

from banking.services import receipts
from core.orchestration.engine import drain as engine
from core.resilience import wakeups


@shared_task(name="banking.drain", queue="banking", soft_time_limit=26, time_limit=28)
def drain(**_: Any) -> None:
    """Work on what is due in banking."""
    wakeups.started("drain:banking")
    engine.drain(domain="banking")


@shared_task(name="banking.take_arrivals", queue="housekeeping", soft_time_limit=25, time_limit=28)
def take_arrivals(**_: Any) -> None:
    """Take on coins that arrived and that nobody told us of."""
    receipts.catch_up()
