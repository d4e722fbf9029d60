"""The journal entries that only DeFi has, as money.md works them out. Pure: no database.

Signs are credit-positive: plus is what we owe, minus is what we own. A customer's coins lie pooled (in our treasury) or
at his own address; either way the account is that of the asset's home domain. What comes home, and gas, is posted as in
every domain: ``core.orchestration.parts.onchain``.
"""

from __future__ import annotations

from uuid import UUID

from core.fees.sheets import FeeSheet
from core.kernel.money import Money
from core.ledger import accounts
from core.ledger.movements import Entry, Line
from core.orchestration.parts import onchain, reservations


def custody_out(*, key: str, customer_id: UUID, sheet: FeeSheet) -> Entry:
    """The treasury sent what is left after fees to the customer's address; the fees are earned."""
    return Entry(key=key, kind="custody_out", lines=tuple(_sent_out(customer_id, sheet)))


def custody_out_undone(*, key: str, customer_id: UUID, sheet: FeeSheet) -> Entry:
    """It came back unused: the exact inverse, fees given back."""
    lines = tuple(Line(account=line.account, units=-line.units) for line in _sent_out(customer_id, sheet))
    return Entry(key=key, kind="custody_out_undone", lines=lines)


def exchanged(*, key: str, kind: str, customer_id: UUID, paid: Money, received: Money) -> Entry:
    """A contract took one asset from the customer's address and put another one there: a swap, a supply, a redemption.

    Each side balances by itself; there is no account for conversions.
    """
    return Entry(
        key=key,
        kind=kind,
        lines=(
            Line(account=onchain.at_own_address(customer_id=customer_id, asset=paid.asset), units=-paid.units),
            Line(account=accounts.own_address(customer_id, paid.asset), units=paid.units),
            Line(account=onchain.at_own_address(customer_id=customer_id, asset=received.asset), units=received.units),
            Line(account=accounts.own_address(customer_id, received.asset), units=-received.units),
        ),
    )


def _sent_out(customer_id: UUID, sheet: FeeSheet) -> list[Line]:
    asset = sheet.debit.asset
    return [
        Line(account=reservations.pooled(customer_id=customer_id, asset=asset.code), units=-sheet.debit.units),
        Line(account=onchain.at_own_address(customer_id=customer_id, asset=asset), units=sheet.receive.units),
        *(Line(account=accounts.fee(tier, asset), units=fee.units) for tier, fee in sheet.by_tier.items() if fee),
        Line(account=accounts.on_chain("treasury", asset), units=sheet.receive.units),
        Line(account=accounts.own_address(customer_id, asset), units=-sheet.receive.units),
    ]
