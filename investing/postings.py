"""The journal entries of investing, as money.md works them out. Pure: no database.

Signs are credit-positive: plus is what we owe, minus is what we own. The exchange holds one account for all of us
(prefunded): what a customer gives is taken from what we owe him and from what we own there, and what he gets is added
to both. Each side balances in its own asset; there is no conversion account.
"""

from __future__ import annotations

from uuid import UUID

from core.kernel.money import Money
from core.ledger import accounts
from core.ledger.movements import Entry, Line
from core.orchestration.parts import reservations
from investing.analysis.execution import Share

# The kinds of entry by which trades move customers' coins: what holdings are checked against.
LATE = "late_trade"


def fill(*, key: str, kind: str, customer_id: UUID, provider: str, share: Share) -> Entry:
    """Part of an order was executed: what it took, its share of our fees, and what it brought."""
    paid, received = share.fill.paid, share.fill.received
    lines = (
        Line(account=_mine(customer_id, paid), units=-share.spent.units),
        Line(account=accounts.external(provider, "available", paid.asset), units=paid.units),
        *(Line(account=accounts.fee(tier, fee.asset), units=fee.units) for tier, fee in share.fees.items()),
        Line(account=accounts.cost("variance", paid.asset), units=-share.overrun.units),
        *_brought(customer_id, provider, received),
    )
    return Entry(key=key, kind=kind, lines=tuple(line for line in lines if line.units))


def late(*, key: str, customer_id: UUID, provider: str, paid: Money, covered: Money, received: Money) -> Entry:
    """An order that we had given up was executed: he has what it brought, gives what is free, and owes us the rest."""
    owed = paid - covered
    lines = (
        Line(account=_mine(customer_id, paid), units=-covered.units),
        Line(account=accounts.receivable(customer_id=customer_id, asset=paid.asset), units=-owed.units),
        Line(account=accounts.external(provider, "available", paid.asset), units=paid.units),
        *_brought(customer_id, provider, received),
    )
    return Entry(key=key, kind=LATE, lines=tuple(line for line in lines if line.units))


def _brought(customer_id: UUID, provider: str, received: Money) -> tuple[Line, Line]:
    return (
        Line(account=_mine(customer_id, received), units=received.units),
        Line(account=accounts.external(provider, "available", received.asset), units=-received.units),
    )


def _mine(customer_id: UUID, money: Money) -> accounts.AccountRef:
    return reservations.pooled(customer_id=customer_id, asset=money.asset.code)
