"""The checks of what everything stands on. Each returns a short detail, or raises when its part is ill."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from celery import current_app
from django.conf import settings
from django.db import connection
from kombu import Connection
from kombu.exceptions import ChannelError

from core.health import results
from core.kernel import errors
from core.resilience import connections, heartbeats
from core.resilience.models import BreakerState, Heartbeat

PULSE = "worker:"
_SILENT_AFTER = timedelta(seconds=100)
_LATE_S = 30.0
_STUCK_S = 60.0
_BOOKS = "books"
_BROKER_TIMEOUT_S = 1.0
_AGE = "SELECT coalesce(extract(epoch FROM clock_timestamp() - min(due_at)), 0), count(*) FROM {table} WHERE {due}"
_EFFECTS_DUE = "state = 'pending' AND due_at <= (SELECT clock_timestamp())"
_WORK_DUE = "due_at <= (SELECT clock_timestamp())"


class Ill(errors.SystemFault):
    """A part works badly: late, stuck or out of balance."""

    default_code = "ill"


def database() -> str:
    """Ask the database for its clock and its version."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT current_setting('server_version')")
        return f"PostgreSQL {cursor.fetchone()[0]}"


def redis() -> str:
    """Ask Redis whether it is there. Without it everything goes on, slower."""
    connections.ask(lambda client: client.ping())
    return "answers"


def broker() -> str:
    """Open a connection to the broker and count what waits in each queue."""
    return ", ".join(f"{queue} {depth}" for queue, depth in queue_depths().items())


def queues() -> list[str]:
    """Return the names of our queues."""
    return [queue.name for queue in settings.CELERY_TASK_QUEUES]


def queue_depths() -> dict[str, int]:
    """Return how many messages wait in each of our queues.

    Raises: whatever the broker's client raises when it does not answer within a second.
    """
    options = {**current_app.conf.broker_transport_options, "socket_timeout": 1, "socket_connect_timeout": 1}
    with Connection(
        settings.CELERY_BROKER_URL, connect_timeout=_BROKER_TIMEOUT_S, transport_options=options
    ) as broker_connection:
        broker_connection.ensure_connection(max_retries=1, interval_start=0, timeout=1)
        return {queue: _depth(broker_connection, queue) for queue in queues()}


def _depth(broker_connection: Connection, queue: str) -> int:
    channel: Any = broker_connection.channel()
    try:
        return int(channel.queue_declare(queue=queue, passive=True).message_count)
    except ChannelError:  # nobody has used it yet, or it is empty and so forgotten
        return 0
    finally:
        channel.close()


def outbox() -> str:
    """See whether effects are carried out in time, and whether some were given up."""
    age_s, count = oldest_effect()
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM outbox_effect WHERE state = 'dead'")
        dead = cursor.fetchone()[0]
    found = f"{count} due, oldest {age_s:.0f} s, {dead} given up"
    if age_s > _LATE_S or dead:
        raise Ill(detail=found)
    return found


def work() -> str:
    """See whether due transactions are worked on in time."""
    age_s, count = oldest_work()
    found = f"{count} due, oldest {age_s:.0f} s"
    if age_s > _STUCK_S:
        raise Ill(detail=found)
    return found


def oldest_effect() -> tuple[float, int]:
    """Return how long the oldest due effect has waited, in seconds, and how many are due."""
    return _age("outbox_effect", _EFFECTS_DUE)


def oldest_work() -> tuple[float, int]:
    """Return how long the oldest due transaction has waited, in seconds, and how many are due."""
    return _age("orchestration_transaction", _WORK_DUE)


def _age(table: str, due: str) -> tuple[float, int]:
    with connection.cursor() as cursor:
        cursor.execute(_AGE.format(table=table, due=due))
        age_s, count = cursor.fetchone()
    return float(age_s), int(count)


def scheduler() -> str:
    """See whether beat schedules: a pulse of any queue proves it."""
    newest = Heartbeat.objects.filter(name__startswith=PULSE).order_by("-at").values_list("name", flat=True).first()
    if newest is None:
        raise heartbeats.Silent(detail="No scheduled task was ever heard of.")
    return heartbeats.check(name=newest, within=_SILENT_AFTER)


def workers() -> str:
    """See whether every queue has a worker that takes from it."""
    return ", ".join(f"{queue} {heartbeats.check(name=PULSE + queue, within=_SILENT_AFTER)}" for queue in queues())


def breakers() -> str:
    """See whether providers are cut off."""
    shut = BreakerState.objects.exclude(state=BreakerState.State.CLOSED, mode=BreakerState.Mode.AUTO)
    shut = shut.exclude(mode=BreakerState.Mode.FORCED_CLOSED).order_by("name")
    names = [f"{row.name} {row.mode if row.mode != BreakerState.Mode.AUTO else row.state}" for row in shut]
    if names:
        raise Ill(detail=", ".join(names))
    return "all closed"


def books() -> str:
    """Repeat what the last run of ``verify_books`` found; running it here would take too long."""
    last = results.find(name=_BOOKS)
    if last is None:
        return "not checked yet"
    if not last.ok:
        raise Ill(detail=last.detail)
    return last.detail
