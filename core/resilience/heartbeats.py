"""Signs of life of long-running processes, in the database, by the database's clock."""

from __future__ import annotations

from datetime import timedelta

from django.db import connection

from core.kernel import errors

_BEAT = """
    INSERT INTO resilience_heartbeat (name, at, detail) VALUES (%s, clock_timestamp(), %s)
    ON CONFLICT (name) DO UPDATE SET at = excluded.at, detail = excluded.detail
"""


class Silent(errors.SystemFault):
    """A process that should be running has not been heard of."""

    default_code = "heartbeat_missing"


def beat(*, name: str, detail: str = "") -> None:
    """Say that the process called ``name`` is alive."""
    with connection.cursor() as cursor:
        cursor.execute(_BEAT, [name, detail])


def check(*, name: str, within: timedelta) -> str:
    """Return when the process was last heard of, for a health check.

    Raises: Silent when that is longer ago than ``within``, or never.
    """
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT extract(epoch FROM clock_timestamp() - at), detail FROM resilience_heartbeat WHERE name = %s",
            [name],
        )
        found = cursor.fetchone()
    if found is None:
        raise Silent(detail=f"{name} was never heard of.")
    age_s = float(found[0])
    if age_s > within.total_seconds():
        raise Silent(detail=f"{name} was last heard of {age_s:.0f} s ago.")
    return f"{age_s:.1f} s ago {found[1]}".strip()
