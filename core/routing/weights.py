"""The weights in effect, held in memory for a few seconds."""

from __future__ import annotations

from django.db import connection

from core.kernel import errors, held
from core.routing import scoring

_IN_EFFECT = """
    SELECT version, health, cost, speed FROM routing_weights
    WHERE effective_from <= clock_timestamp() ORDER BY effective_from DESC, version DESC LIMIT 1
"""


def current() -> scoring.Weights:
    """Return the weights in effect by the database's clock; at most a few seconds old.

    Raises: SystemFault (``no_weights``) when none are.
    """
    return _held.get()


def load() -> scoring.Weights:
    """Read the weights in effect from the database.

    Raises: SystemFault (``no_weights``).
    """
    with connection.cursor() as cursor:
        cursor.execute(_IN_EFFECT)
        row = cursor.fetchone()
    if row is None:
        raise errors.SystemFault(code="no_weights", detail="No routing weights are in effect.")
    return scoring.Weights(version=row[0], health=row[1], cost=row[2], speed=row[3])


_held = held.Held(load)
