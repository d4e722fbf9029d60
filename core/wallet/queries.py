"""Reads a customer's wallet: one statement of the ledger and one of each domain with positions, valued and added up."""

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
from core.market.market import Price
from core.wallet import figures, positions, valuation
from core.wallet.figures import Figures
from core.wallet.valuation import Account, Position, Prices, Worth

K = TypeVar("K", str, str | None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Holding:
    """One asset instance over all accounts. ``value`` is None if nobody can say."""

    figures: Figures
    value: Money | None
    price: Price | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Wallet:
    """Everything that a customer has, at one moment, in several cuts.

    ``untold`` names the domains whose positions could not be told now.
    ``owed`` is what the customer owes us, ``blocked`` what the law keeps from him; neither is in any total.
    ``tag`` changes if and only if a figure or a price does.
    """

    currency: Asset
    as_of: datetime
    total: Worth
    domains: tuple[tuple[str, Worth], ...]
    chains: tuple[tuple[str | None, Worth], ...]
    custodies: tuple[tuple[str, Worth], ...]
    assets: tuple[Holding, ...]
    accounts: tuple[Account, ...]
    positions: tuple[Position, ...]
    untold: tuple[str, ...]
    owed: tuple[Money, ...]
    blocked: tuple[Money, ...]
    tag: str


def wallet(*, customer_id: UUID, currency: Asset, clock: Clock) -> Wallet:
    """Return the wallet of one customer, valued in ``currency``."""
    at = clock.now()
    balances = queries.balances(customer_id=customer_id)
    mine = figures.own(balances)
    prices = Prices(currency=currency)
    told = positions.of_customer(customer_id=customer_id, balances=mine)
    open_ones = [valuation.position(view, prices=prices) for view in told.views]
    accounts = [
        valuation.account(balance, prices=prices) for balance in mine if not positions.is_position(balance.posted.asset)
    ]
    parts = _Parts(accounts=accounts, positions=open_ones, currency=currency)
    return Wallet(
        currency=currency,
        as_of=at,
        total=valuation.worth(accounts, open_ones, currency=currency),
        domains=parts.cut(lambda each: each.balance.domain, lambda each: each.view.domain),
        chains=parts.cut(lambda each: each.figures.asset.chain, lambda each: each.view.units.asset.chain),
        custodies=parts.cut(lambda each: each.balance.custody, lambda each: each.view.custody),
        assets=_by_asset(accounts),
        accounts=tuple(accounts),
        positions=tuple(open_ones),
        untold=told.failed,
        owed=_sums(balances, AccountKind.RECEIVABLE, sign=-1),
        blocked=_sums(balances, AccountKind.BLOCKED, sign=1),
        tag=_tag(balances, [*told.failed, *map(_word, open_ones)], prices),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Parts:
    accounts: Sequence[Account]
    positions: Sequence[Position]
    currency: Asset

    def cut(
        self, of_account: Callable[[Account], K], of_position: Callable[[Position], K]
    ) -> tuple[tuple[K, Worth], ...]:
        """Add up by a key that accounts and positions have; a holding that only explains a balance makes no part."""
        groups: dict[K, tuple[list[Account], list[Position]]] = {}
        for each in self.accounts:
            groups.setdefault(of_account(each), ([], []))[0].append(each)
        for one in self.positions:
            if one.is_counted:
                groups.setdefault(of_position(one), ([], []))[1].append(one)
        return tuple(
            (name, valuation.worth(*groups[name], currency=self.currency))
            for name in sorted(groups, key=lambda name: name or "")
        )


def _by_asset(accounts: Sequence[Account]) -> tuple[Holding, ...]:
    """Add accounts up by asset instance, in the order of its code."""
    groups: dict[str, list[Account]] = {}
    for each in accounts:
        groups.setdefault(each.figures.asset.code, []).append(each)
    return tuple(_holding(groups[code]) for code in sorted(groups))


def _holding(accounts: Sequence[Account]) -> Holding:
    total, value = accounts[0].figures, accounts[0].valued
    for each in accounts[1:]:
        total += each.figures
        value = None if value is None or each.valued is None else value + each.valued
    return Holding(figures=total, value=None if value is None else value.total, price=accounts[0].price)


def _sums(balances: Sequence[BalanceView], kind: AccountKind, *, sign: int) -> tuple[Money, ...]:
    return tuple(
        Money(sign * balance.posted.units, balance.posted.asset)
        for balance in balances
        if balance.kind == kind and balance.posted
    )


def _word(each: Position) -> str:
    return f"{each.view.id}:{each.view.status}:{each.view.units}:{each.value}:{each.unrealised}:{each.is_stale}"


def _tag(balances: Sequence[BalanceView], told: Sequence[str], prices: Prices) -> str:
    versions = [f"{balance.account_id}:{balance.version}" for balance in balances]
    said = ";".join([prices.currency.code, *versions, *prices.said, *told])
    return hashlib.sha256(said.encode()).hexdigest()[:24]
