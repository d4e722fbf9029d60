"""Customers as other screens show and find them: by handle, without anything personal."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from contextlib import suppress
from typing import Any

from django.db.models import Q

from core.identity import customers
from core.kernel import errors, ids


def add_handles(rows: Iterable[Any]) -> None:
    """Give each row with a ``customer_id`` the ``handle`` of its customer, in one query."""
    rows = list(rows)
    known = customers.get_many({row.customer_id for row in rows})
    for row in rows:
        row.handle = known[row.customer_id].handle if row.customer_id in known else "unknown"


def meant(text: str, *, by_id: Mapping[ids.Prefix, str]) -> Q:
    """Return which rows a search text means: those of the customer with this @handle, or of an id.

    ``by_id`` says by which prefix of an id which column is meant.
    """
    found = customers.find_by_handle(text)
    rows = Q(customer_id=found.id) if found else Q(pk__in=[])
    for prefix, column in by_id.items():
        with suppress(errors.NotFound):
            rows |= Q(**{column: ids.parse(prefix, text)})
    return rows
