"""Which devices a user came from."""

from __future__ import annotations

import hashlib
from uuid import UUID

from django.db import connection

from core.kernel import ids

_SEEN = """
INSERT INTO identity_device (id, user_id, fingerprint, label, first_seen_at, last_seen_at)
VALUES (%s, %s, %s, %s, clock_timestamp(), clock_timestamp())
ON CONFLICT (user_id, fingerprint) DO UPDATE SET last_seen_at = clock_timestamp()
RETURNING id
"""


def seen(*, user_id: int, agent: str) -> UUID:
    """Note that this user came from the device that calls itself ``agent``, and return the device's id."""
    label = "".join(char for char in agent if char.isprintable())[:200] or "unknown"
    fingerprint = hashlib.sha256(agent.encode(errors="replace")).hexdigest()
    with connection.cursor() as cursor:
        cursor.execute(_SEEN, [ids.uuid7(), user_id, fingerprint, label])
        device_id: UUID = cursor.fetchone()[0]
    return device_id
