"""One answer per key: the same request sent twice does its work once. Records commit with the business rows."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.db import connection

from core.kernel import errors
from core.resilience import statements

KEEP = timedelta(days=30)
RETRY_AFTER_S = 1
_BEGIN = "SELECT * FROM idempotency_begin(%s, %s, %s)"
_KNOWN = "SELECT 1 FROM resilience_idempotencyrecord WHERE scope = %s AND key = %s"
_FINISH = "SELECT idempotency_finish(%s, %s, %s, %s, %s::jsonb, %s)"
_KEY = re.compile(r"[\x21-\x7e]{1,255}", re.ASCII)


class InProgress(errors.Conflict):
    """A request with this key is being worked on right now. HTTP 409, with ``retry_after`` in seconds."""

    default_code = "idempotency_in_progress"
    retryable = True
    retry_after = RETRY_AFTER_S


class KeyReused(errors.Refused):
    """This key was used with another body. HTTP 422."""

    default_code = "idempotency_key_reused"


@dataclass(frozen=True, slots=True, kw_only=True)
class Fresh:
    """The key is new and ours until the transaction ends."""

    scope: str
    key: str
    body_sha256: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Replay:
    """The answer that this key got the first time."""

    status: int
    headers: dict[str, str]
    body: bytes


def check_key(key: str | None) -> str:
    """Return the key when it is one: 1 to 255 visible characters.

    Raises: InvalidInput (``idempotency_key_required``, ``idempotency_key_invalid``).
    """
    if not key:
        raise errors.InvalidInput(code="idempotency_key_required", detail="Send an Idempotency-Key header.")
    if not _KEY.fullmatch(key):
        raise errors.InvalidInput(
            code="idempotency_key_invalid", detail="An Idempotency-Key has 1 to 255 visible ASCII characters."
        )
    return key


def digest(body: bytes) -> bytes:
    """Return what a body is compared by: the SHA-256 of its raw bytes."""
    return hashlib.sha256(body).digest()


def begin(*, scope: str, key: str, body: bytes) -> Fresh | Replay:
    """Take a key, or get its first answer, in one round trip (``idempotency_begin`` in SQL).

    ``scope`` is caller and operation, such as ``customer:<hex>:banking.transactions``.
    Needs: the open transaction in which the work is done and ``finish`` called.
    Raises: InProgress (ask again in a second), KeyReused.
    """
    if not connection.in_atomic_block:
        raise errors.SystemFault(detail="An idempotency key is held by a transaction: open one.")
    sha256 = digest(body)
    ((verdict, status, headers, first),) = statements.fetch(_BEGIN, [scope, key, sha256])
    if verdict == "fresh":
        return Fresh(scope=scope, key=key, body_sha256=sha256)
    raise_refusal(verdict)
    return Replay(status=status, headers=json.loads(headers), body=bytes(first))


def is_known(*, scope: str, key: str) -> bool:
    """Return whether this key has an answer already. A hint: only ``begin`` decides."""
    return bool(statements.fetch(_KNOWN, [scope, key]))


def raise_refusal(verdict: str) -> None:
    """Turn a verdict of ``idempotency_begin`` into its error; ``fresh`` and ``replay`` pass.

    Raises: InProgress, KeyReused.
    """
    if verdict == "in_progress":
        raise InProgress(detail="A request with this key is still running.")
    if verdict == "reused":
        raise KeyReused(detail="This key was used with another body.")


def finish(*, fresh: Fresh, status: int, headers: Mapping[str, str], body: bytes) -> None:
    """Store the answer that every later request with this key gets, in one INSERT.

    Needs: the transaction of ``begin``. An answer with a secret is stored without it.
    """
    values: list[Any] = [fresh.scope, fresh.key, fresh.body_sha256, status, json.dumps(dict(headers)), body]
    statements.fetch(_FINISH, values)


def cleanup(*, limit: int = 5000) -> int:
    """Delete records that are older than 30 days; return how many."""
    with connection.cursor() as cursor:
        cursor.execute(
            "DELETE FROM resilience_idempotencyrecord WHERE ctid = ANY (ARRAY("
            " SELECT ctid FROM resilience_idempotencyrecord"
            " WHERE created_at < clock_timestamp() - make_interval(secs => %s) LIMIT %s))",
            [KEEP.total_seconds(), limit],
        )
        return int(cursor.rowcount)
