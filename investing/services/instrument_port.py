"""Investing's instruments as the engine sees them: none. A trade is between the customer's own balances."""

from __future__ import annotations

from collections.abc import Mapping
from uuid import UUID

from core.kernel import errors
from core.orchestration import kinds


class Instruments:
    """No kind of investing uses a card or a bank account."""

    def find(self, *, customer_id: UUID, instrument_id: UUID) -> kinds.Instrument | None:
        return None

    def load(self, *, instrument_ids: set[UUID]) -> Mapping[UUID, kinds.Instrument]:
        return {}

    def note(self, *, transaction_id: UUID, instrument: kinds.Instrument) -> kinds.Note:
        raise errors.SystemFault(code="no_instruments", detail="A trade uses no instrument.")
