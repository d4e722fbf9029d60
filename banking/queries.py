"""Reads of banking: customers' instruments. Never writes."""

from __future__ import annotations

from collections.abc import Iterable
from uuid import UUID

from django.db.models import QuerySet

from banking.models import Instrument, InstrumentStatus, InstrumentType
from core.kernel import errors
from core.orchestration import kinds


class InstrumentNotFound(errors.NotFound):
    """There is no such instrument, or it is somebody else's."""

    default_code = "instrument_not_found"


class Instruments:
    """Banking's cards and bank accounts as the engine sees them."""

    def find(self, *, customer_id: UUID, instrument_id: UUID) -> kinds.Instrument | None:
        """Return a customer's active instrument, or None."""
        row = of_customer(customer_id).filter(id=instrument_id).first()
        return None if row is None else _view(row)

    def load(self, *, instrument_ids: set[UUID]) -> dict[UUID, kinds.Instrument]:
        """Return instruments by id, removed ones included: what was accepted with one is finished with it."""
        return {row.id: _view(row) for row in Instrument.objects.filter(id__in=instrument_ids)}


def of_customer(customer_id: UUID) -> QuerySet[Instrument]:
    """Return a customer's active instruments."""
    return Instrument.objects.filter(customer_id=customer_id, status=InstrumentStatus.ACTIVE)


def get(*, customer_id: UUID, instrument_id: UUID) -> Instrument:
    """Return a customer's active instrument. Raises: InstrumentNotFound."""
    row = of_customer(customer_id).filter(id=instrument_id).first()
    if row is None:
        raise InstrumentNotFound(detail="There is no such instrument.")
    return row




def _view(row: Instrument) -> kinds.Instrument:
    if row.type == InstrumentType.CARD:
        secrets = {"token": row.secret}
    else:
        secrets = {
            "account_number": row.secret,
            "routing_number": row.routing_number,
            "funding": row.funding,
            "holder": row.holder,
        }
    return kinds.Instrument(
        id=row.id,
        method=row.method,
        holder=row.holder,
        label=row.label,
        destination=row.last4 if row.type == InstrumentType.BANK_ACCOUNT else "",
        secrets=secrets,
    )
