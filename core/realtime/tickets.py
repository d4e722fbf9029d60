"""Tickets: how a browser brings its authentication to a socket without putting a token into an address.

A ticket is 32 random bytes in base64url without padding (``=`` may not stand in a subprotocol). Only its hash is kept,
it lives 30 seconds, and taking it is a DELETE RETURNING, so of two sockets that bring the same one only one gets in.
"""

from __future__ import annotations

import hashlib
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from django.db import connection

LIFETIME = timedelta(seconds=30)
_ISSUE = """
    INSERT INTO realtime_ws_ticket (secret_hash, customer_id, expires_at)
    VALUES (%s, %s, clock_timestamp() + make_interval(secs => %s)) RETURNING expires_at"""
_REDEEM = """
    DELETE FROM realtime_ws_ticket WHERE secret_hash = %s
    RETURNING customer_id, expires_at > clock_timestamp()"""
_PURGE = """
    DELETE FROM realtime_ws_ticket WHERE secret_hash IN (
        SELECT secret_hash FROM realtime_ws_ticket WHERE expires_at < clock_timestamp()
        LIMIT %s FOR UPDATE SKIP LOCKED)"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Ticket:
    """What the client gets: the secret, shown once, and until when it may be used."""

    secret: str
    expires_at: datetime


def issue(*, customer_id: UUID) -> Ticket:
    """Give this customer a ticket for one socket."""
    secret = secrets.token_urlsafe(32)
    with connection.cursor() as cur:
        cur.execute(_ISSUE, [_hash(secret), customer_id, LIFETIME.total_seconds()])
        (expires_at,) = cur.fetchone()
    return Ticket(secret=secret, expires_at=expires_at)


def redeem(*, secret: str) -> UUID | None:
    """Take a ticket and return whose it is; None if there is none, or it was used before, or it is too old."""
    with connection.cursor() as cur:
        cur.execute(_REDEEM, [_hash(secret)])
        found = cur.fetchone()
    if found is None:
        return None
    customer_id, is_fresh = found
    return customer_id if is_fresh else None


def purge(*, limit: int = 1000) -> int:
    """Throw away tickets that nobody used. Returns how many."""
    with connection.cursor() as cur:
        cur.execute(_PURGE, [limit])
        return int(cur.rowcount)


def _hash(secret: str) -> bytes:
    return hashlib.sha256(secret.encode()).digest()
