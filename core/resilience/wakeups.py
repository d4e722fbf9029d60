"""Wake a worker after the commit. A wake-up is a hint: it may be lost, and the relay's poll is the net."""

from __future__ import annotations

import structlog
from celery import current_app
from django.db import transaction
from kombu.exceptions import OperationalError as BrokerError

from core.resilience import connections

_MARK_TTL_MS = 2000
_log = structlog.get_logger(__name__)


def wake(*, task: str, queue: str, key: str) -> None:
    """Have ``task`` started on ``queue`` once we have committed; at once when no transaction is open.

    Wake-ups with one ``key`` are coalesced: a thousand before the task starts are one message.
    """
    transaction.on_commit(lambda: send(task=task, queue=queue, key=key), robust=True)


def send(*, task: str, queue: str, key: str) -> bool:
    """Send the wake-up now, unless one is on its way; return whether a message went out."""
    try:
        if not connections.command("SET", _mark(key), "1", "NX", "PX", _MARK_TTL_MS):
            return False
        current_app.send_task(task, queue=queue, retry=False, ignore_result=True, expires=60)
    except connections.Resting:
        return False
    except (connections.Unavailable, BrokerError, OSError) as fault:
        _log.warning("wakeup.lost", task=task, key=key, error=str(fault))
        return False
    return True


def started(key: str) -> None:
    """Say, first thing in the task, that it has started: what commits from now on sends a new wake-up."""
    try:
        connections.command("DEL", _mark(key))
    except connections.Unavailable:
        _log.info("wakeup.mark_kept", key=key)


def _mark(key: str) -> str:
    return connections.key(f"wake:{key}")
