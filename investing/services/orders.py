"""The order of a transaction: written as it was locked, in the commit that accepts it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from investing.models import InvestingDetail, OrderType

MARKET = OrderType.MARKET.value


def begin(*, transaction_id: UUID, terms: Mapping[str, Any]) -> None:
    """Keep what is to be bought or sold, and at which price at worst. What comes of it is the projector's to write."""
    InvestingDetail.objects.create(
        transaction_id=transaction_id,
        side=terms["side"],
        pair=terms["pair"],
        order_type=terms["order_type"],
        gives=terms["gives"],
        gets=terms["gets"],
        asked=int(terms["asked"]),
        expected=int(terms["expected"]),
        price=terms["price"],
        limit_price=terms["limit_price"],
        band_bps=int(terms["band_bps"]),
    )
