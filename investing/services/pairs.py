"""The pairs that customers trade, kept as the exchange lists them."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

from django.db.models.functions import Now

from core.providers import registry
from core.providers.contract import Operation
from investing.kinds.trade import METHOD
from investing.models import Pair
from investing.providers.listing import Lister, Listing

_SAID = ["is_open", "minimum", "minimum_cost", "price_decimals", "lot_decimals", "taker_fee", "listed_at"]


def refresh() -> int:
    """Ask every exchange what it trades and by which rules, and keep that; return how many pairs were told.

    Needs: no open database transaction. Raises: the errors of the provider contract.
    """
    told = [listing for lister in _listers() for listing in lister.listings()]
    return keep(told)


def keep(listings: Sequence[Listing]) -> int:
    """Write what an exchange says of pairs that we offer; what it does not name is closed until it does again."""
    rows = {row.code: row for row in Pair.objects.all()}
    known = [listing for listing in listings if listing.pair in rows]
    for listing in known:
        row = rows[listing.pair]
        row.is_open = listing.is_open
        row.minimum, row.minimum_cost = Decimal(listing.minimum.units), Decimal(listing.minimum_cost.units)
        row.price_decimals, row.lot_decimals = listing.price_decimals, listing.lot_decimals
        row.taker_fee = Decimal(listing.taker_fee.numerator) / Decimal(listing.taker_fee.denominator)
        row.listed_at = Now()
    Pair.objects.bulk_update([rows[listing.pair] for listing in known], _SAID)
    Pair.objects.exclude(code__in=[listing.pair for listing in known]).update(is_open=False)
    return len(known)


def _listers() -> list[Lister]:
    found = registry.candidates(operation=Operation.ORDER, method=METHOD, asset="USD")
    return [adapter for adapter, _ in found if isinstance(adapter, Lister)]
