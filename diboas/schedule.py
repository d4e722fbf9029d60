"""What Celery beat starts and when: every entry is a hint to do work that the database says is due.

An entry that could not run in time is dropped (`expires`): the next one does its work.
"""

from collections.abc import Mapping
from typing import Any

QUEUES = ("banking", "investing", "defi", "webhooks", "notifications", "housekeeping")


def every(
    seconds: float, task: str, *, queue: str = "housekeeping", told: Mapping[str, str] | None = None
) -> dict[str, Any]:
    """Schedule a task; a queue that stands still does not fill up with entries that mean the same."""
    options = {"queue": queue, "expires": max(5.0, seconds)}
    return {"task": task, "schedule": seconds, "kwargs": dict(told or {}), "options": options}


SCHEDULE: dict[str, dict[str, Any]] = {
    "drain banking": every(5, "banking.drain", queue="banking"),
    "drain investing": every(5, "investing.drain", queue="investing"),
    "drain defi": every(5, "defi.drain", queue="defi"),
    "drain the webhook inbox": every(5, "webhooks.drain", queue="webhooks"),
    "carry out effects": every(5, "outbox.drain_effects", queue="notifications"),
    "send mail": every(30, "notifications.send_emails", queue="notifications"),
    "sweep deadlines and reservations": every(5, "orchestration.sweep"),
    "take on coins that arrived": every(15, "banking.take_arrivals"),
    "close reversible lots": every(10, "ledger.close_lots"),
    "roll up system accounts": every(2, "ledger.roll_up"),
    "probe the providers": every(30, "providers.probe"),
    "ask for prices": every(5, "market.observe"),
    "fetch candles": every(20, "market.refresh_candles"),
    "ask what is traded": every(300, "investing.refresh_pairs"),
    "ask what strategies are worth": every(30, "defi.observe"),
    "forget old prices": every(3600, "market.forget"),
    "follow the providers' state": every(2, "realtime.follow_providers"),
    "close moot cases": every(60, "compliance.close_moot"),
    "forget ended sign-ins": every(3600, "identity.cleanup"),
    "forget used tickets": every(600, "realtime.purge_tickets"),
    "forget old quotes": every(3600, "quotes.purge"),
    "forget what was delivered": every(600, "outbox.cleanup"),
    "forget old idempotency records": every(3600, "resilience.cleanup"),
    "look at every component": every(30, "health.check"),
    "look at the books": every(300, "health.check_books"),
    # What comes back from each queue proves that beat and that queue's workers live.
    **{f"pulse of {queue}": every(10, "health.pulse", queue=queue, told={"queue": queue}) for queue in QUEUES},
}
