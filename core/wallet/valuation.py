"""What balances are worth in the display currency, by the prices of this moment.

What has no price has no value, with the reason, and is named beside every total that leaves it out: no rate is
invented, not even one dollar for a dollar coin. Values are rounded down once, account by account, and every total is
the sum of those: the parts of any cut sum to the whole to the last unit.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from core.kernel.assets import Asset
from core.kernel.money import Money
from core.ledger.reading.values import BalanceView
from core.market import market
from core.market.market import Price
from core.wallet.figures import Figures
from core.wallet.positions import PositionView

NO_PRICE: Final = "no_price"


class Prices:
    """The prices of one answer: each is looked up once, so that all its figures are of the same moment."""

    def __init__(self, *, currency: Asset) -> None:
        self.currency = currency
        self._known: dict[tuple[str, str], Price | None] = {}

    def find(self, asset: Asset, to: Asset | None = None) -> Price | None:
        """Return the price of an asset in the display currency, or in ``to``; None if nobody can say."""
        quote = to or self.currency
        key = asset.symbol, quote.symbol
        if key not in self._known:
            try:
                self._known[key] = market.price(base=asset, quote=quote)
            except market.NoPrice:
                self._known[key] = None
        return self._known[key]

    def value(self, money: Money, to: Asset | None = None) -> Money | None:
        """Return what ``money`` is worth, rounded down, or None if nobody can say."""
        found = self.find(money.asset, to)
        return None if found is None else market.at(price=found, money=money, to=to or self.currency)

    @property
    def said(self) -> list[str]:
        """What was found, without ages: changes only when a price or its standing does."""
        return [
            f"{base}/{quote}={'' if found is None else f'{found.value}{found.is_stale}'}"
            for (base, quote), found in sorted(self._known.items())
        ]


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """One account with its figures, what they are in the display currency (None: unknown), and the price of it."""

    balance: BalanceView
    figures: Figures
    valued: Figures | None
    price: Price | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Position:
    """One position with what it is worth in the display currency and what it would gain if it ended now.

    ``price`` is that of the asset in which it would come back. ``is_counted``: its units are in no balance, so its
    worth is a part of the totals by itself.
    """

    view: PositionView
    value: Money | None
    unrealised: Money | None
    price: Price | None
    is_counted: bool

    @property
    def is_stale(self) -> bool:
        return self.view.is_stale or (self.price is not None and self.price.is_stale)


@dataclass(frozen=True, slots=True, kw_only=True)
class Worth:
    """Figures of several accounts and positions in the display currency, and the assets that are not in them.

    ``positions`` is what open positions are worth: not spendable, and so in no figure but ``value``.
    """

    figures: Figures
    positions: Money
    unvalued: tuple[str, ...]
    age_s: float | None
    is_stale: bool

    @property
    def value(self) -> Money:
        return self.figures.total + self.positions


def account(balance: BalanceView, *, prices: Prices) -> Account:
    """Value one account."""
    own = Figures.of(balance)
    return Account(balance=balance, figures=own, valued=_valued(own, prices), price=prices.find(own.asset))


def position(view: PositionView, *, prices: Prices) -> Position:
    """Value one position: by what its domain says it would bring, else by the price of its units."""
    brings = view.units if view.value is None else view.value
    return Position(
        view=view,
        value=prices.value(brings),
        unrealised=_gain(view, brings, prices),
        price=prices.find(brings.asset),
        is_counted=view.units.asset.home_domain == "defi",
    )


def worth(accounts: Iterable[Account], positions: Iterable[Position], *, currency: Asset) -> Worth:
    """Add up what can be valued; an asset of which there is nothing at all is not missed."""
    total, in_positions = Figures.zero(currency), Money.zero(currency)
    unvalued: set[str] = set()
    used: list[Price] = []
    is_stale = False
    for each in accounts:
        if each.valued is not None and each.price is not None:
            total += each.valued
            used += [each.price] if each.figures else []
        elif each.figures:
            unvalued.add(each.figures.asset.code)
    for one in positions:
        if not one.is_counted:
            continue
        is_stale = is_stale or one.is_stale
        if one.value is None:
            unvalued.add(one.view.units.asset.code)
        else:
            in_positions += one.value
            used += [] if one.price is None else [one.price]
    ages = [each.age_s for each in used if each.observed_at is not None]
    return Worth(
        figures=total,
        positions=in_positions,
        unvalued=tuple(sorted(unvalued)),
        age_s=max(ages, default=None),
        is_stale=is_stale or any(each.is_stale for each in used),
    )


def _valued(own: Figures, prices: Prices) -> Figures | None:
    """Return the figures in the display currency; available is what is left of the total, so that both hold."""
    total, held = prices.value(own.total), prices.value(own.held)
    incoming, reversible = prices.value(own.incoming), prices.value(own.reversible)
    withdrawable = prices.value(own.withdrawable)
    if total is None or held is None or incoming is None or reversible is None or withdrawable is None:
        return None
    return Figures(
        available=total - held, held=held, incoming=incoming, reversible=reversible, withdrawable=withdrawable
    )


def _gain(view: PositionView, brings: Money, prices: Prices) -> Money | None:
    if view.cost_basis is None:
        return None
    own = prices.value(brings, view.cost_basis.asset)
    return None if own is None else own - view.cost_basis
