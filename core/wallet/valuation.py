"""What balances are worth in the display currency. Pure.

Until there are market prices a currency is worth itself and nothing else is worth anything that we could stand by:
such an asset gets no value, with the reason, and is named beside every total that leaves it out. No rate is invented,
not even one dollar for a dollar coin.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from core.kernel.assets import Asset
from core.kernel.money import Money
from core.wallet.figures import Figures

NO_PRICE = "no_price"


@dataclass(frozen=True, slots=True, kw_only=True)
class Worth:
    """Figures in the display currency, and the codes of the assets that are not in them."""

    figures: Figures
    unvalued: tuple[str, ...]


def value(money: Money, *, currency: Asset) -> Money | None:
    """Return what this is worth, or None if nobody can say."""
    return money if money.asset.code == currency.code else None


def worth(parts: Sequence[Figures], *, currency: Asset) -> Worth:
    """Add up what can be valued; an asset of which there is nothing at all is not missed."""
    valued = Figures.zero(currency)
    unvalued = []
    for part in parts:
        if value(part.total, currency=currency) is not None:
            valued = valued + part
        elif part.total or part.incoming:
            unvalued.append(part.asset.code)
    return Worth(figures=valued, unvalued=tuple(unvalued))
