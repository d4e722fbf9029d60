"""Banking's instruments as the engine sees them."""

from __future__ import annotations

from uuid import UUID

from banking import queries
from banking.models import BankingDetail, Instrument
from core.orchestration import kinds


class Instruments:
    """Banking's cards and bank accounts as the engine sees them."""

    def find(self, *, customer_id: UUID, instrument_id: UUID) -> kinds.Instrument | None:
        """Return a customer's active instrument, or None."""
        row = queries.of_customer(customer_id).filter(id=instrument_id).first()
        return None if row is None else queries.view(row)

    def load(self, *, instrument_ids: set[UUID]) -> dict[UUID, kinds.Instrument]:
        """Return instruments by id, removed ones included: what was accepted with one is finished with it."""
        return {row.id: queries.view(row) for row in Instrument.objects.filter(id__in=instrument_ids)}

    def note(self, *, transaction_id: UUID, instrument: kinds.Instrument) -> None:
        """Keep what the instrument was when it was used."""
        BankingDetail.objects.bulk_create(
            [
                BankingDetail(
                    transaction_id=transaction_id,
                    method=instrument.method,
                    holder=instrument.holder,
                    label=instrument.label,
                    destination=instrument.destination,
                )
            ]
        )
