"""Celery's doors to the ledger's sweeps. Safe to run twice, side by side, or never for a while."""

from __future__ import annotations

from typing import Any

from celery import shared_task

from core.ledger import sweeps

CLOSE_AT_ONCE = 500
FOLD_AT_ONCE = 20_000


@shared_task(name="ledger.close_lots", queue="housekeeping", soft_time_limit=20, time_limit=30)
def close_lots(**_: Any) -> None:
    """Free the lots that are due, a set at a time."""
    while sweeps.close_lots(limit=CLOSE_AT_ONCE):
        pass


@shared_task(name="ledger.roll_up", queue="housekeeping", soft_time_limit=20, time_limit=30)
def roll_up(**_: Any) -> None:
    """Fold what there is, a set at a time."""
    while sweeps.roll_up(limit=FOLD_AT_ONCE) == FOLD_AT_ONCE:
        pass
