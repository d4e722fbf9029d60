"""Banking's instruments as the engine sees them."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.db import connection

from banking import queries
from banking.models import Instrument, InstrumentStatus
from core.encryption import cipher
from core.orchestration import kinds
from core.resilience import statements

# Written by hand: these run for every request and every set of the engine, and building a queryset's SQL costs several
# times what asking costs.
_FIELDS = ("id", "type", "method", "secret", "holder", "label", "last4", "routing_number", "funding")
_SECRET = _FIELDS.index("secret")
_PLACE = "banking_instrument.secret"
_SELECT = f"SELECT {', '.join(_FIELDS)} FROM banking_instrument WHERE "  # noqa: S608 - column names of our own model
_FIND = f"{_SELECT} customer_id = %s AND id = %s AND status = %s"
_LOAD = f"{_SELECT} id = ANY (%s::uuid[])"
_NOTE = """
    INSERT INTO banking_bankingdetail (transaction_id, method, holder, label, destination) VALUES (%s, %s, %s, %s, %s)
"""


class Instruments:
    """Banking's cards and bank accounts as the engine sees them."""

    def find(self, *, customer_id: UUID, instrument_id: UUID) -> kinds.Instrument | None:
        """Return a customer's active instrument, or None."""
        found = _views(_FIND, [customer_id, instrument_id, InstrumentStatus.ACTIVE.value])
        return found[0] if found else None

    def load(self, *, instrument_ids: set[UUID]) -> dict[UUID, kinds.Instrument]:
        """Return instruments by id, removed ones included: what was accepted with one is finished with it."""
        return {view.id: view for view in _views(_LOAD, [list(instrument_ids)])}

    def note(self, *, transaction_id: UUID, instrument: kinds.Instrument) -> kinds.Note:
        """Return the row that keeps what the instrument was when it was used."""
        values = (transaction_id, instrument.method, instrument.holder, instrument.label, instrument.destination)
        return kinds.Note(sql=_NOTE, values=values)


def _views(sql: str, params: list[Any]) -> list[kinds.Instrument]:
    return [queries.view(_row(values)) for values in statements.fetch(sql, params)]


def _row(values: tuple[Any, ...]) -> Instrument:
    """Return an instrument with its secret in the clear; what the engine does not need stays unread."""
    secret = cipher.decrypt(values[_SECRET], context=_PLACE)
    return Instrument.from_db(connection.alias, _FIELDS, (*values[:_SECRET], secret, *values[_SECRET + 1 :]))
