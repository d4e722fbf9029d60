"""What Celery beat starts. Draining tasks belong to the domains, each on its own queue."""

from __future__ import annotations

from typing import Any

from celery import shared_task

from core.orchestration.engine import sweeps

_LIMIT = 500


@shared_task(name="orchestration.sweep", queue="housekeeping", soft_time_limit=25, time_limit=28)
def sweep(**_: Any) -> None:
    """Deadlines, reservations and lost schedules; one sweep at a time, to spare the work, not for safety."""
    sweeps.alone(limit=_LIMIT)
