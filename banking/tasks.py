"""What wakes banking up. The plan is in the rows; this may run any number of times."""

from __future__ import annotations

from typing import Any

from celery import shared_task

from core.orchestration.engine import drain as engine
from core.resilience import wakeups


@shared_task(name="banking.drain", queue="banking", soft_time_limit=26, time_limit=28)
def drain(**_: Any) -> None:
    """Work on what is due in banking."""
    wakeups.started("drain:banking")
    engine.drain(domain="banking")
