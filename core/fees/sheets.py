"""What a transaction costs, line by line, and how that is stored and shown."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from core.api import amounts
from core.fees import models
from core.kernel import assets
from core.kernel.money import Money

NETWORK_ESTIMATE = "network_estimate"


@dataclass(frozen=True, slots=True, kw_only=True)
class FeeLine:
    """One fee. ``rate`` is how it came about, in words a customer reads, such as ``2.9% + 0.30 USD``."""

    tier: str
    code: str
    rate: str
    amount: Money


@dataclass(frozen=True, slots=True, kw_only=True)
class FeeSheet:
    """The price of one transaction: ``receive`` plus the sum of the lines is ``debit``, to the last unit."""

    schedule_version: int
    debit: Money
    receive: Money
    lines: tuple[FeeLine, ...]

    @property
    def total(self) -> Money:
        return self.debit - self.receive

    @property
    def network_estimate(self) -> Money | None:
        """What the chain was estimated to cost when this was priced, or None."""
        return next((line.amount for line in self.lines if line.code == NETWORK_ESTIMATE), None)

    @property
    def by_tier(self) -> dict[str, Money]:
        """The sum of each of the five tiers, zero included, in reading order."""
        sums = {tier: Money.zero(self.debit.asset) for tier in models.Tier.values}
        for line in self.lines:
            sums[line.tier] += line.amount
        return sums

    def to_json(self) -> dict[str, Any]:
        """Return the stored form. Units are strings, so that no reader makes floats of them."""
        return {
            "schedule_version": self.schedule_version,
            "asset": self.debit.asset.code,
            "debit": str(self.debit.units),
            "receive": str(self.receive.units),
            "lines": [
                {"tier": line.tier, "code": line.code, "rate": line.rate, "units": str(line.amount.units)}
                for line in self.lines
            ],
        }

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> FeeSheet:
        """Read the stored form back."""
        asset = assets.get(data["asset"])
        return cls(
            schedule_version=data["schedule_version"],
            debit=Money(int(data["debit"]), asset),
            receive=Money(int(data["receive"]), asset),
            lines=tuple(
                FeeLine(tier=row["tier"], code=row["code"], rate=row["rate"], amount=Money(int(row["units"]), asset))
                for row in data["lines"]
            ),
        )

    def render(self) -> dict[str, Any]:
        """Return the contract's ``fees`` object: five tiers, total and lines."""
        rendered: dict[str, Any] = {tier: amounts.render(amount) for tier, amount in self.by_tier.items()}
        rendered["total"] = amounts.render(self.total)
        rendered["lines"] = [
            {"tier": line.tier, "code": line.code, "rate": line.rate, **amounts.render(line.amount)}
            for line in self.lines
        ]
        return rendered
