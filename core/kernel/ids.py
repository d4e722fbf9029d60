"""Prefixed UUIDv7 ids: sortable by time, told apart by eye. RFC 9562, section 5.7.

Stored as a plain UUID; the prefix is put on at the door (``txn_0190f3…``).
"""

from __future__ import annotations

import os
import re
import threading
import time
from enum import StrEnum
from uuid import UUID

from core.kernel import errors


class Prefix(StrEnum):
    """What an id is of."""

    TRANSACTION = "txn"
    QUOTE = "qte"
    PLAN = "pln"
    HOLD = "hld"
    ENTRY = "ent"
    EVENT = "evt"
    API_KEY = "key"
    WEBHOOK = "whk"
    CASE = "cse"
    POSITION = "pos"
    ORDER = "ord"
    INSTRUMENT = "ins"
    CUSTOMER = "cus"
    ATTEMPT = "att"
    DEAD_LETTER = "dlq"
    NOTIFICATION = "ntf"
    DECISION = "dec"
    REQUEST = "req"


_HEX = re.compile(r"[0-9a-f]{32}", re.ASCII)
_lock = threading.Lock()
_last = 0


def uuid7() -> UUID:
    """Return a new UUIDv7, strictly rising within this process.

    48 bits of milliseconds, 12 bits of the fraction of a millisecond (RFC 9562 method 3), 62 random bits.
    """
    global _last  # noqa: PLW0603 - one counter per process is what makes ids rise
    now = time.time_ns()
    stamp = (now // 1_000_000 << 12) | (now % 1_000_000 * 4096 // 1_000_000)
    with _lock:
        _last = stamp = max(stamp, _last + 1)
    rand = int.from_bytes(os.urandom(8)) & (2**62 - 1)
    return UUID(int=(stamp >> 12) << 80 | 7 << 76 | (stamp & 0xFFF) << 64 | 2 << 62 | rand)


def new(prefix: Prefix) -> str:
    """Return a new id in its public form."""
    return render(prefix, uuid7())


def render(prefix: Prefix, value: UUID) -> str:
    """Return the public form of a stored id."""
    return f"{prefix.value}_{value.hex}"


def parse(prefix: Prefix, text: str) -> UUID:
    """Read a public id back.

    Raises: NotFound when it is not an id of this kind: an id that cannot exist is one that does not.
    """
    head, _, tail = text.partition("_")
    if head != prefix.value or not _HEX.fullmatch(tail):
        raise errors.NotFound(detail=f"There is no object {text[:60]!r}.")
    return UUID(hex=tail)
