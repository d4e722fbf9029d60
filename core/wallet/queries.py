"""Reads a customer's wallet: one statement of the ledger, added up."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TypeVar
from uuid import UUID

from core.kernel.assets import Asset
from core.kernel.clock import Clock
from core.kernel.money import Money
from core.ledger import queries
from core.ledger.models import AccountKind
from core.ledger.reading.values import BalanceView
from core.wallet import figures, valuation
from core.wallet.figures import Figures
from core.wallet.valuation import Worth

K = TypeVar("K", str, str | None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Wallet:
    """Everything that a customer has, at one moment, in several cuts.

    ``owed`` is what the customer owes us, ``blocked`` what the law keeps from him; neither is in any total.
    ``tag`` changes if and only if a figure does.
    """

    currency: Asset
    as_of: datetime
    total: Worth
    domains: tuple[tuple[str, Worth], ...]
    chains: tuple[tuple[str | None, Worth], ...]
    assets: tuple[Figures, ...]
    accounts: tuple[BalanceView, ...]
    owed: tuple[Money, ...]
    blocked: tuple[Money, ...]
    tag: str


def wallet(*, customer_id: UUID, currency: Asset, clock: Clock) -> Wallet:
    """Return the wallet of one customer, valued in ``currency``."""
    at = clock.now()
    balances = queries.balances(customer_id=customer_id)
    mine = figures.own(balances)
    return Wallet(
        currency=currency,
        as_of=at,
        total=valuation.worth(figures.by_asset(mine), currency=currency),
        domains=_cut(mine, lambda balance: balance.domain, currency),
        chains=_cut(mine, lambda balance: balance.posted.asset.chain, currency),
        assets=tuple(figures.by_asset(mine)),
        accounts=tuple(mine),
        owed=_sums(balances, AccountKind.RECEIVABLE, sign=-1),
        blocked=_sums(balances, AccountKind.BLOCKED, sign=1),
        tag=_tag(balances, currency),
    )


def _cut(
    balances: Sequence[BalanceView], key: Callable[[BalanceView], K], currency: Asset
) -> tuple[tuple[K, Worth], ...]:
    groups: dict[K, list[BalanceView]] = {}
    for balance in balances:
        groups.setdefault(key(balance), []).append(balance)
    return tuple(
        (name, valuation.worth(figures.by_asset(groups[name]), currency=currency))
        for name in sorted(groups, key=lambda name: name or "")
    )


def _sums(balances: Sequence[BalanceView], kind: AccountKind, *, sign: int) -> tuple[Money, ...]:
    return tuple(
        Money(sign * balance.posted.units, balance.posted.asset)
        for balance in balances
        if balance.kind == kind and balance.posted
    )


def _tag(balances: Sequence[BalanceView], currency: Asset) -> str:
    versions = ",".join(f"{balance.account_id}:{balance.version}" for balance in balances)
    return hashlib.sha256(f"{currency.code};{versions}".encode()).hexdigest()[:24]
