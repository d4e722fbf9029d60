"""The Celery tasks of resilience. Each may run twice, at any time."""

from __future__ import annotations

from celery import shared_task

from core.resilience import idempotency

_ROUNDS = 20


@shared_task(name="resilience.cleanup", queue="housekeeping")
def cleanup(**_: object) -> None:
    """Delete idempotency records that are older than 30 days."""
    for _round in range(_ROUNDS):
        if not idempotency.cleanup():
            return
