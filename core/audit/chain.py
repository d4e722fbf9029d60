"""The follower that links records into the chain and signs its head. One at a time, across all processes."""

from __future__ import annotations

from typing import Any

import structlog
from django.db import connection, transaction

from core.audit import hashing, signing
from core.kernel import clock

LOCK = 7_031_001  # the advisory lock of this follower
_log = structlog.get_logger(__name__)

# Ids begin with the time, and a transaction rarely stays open for an hour: older records without a link are looked for
# by ``thorough``, which the relay asks for when it starts.
_UNLINKED = f"""
    SELECT {hashing.COLUMNS} FROM audit_auditrecord r
    WHERE NOT EXISTS (SELECT FROM audit_auditlink l WHERE l.record = r.id)
      AND (%(thorough)s OR r.id > %(floor)s)
    ORDER BY r.id LIMIT %(limit)s
"""  # noqa: S608 - our own column names
_OVERLAP_MS = 3_600_000
_LINK = """
    INSERT INTO audit_auditlink (sequence, record, previous_hash, hash)
    SELECT * FROM unnest(%s::bigint[], %s::uuid[], %s::text[], %s::text[])
"""
_SEAL = """
    INSERT INTO audit_auditseal (sequence, hash, at, signature, public_key) VALUES (%s, %s, %s, %s, %s)
"""


def link(*, limit: int = 500, thorough: bool = False) -> int:
    """Link up to ``limit`` records that have no link yet, seal the new head, and return how many were linked.

    Returns 0 at once when another process is at it. What is linked is what was committed: a record is never linked
    before its transaction ends.
    """
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_xact_lock(%s)", [LOCK])
        if not cursor.fetchone()[0]:
            return 0
        return _link(cursor, limit=limit, thorough=thorough)


def _link(cursor: Any, *, limit: int, thorough: bool) -> int:
    sequence, head, last = _head(cursor)
    floor = max(0, (last.int >> 80) - _OVERLAP_MS) << 80 if last else 0
    cursor.execute(_UNLINKED, {"thorough": thorough, "floor": f"{floor:032x}", "limit": limit})
    links: list[tuple[int, Any, str, str]] = []
    for row in cursor.fetchall():
        record = hashing.content(row=row)
        sequence, previous = sequence + 1, head
        head = hashing.link_hash(previous_hash=previous, sequence=sequence, record=record)
        links.append((sequence, record.id, previous, head))
    if links:
        cursor.execute(_LINK, [list(column) for column in zip(*links, strict=True)])
        _seal(cursor, sequence, head)
    return len(links)


def _head(cursor: Any) -> tuple[int, str, Any]:
    """Return number and hash of the last link, and the newest record that has one."""
    cursor.execute("SELECT sequence, hash FROM audit_auditlink ORDER BY sequence DESC LIMIT 1")
    found = cursor.fetchone()
    if found is None:
        return 0, hashing.GENESIS, None
    cursor.execute("SELECT record FROM audit_auditlink ORDER BY record DESC LIMIT 1")
    return int(found[0]), str(found[1]), cursor.fetchone()[0]


def _seal(cursor: Any, sequence: int, head: str) -> None:
    """Sign the head, and log it: the log lies elsewhere, so that cutting off the chain's end shows too."""
    cursor.execute("SELECT clock_timestamp()")
    at = cursor.fetchone()[0]
    signature = signing.sign(sequence=sequence, head=head, at=clock.rfc3339(at))
    cursor.execute(_SEAL, [sequence, head, at, signature, signing.public_key()])
    _log.info("audit.sealed", sequence=sequence, hash=head, signature=signature)
