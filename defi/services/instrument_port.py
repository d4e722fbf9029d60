"""DeFi's instruments as the engine sees them: there are none, customers work with addresses that we keep for them."""

from __future__ import annotations

from collections.abc import Mapping
from uuid import UUID

from core.kernel import errors
from core.orchestration import kinds


class Instruments:
    """Nothing to choose from."""

    def find(self, *, customer_id: UUID, instrument_id: UUID) -> kinds.Instrument | None:
        """Return None: nobody has an instrument here."""
        return None

    def load(self, *, instrument_ids: set[UUID]) -> Mapping[UUID, kinds.Instrument]:
        """Return nothing."""
        return {}

    def note(self, *, transaction_id: UUID, instrument: kinds.Instrument) -> kinds.Note:
        """Raise: a kind that takes no instrument was given one."""
        raise errors.SystemFault(code="no_instruments", detail="DeFi knows no instruments.")
