"""Taking due transactions: claimed for a while by one worker, or locked for the length of one database transaction."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any, TypeVar
from uuid import UUID

import orjson
from django.db import connection, models
from django.db.models.base import ModelState

from core.kernel import errors
from core.orchestration import kinds
from core.orchestration.models import Attempt, Transaction
from core.orchestration.states import State
from core.resilience import statements

Row = TypeVar("Row", bound=models.Model)

LEASE_S = 30
LIMIT = 100

_COLUMNS = [field.column for field in Transaction._meta.concrete_fields]
_NAMES = [field.attname for field in Transaction._meta.concrete_fields]
_DOMAIN = _NAMES.index("domain")
_JSON = [
    place for place, each in enumerate(Transaction._meta.concrete_fields) if each.get_internal_type() == "JSONField"
]
_LIST = ", ".join(f"t.{column}" for column in _COLUMNS)
# The sub-select makes the clock one value, which an index can be searched for; the bare function is asked row by row.
_CLAIM = f"""
    WITH due AS (
        SELECT d.id FROM orchestration_transaction d
        WHERE d.due_at <= (SELECT clock_timestamp()) AND d.domain = %s::text
          AND (d.lease_until IS NULL OR d.lease_until < clock_timestamp())
        ORDER BY d.due_at
        LIMIT %s::int
        FOR NO KEY UPDATE SKIP LOCKED)
    UPDATE orchestration_transaction t
    SET lease_until = clock_timestamp() + make_interval(secs => %s::float8), fence = t.fence + 1
    WHERE t.id = ANY (ARRAY(SELECT id FROM due))
    RETURNING {_LIST}, coalesce(t.deadline_at < clock_timestamp(), false)
"""  # noqa: S608 - column names of our own model
_LOAD = f"""
    SELECT {_LIST}, coalesce(t.deadline_at < clock_timestamp(), false)
    FROM orchestration_transaction t WHERE t.id = ANY (%s::uuid[]) ORDER BY t.id
"""  # noqa: S608 - column names of our own model
# What orchestration_open writes where the caller says nothing.
_BLANK: dict[str, Any] = dict.fromkeys(_NAMES) | {
    "state": State.INITIATED.value,
    "version": 1,
    "fence": 0,
    "tries": 0,
    "target_asset": "",
    "reversed_units": Decimal(0),
    "leg": "",
    "seq": 1,
}
_UUIDS = {field.attname for field in Transaction._meta.concrete_fields if field.get_internal_type() == "UUIDField"}
_DECIMALS = {"units", "debit_units", "receive_units"}
_ATTEMPT_NAMES = [field.attname for field in Attempt._meta.concrete_fields]
_ATTEMPTS = f"""
    SELECT {", ".join(f"a.{field.column}" for field in Attempt._meta.concrete_fields)},
        extract(epoch FROM clock_timestamp() - a.created_at)::float8,
        coalesce(extract(epoch FROM clock_timestamp() - a.sent_at), 0)::float8
    FROM orchestration_attempt a WHERE a.transaction_id = ANY (%s::uuid[]) ORDER BY a.number
"""  # noqa: S608 - column names of our own model


def claim(*, domain: str, limit: int = LIMIT) -> list[Transaction]:
    """Take up to ``limit`` due transactions of a domain, oldest first; nobody else gets them while the lease runs.

    The fencing number goes up with every claim, so what a worker writes after its lease has passed on is refused.
    Rows are instances of the domain's own model, with ``is_overdue`` told by the database's clock.
    """
    # What comes back from an UPDATE is in no order, and whoever asked first is to be served first.
    return sorted(_fetch(_CLAIM, [domain, limit, LEASE_S]), key=lambda row: row.id)


def load(transaction_ids: Iterable[UUID]) -> list[Transaction]:
    """Read transactions again through their domains' models, in the order of their ids. Takes no lock."""
    return _fetch(_LOAD, [list(transaction_ids)])


def get(transaction_id: UUID) -> Transaction:
    """Read one transaction through its domain's model. Raises: NotFound."""
    found = load([transaction_id])
    if not found:
        raise errors.NotFound(detail="There is no such transaction.")
    return found[0]


def written(fields: Mapping[str, Any], *, at: datetime) -> Transaction:
    """Return what reading a transaction would give that was opened with ``fields`` just now, without reading it."""
    known = {name: fields[name] for name in _NAMES if name in fields and fields[name] is not None}
    for name in _UUIDS & known.keys():
        known[name] = UUID(str(known[name]))
    for name in _DECIMALS & known.keys():
        known[name] = Decimal(known[name])
    values = {**_BLANK, "trail": [], "undo": [], "cleared": [], "terms": {}, "results": {}, **known}
    values |= {"due_at": at, "created_at": at, "updated_at": at}
    values["deadline_at"] = at + timedelta(seconds=fields["deadline_in"])
    transaction = _made(kinds.model_of(fields["domain"]), _NAMES, [values[name] for name in _NAMES])
    transaction.is_overdue = False
    return transaction


def attempts_of(transactions: Sequence[Transaction]) -> dict[UUID, list[Attempt]]:
    """Return the attempts of each transaction, oldest first, in one query."""
    found: dict[UUID, list[Attempt]] = {transaction.id: [] for transaction in transactions}
    if not found:
        return found
    for *values, known_for_s, sent_for_s in statements.fetch(_ATTEMPTS, [list(found)]):
        attempt = _made(Attempt, _ATTEMPT_NAMES, values)
        attempt.known_for_s, attempt.sent_for_s = known_for_s, sent_for_s
        found[attempt.transaction_id].append(attempt)
    return found


def _fetch(sql: str, params: list[Any]) -> list[Transaction]:
    return [_instance(row) for row in statements.fetch(sql, params)]


def _instance(row: Sequence[Any]) -> Transaction:
    """Return a row as an instance of its domain's model. JSON comes as text."""
    *values, is_overdue = row
    for place in _JSON:
        if values[place] is not None:
            values[place] = orjson.loads(values[place])
    transaction = _made(kinds.model_of(values[_DOMAIN]), _NAMES, values)
    transaction.is_overdue = is_overdue
    return transaction


def _made(model: type[Row], names: Sequence[str], values: Sequence[Any]) -> Row:
    """Return an instance as it would come from a query; Django's own way costs five times as much for wide rows."""
    one = model.__new__(model)
    one.__dict__.update(zip(names, values, strict=True))
    one._state = ModelState()
    one._state.adding, one._state.db = False, connection.alias
    return one
