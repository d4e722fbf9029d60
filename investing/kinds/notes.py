"""What a kind tells the projector of its own domain beside the journal."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from fractions import Fraction

from core.kernel.assets import Asset
from core.kernel.money import Money
from core.orchestration.models import Transaction
from investing.analysis import costs


@dataclass(frozen=True, slots=True, kw_only=True)
class Executed:
    """One fill as it was posted. ``spent`` is all that the customer gave for it, ``paid`` what the exchange took of it.

    Units: ``worth_cents`` is the money side (spent when buying, received when selling) in US cents.
    """

    trade_id: str
    side: str
    spent: Money
    received: Money
    paid: Money
    exchange_fee: Money
    our_fee: Money
    price: str
    worth_cents: int
    occurred_at: datetime | None

    @property
    def coin(self) -> Asset:
        """What was bought or sold, whichever way it went."""
        return self.received.asset if self.side == "buy" else self.spent.asset

    @classmethod
    def late(cls, *, child: Transaction, parent: Transaction, spent: Money, received: Money) -> Executed:
        """Return the whole of an order that was executed after its end, as one fill without a fee of ours."""
        money = spent if parent.kind == "buy" else received
        rate = Fraction(str(parent.terms["usd_rate"]))
        return cls(
            trade_id=f"late:{child.id.hex}",
            side=parent.kind,
            spent=spent,
            received=received,
            paid=spent,
            exchange_fee=Money.zero(money.asset),
            our_fee=Money.zero(spent.asset),
            price="",
            worth_cents=costs.worth(before=Money.zero(money.asset), after=money, rate=rate),
            occurred_at=None,
        )
