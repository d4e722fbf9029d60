"""What Celery starts here."""

from __future__ import annotations

from celery import shared_task

from core.kernel import clock
from core.providers import probes


@shared_task(name="providers.probe", queue="housekeeping", time_limit=50, soft_time_limit=40)
def probe(**_: object) -> None:
    """Ask every provider whether it is well. Beat starts it every 30 seconds."""
    probes.probe_all()
    probes.remember(now=clock.SYSTEM.now())
