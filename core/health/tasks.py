"""What Celery starts here."""

from __future__ import annotations

import os
import time

from celery import shared_task

from core.audit import books
from core.health import components, results, runner
from core.resilience import heartbeats
from core.resilience.checks import Component

_SHOWN = 5


@shared_task(name="health.pulse")
def pulse(*, queue: str, **_: object) -> None:
    """Prove that beat schedules and that a worker takes from this queue. Beat sends one to each queue."""
    heartbeats.beat(name=components.PULSE + queue, detail=f"pid {os.getpid()}")


@shared_task(name="health.check", queue="housekeeping", time_limit=30, soft_time_limit=20)
def check(**_: object) -> None:
    """Run all checks and keep what they found. Beat starts it every 30 seconds."""
    found = runner.run()
    results.store(components=[component for component in found.components if component.name != "books"])


@shared_task(name="health.check_books", queue="housekeeping", time_limit=280, soft_time_limit=240)
def check_books(**_: object) -> None:
    """Run ``verify_books`` and keep how much it found. Beat starts it every five minutes."""
    start = time.perf_counter()
    breaks = books.run()
    named = "; ".join(f"{one.check}: {one.subject}: {one.detail}" for one in breaks[:_SHOWN])
    component = Component(
        name="books",
        ok=not breaks,
        critical=False,
        detail=f"{len(breaks)} breaks. {named}"[:1000] if breaks else "no breaks",
        took_ms=round((time.perf_counter() - start) * 1000, 2),
    )
    results.store(components=[component], figures={"books": len(breaks)})
