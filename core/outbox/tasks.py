"""The Celery tasks of the outbox. Each may run twice, at any time."""

from __future__ import annotations

from celery import shared_task

from core.outbox import effects, streams
from core.resilience import wakeups

_ROUNDS = 20


@shared_task(name=effects.TASK, queue=effects.QUEUE)
def drain_effects(**_: object) -> None:
    """Carry out the effects that are due, in rounds, as long as there are some."""
    wakeups.started(effects.KEY)
    for _round in range(_ROUNDS):
        if not effects.drain():
            return


@shared_task(name="outbox.cleanup", queue="housekeeping")
def cleanup(**_: object) -> None:
    """Delete stream rows that nobody can ask for any more."""
    for _round in range(_ROUNDS):
        if not streams.cleanup():
            return
