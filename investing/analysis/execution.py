"""How the fills of one order are charged: each pays its share of our fees, and the shares sum to the whole. Pure.

Shares are cut from running totals: what has been charged after a fill is the fee times what was executed by then,
rounded half up. So the shares of an order that is executed whole sum to its fee exactly, the last one taking what
rounding has left, and those of a part sum to the fee of that part; in whatever portions the fills come.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from core.fees.sheets import FeeSheet
from core.kernel.money import Money
from core.providers.contract import Fill

# The tier that the exchange takes itself, inside what each fill pays or brings.
INSIDE = "provider"


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What an order may take: ``given`` to the exchange at most, and beside it what we charge, by tier.

    Units: smallest ones of the asset that the customer gives.
    """

    given: Money
    fees: Mapping[str, int]

    @classmethod
    def of(cls, sheet: FeeSheet) -> Plan:
        """Read the plan from the locked price. The exchange's fee on it is an estimate: it is inside what is given."""
        by_tier = sheet.by_tier
        return cls(
            given=sheet.receive + by_tier[INSIDE],
            fees={tier: fee.units for tier, fee in by_tier.items() if tier != INSIDE and fee},
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Tally:
    """What of an order has been posted so far. Units: ``paid``, ``charged``, ``fees``, ``held`` of what is given.

    ``paid`` is what the exchange took, ``charged`` what the customer bears of that; ``held`` is what the open hold
    still holds, and ``holds`` how many took the place of the first one.
    """

    trades: tuple[str, ...] = ()
    paid: int = 0
    charged: int = 0
    received: int = 0
    fees: int = 0
    held: int | None = None
    holds: int = 0

    @classmethod
    def of(cls, results: Mapping[str, Any]) -> Tally:
        """Read what the transaction's results say."""
        if "fills" not in results:
            return cls()
        return cls(
            trades=tuple(results["fills"]),
            paid=int(results["paid"]),
            charged=int(results["charged"]),
            received=int(results["received"]),
            fees=int(results["fees"]),
            held=int(results["held"]),
            holds=int(results["holds"]),
        )

    @property
    def spent(self) -> int:
        """What the customer has given in all: to the exchange and to us."""
        return self.charged + self.fees

    def results(self) -> dict[str, Any]:
        """Return the form that is kept with the transaction. Units are texts: no reader makes floats of them."""
        return {
            "fills": list(self.trades),
            "paid": str(self.paid),
            "charged": str(self.charged),
            "received": str(self.received),
            "fees": str(self.fees),
            "spent": str(self.spent),
            "held": str(self.held or 0),
            "holds": str(self.holds),
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Share:
    """What one fill means for the books: of ``paid`` the customer bears ``charged``, and ``fees`` by tier beside it.

    ``spent_before`` and ``received_before`` are the order's sums up to this fill.
    """

    fill: Fill
    charged: Money
    fees: Mapping[str, Money]
    spent_before: Money
    received_before: Money

    @property
    def overrun(self) -> Money:
        """What the exchange took beyond the plan, which is ours to bear."""
        return self.fill.paid - self.charged

    @property
    def fee(self) -> Money:
        return sum(self.fees.values(), Money.zero(self.charged.asset))

    @property
    def spent(self) -> Money:
        return self.charged + self.fee


def tell(*, plan: Plan, tally: Tally, fills: Sequence[Fill]) -> tuple[list[Share], Tally]:
    """Return what the fills that are not in the tally mean, in their order, and the tally after them.

    Holds are not looked at: ``held`` and ``holds`` stay as they are.
    """
    shares = []
    for fill in unposted(tally=tally, fills=fills):
        share = _share(plan, tally, fill)
        shares.append(share)
        tally = Tally(
            trades=(*tally.trades, fill.trade_id),
            paid=tally.paid + fill.paid.units,
            charged=tally.charged + share.charged.units,
            received=tally.received + fill.received.units,
            fees=tally.fees + share.fee.units,
            held=tally.held,
            holds=tally.holds,
        )
    return shares, tally


def unposted(*, tally: Tally, fills: Iterable[Fill]) -> list[Fill]:
    """Return the fills that were not posted yet, each once however often it is named."""
    new = {fill.trade_id: fill for fill in fills if fill.trade_id not in tally.trades}
    return list(new.values())


def _share(plan: Plan, tally: Tally, fill: Fill) -> Share:
    asset = plan.given.asset
    before, after = tally.paid, tally.paid + fill.paid.units
    return Share(
        fill=fill,
        charged=Money(min(after, plan.given.units) - min(before, plan.given.units), asset),
        fees={
            tier: Money(_by_then(plan, units, after) - _by_then(plan, units, before), asset)
            for tier, units in plan.fees.items()
        },
        spent_before=Money(tally.spent, asset),
        received_before=Money(tally.received, fill.received.asset),
    )


def _by_then(plan: Plan, fee: int, paid: int) -> int:
    """Return how much of a fee is due once so much was paid."""
    done = Fraction(min(paid, plan.given.units), plan.given.units)
    return Money(fee, plan.given.asset).fraction(done).units
