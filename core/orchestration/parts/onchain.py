"""What every domain posts of coins on chains: where they lie, how they come home, what the chain takes. Pure.

Signs are credit-positive: plus is what we owe, minus is what we own.
"""

from __future__ import annotations

from collections.abc import Mapping
from uuid import UUID

from core.kernel.assets import Asset
from core.kernel.money import Money
from core.ledger import accounts
from core.ledger.accounts import AccountRef
from core.ledger.movements import Entry, Line
from core.orchestration.kinds import Deed
from core.orchestration.parts import reservations
from core.providers.contract import Report


def at_own_address(*, customer_id: UUID, asset: Asset) -> AccountRef:
    """Return the account of what is a customer's and lies at his own address."""
    return accounts.customer(customer_id=customer_id, domain=asset.home_domain, asset=asset, role="wallet")


def custody_in(*, key: str, customer_id: UUID, amount: Money, fees: Mapping[str, Money] | None = None) -> Entry:
    """All of an amount came home to the treasury: the customer has what is left after fees, by tier, pooled again."""
    asset = amount.asset
    charged = fees or {}
    kept = sum((fee.units for fee in charged.values()), 0)
    lines = (
        Line(account=at_own_address(customer_id=customer_id, asset=asset), units=-amount.units),
        Line(account=accounts.own_address(customer_id, asset), units=amount.units),
        Line(account=reservations.pooled(customer_id=customer_id, asset=asset.code), units=amount.units - kept),
        Line(account=accounts.on_chain("treasury", asset), units=-amount.units),
        *(Line(account=accounts.fee(tier, asset), units=fee.units) for tier, fee in charged.items()),
    )
    return Entry(key=key, kind="custody_in", lines=tuple(line for line in lines if line.units))


def gas(report: Report | None) -> Deed:
    """The chain took its fees from what we keep for them: ours to bear, whatever became of the call."""
    if report is None:
        return Deed()
    return Deed(
        entries=tuple(
            Entry(
                key=f"{report.key}:gas" if place == 0 else f"{report.key}:gas:{place}",
                kind="gas",
                lines=(
                    Line(account=accounts.on_chain("gas", cost.asset), units=cost.units),
                    Line(account=accounts.cost("network", cost.asset), units=-cost.units),
                ),
            )
            for place, cost in enumerate(cost for cost in report.costs if cost)
        )
    )
