"""The figures of a balance, and how balances add up. Pure.

``available`` can be spent, ``held`` is reserved, ``total`` is both; ``incoming`` is expected and never part of a total.
``reversible`` may still be taken back by whoever sent it; ``withdrawable`` is what may leave today.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from core.kernel.assets import Asset
from core.kernel.money import Money
from core.ledger.models import AccountKind
from core.ledger.reading.values import BalanceView


@dataclass(frozen=True, slots=True, kw_only=True)
class Figures:
    """The figures of one asset instance, of one account or of several together."""

    available: Money
    held: Money
    incoming: Money
    reversible: Money
    withdrawable: Money

    @classmethod
    def of(cls, balance: BalanceView) -> Figures:
        """Return the figures of one account."""
        return cls(
            available=balance.available,
            held=balance.held,
            incoming=balance.incoming,
            reversible=balance.reversible,
            withdrawable=balance.withdrawable,
        )

    @classmethod
    def zero(cls, asset: Asset) -> Figures:
        nothing = Money.zero(asset)
        return cls(available=nothing, held=nothing, incoming=nothing, reversible=nothing, withdrawable=nothing)

    @property
    def asset(self) -> Asset:
        return self.available.asset

    @property
    def total(self) -> Money:
        """What the customer has: available and held, without what is only expected."""
        return self.available + self.held

    def __bool__(self) -> bool:
        return bool(self.total) or bool(self.incoming)

    def __add__(self, other: Figures) -> Figures:
        return Figures(
            available=self.available + other.available,
            held=self.held + other.held,
            incoming=self.incoming + other.incoming,
            reversible=self.reversible + other.reversible,
            withdrawable=self.withdrawable + other.withdrawable,
        )


def own(balances: Iterable[BalanceView]) -> list[BalanceView]:
    """Return what the customer has, without what he owes and what is blocked."""
    return [balance for balance in balances if balance.kind == AccountKind.CUSTOMER]
