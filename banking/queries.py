"""Reads of banking: customers' instruments. Never writes."""

from __future__ import annotations

from uuid import UUID

from django.db.models import QuerySet

from banking.models import BankingDetail, Instrument, InstrumentStatus, InstrumentType
from core.kernel import errors
from core.orchestration import kinds


class InstrumentNotFound(errors.NotFound):
    """There is no such instrument, or it is somebody else's."""

    default_code = "instrument_not_found"


def story(transaction_id: UUID) -> dict[str, str] | None:
    """Return the instrument of a transaction as it was when it was used, for the transaction's story."""
    row = BankingDetail.objects.filter(transaction_id=transaction_id).first()
    return None if row is None else {"method": row.method, "label": row.label, "holder": row.holder}


def of_customer(customer_id: UUID) -> QuerySet[Instrument]:
    """Return a customer's active instruments."""
    return Instrument.objects.filter(customer_id=customer_id, status=InstrumentStatus.ACTIVE)


def get(*, customer_id: UUID, instrument_id: UUID) -> Instrument:
    """Return a customer's active instrument. Raises: InstrumentNotFound."""
    row = of_customer(customer_id).filter(id=instrument_id).first()
    if row is None:
        raise InstrumentNotFound(detail="There is no such instrument.")
    return row


def view(row: Instrument) -> kinds.Instrument:
    """Return an instrument as the engine sees it, with what its provider needs."""
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
