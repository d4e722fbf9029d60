"""What a link's hash covers. An auditor can repeat it with nothing but SHA-256 and JSON.

hash = SHA-256 of the UTF-8 text ``previous_hash \\n sequence \\n canonical``, in hexadecimal, where ``canonical`` is
the record as JSON with sorted keys, without spaces, non-ASCII characters as they are; the first link's
``previous_hash`` is 64 zeros.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from core.kernel import clock

GENESIS = "0" * 64


@dataclass(frozen=True, slots=True)
class Content:
    """A record as it lies in the table, in the order of its columns."""

    id: UUID
    at: datetime
    actor: str
    action: str
    target: str
    reason: str
    before: Mapping[str, Any] | None
    after: Mapping[str, Any] | None
    request_id: str


COLUMNS = "r.id, r.at, r.actor, r.action, r.target, r.reason, r.before, r.after, r.request_id"


def content(*, row: tuple[Any, ...]) -> Content:
    """Return the record of a row of ``COLUMNS``, whose JSON comes as text."""
    record_id, at, actor, action, target, reason, before, after, request_id = row
    return Content(record_id, at, actor, action, target, reason, _read(before), _read(after), request_id)


def link_hash(*, previous_hash: str, sequence: int, record: Content) -> str:
    """Return the hash of the link that gives ``record`` its place."""
    return hashlib.sha256(f"{previous_hash}\n{sequence}\n{canonical(record=record)}".encode()).hexdigest()


def canonical(*, record: Content) -> str:
    """Return the one text of a record."""
    fields = {
        "id": record.id.hex,
        "at": clock.rfc3339(record.at),
        "actor": record.actor,
        "action": record.action,
        "target": record.target,
        "reason": record.reason,
        "before": record.before,
        "after": record.after,
        "request_id": record.request_id,
    }
    return json.dumps(fields, sort_keys=True, separators=(",", ":"), ensure_ascii=False)


def _read(text: str | None) -> Any:
    return None if text is None else json.loads(text)
