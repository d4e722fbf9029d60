"""What wakes DeFi up. The plan is in the rows; this may run any number of times."""

from __future__ import annotations

from typing import Any

from celery import shared_task

from core.orchestration.engine import drain as engine
from core.resilience import wakeups
from defi.services import readings


@shared_task(name="defi.drain", queue="defi", soft_time_limit=26, time_limit=28)
def drain(**_: Any) -> None:
    """Work on what is due in DeFi."""
    wakeups.started("drain:defi")
    engine.drain(domain="defi")


@shared_task(name="defi.observe", queue="housekeeping", soft_time_limit=26, time_limit=28)
def observe(**_: Any) -> None:
    """Read from their contracts what the strategies are worth."""
    readings.observe_all()
