"""Write down who did what and why, in the transaction that does it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from django.db import connection

from core.kernel import errors, ids

_INSERT = """
    INSERT INTO audit_auditrecord (id, at, actor, action, target, reason, before, after, request_id)
    VALUES (%s, clock_timestamp(), %s, %s, %s, %s, %s::jsonb, %s::jsonb, %s)
"""


def record(  # noqa: PLR0913 - who, what, to what, why, from what, to what: none can be left out
    *,
    actor: str,
    action: str,
    target: str,
    reason: str = "",
    before: Mapping[str, Any] | None = None,
    after: Mapping[str, Any] | None = None,
    request_id: str = "",
) -> None:
    """Append a record, in one INSERT; a follower links it into the chain within a second.

    ``actor`` is ``customer:<hex>``, ``staff:<id>``, ``system:<part>`` or ``provider:<code>``; ``action`` a dotted verb
    such as ``breaker.force_open``; ``target`` names the row. ``before`` and ``after`` hold what changed, as JSON
    without floats and without secrets.
    Needs: the open transaction of the change.
    Raises: SystemFault outside a transaction; TypeError for what JSON cannot carry exactly.
    """
    if not connection.in_atomic_block:
        raise errors.SystemFault(detail="A record commits with the change that it tells of: open a transaction.")
    if not actor or not action or not target:
        raise errors.SystemFault(detail="A record names who did what to what.")
    values: list[Any] = [ids.uuid7(), actor, action, target, reason, _json(before), _json(after), request_id]
    with connection.cursor() as cursor:
        cursor.execute(_INSERT, values)


def _json(value: Mapping[str, Any] | None) -> str | None:
    if value is None:
        return None
    _refuse_floats(value)
    return json.dumps(dict(value), ensure_ascii=False)


def _refuse_floats(value: object) -> None:
    """A float has more than one text, so its hash could differ tomorrow."""
    if isinstance(value, float):
        raise TypeError("an audit record holds no floats: write the number as text")
    if isinstance(value, Mapping):
        for inner in value.values():
            _refuse_floats(inner)
    elif isinstance(value, (list, tuple)):
        for inner in value:
            _refuse_floats(inner)
