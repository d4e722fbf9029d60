"""What is one asset worth in another: exact, with its source, its age and the way it was found.

Values are fractions: how many whole units of ``quote`` one whole unit of ``base`` costs. Instances of one asset on
several chains have one price. Where there is no pair for two assets, both are valued in USD.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from fractions import Fraction
from typing import Final

from core.kernel import errors
from core.kernel.assets import Asset
from core.kernel.money import Money
from core.market import book
from core.market.book import Book, Entry

PIVOT: Final = "USD"


class NoPrice(errors.Refused):
    """Nobody has ever told a believable price. Answered with 422."""

    default_code = "price_unavailable"


class PriceStale(errors.Refused):
    """The last price is too old to bind anybody. Answered with 422; worth asking again in a moment."""

    default_code = "price_stale"
    retryable = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Leg:
    """One pair on the way, walked from base to quote or, if ``inverse``, back."""

    pair: str
    inverse: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Price:
    """What one whole unit of ``base`` costs in ``quote``. As old as its oldest leg; stale if one of them is.

    An asset in itself costs 1, has no source, no leg and no age.
    """

    base: str
    quote: str
    value: Fraction
    source: str = ""
    observed_at: datetime | None = None
    age_s: float = 0.0
    is_stale: bool = False
    path: tuple[Leg, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Conversion:
    """An amount in another asset, and the price by which it became that."""

    money: Money
    price: Price


def price(*, base: Asset | str, quote: Asset | str = PIVOT) -> Price:
    """Return the price of ``base`` in ``quote``, stale or not: the caller looks at ``is_stale``.

    The pair itself, else the pair walked back, else both over USD; a way of fresh prices before one with a stale one.
    Raises: NoPrice.
    """
    one, other = _symbol(base), _symbol(quote)
    if one == other:
        return Price(base=one, quote=other, value=Fraction(1))
    ways = _ways(book.current(), one, other)
    if not ways:
        raise NoPrice(detail=f"There is no price of {one} in {other}.")
    return next((way for way in ways if not way.is_stale), ways[0])


def fresh(*, base: Asset | str, quote: Asset | str = PIVOT) -> Price:
    """Return the price of ``base`` in ``quote`` for what binds: an order, a fee.

    Raises: NoPrice; PriceStale.
    """
    found = price(base=base, quote=quote)
    if found.is_stale:
        raise PriceStale(detail=f"The price of {found.base} in {found.quote} is {found.age_s:.0f} seconds old.")
    return found


def convert(*, money: Money, to: Asset) -> Conversion:
    """Return what ``money`` is in ``to`` by a fresh price, rounded down to its smallest unit.

    Raises: NoPrice; PriceStale.
    """
    found = fresh(base=money.asset, quote=to)
    return Conversion(money=at(price=found, money=money, to=to), price=found)


def value(*, money: Money, to: Asset) -> Conversion:
    """Return what ``money`` is worth in ``to``, for showing: by a stale price if there is no other, and it says so.

    Raises: NoPrice.
    """
    found = price(base=money.asset, quote=to)
    return Conversion(money=at(price=found, money=money, to=to), price=found)


def at(*, price: Price, money: Money, to: Asset) -> Money:
    """Return what ``money`` is in ``to`` at a price of its asset that was found before, rounded down. Pure."""
    exact = money.units * price.value * Fraction(10) ** (to.decimals - money.asset.decimals)
    units = abs(exact.numerator) // exact.denominator
    return Money(units if exact >= 0 else -units, to)


def _symbol(asset: Asset | str) -> str:
    return asset if isinstance(asset, str) else asset.symbol


def _ways(known: Book, base: str, quote: str) -> list[Price]:
    ways = [_along(base, quote, legs) for legs in (_step(known, base, quote),) if legs]
    if PIVOT in {base, quote}:
        return ways
    there, back = _step(known, base, PIVOT), _step(known, PIVOT, quote)
    return [*ways, _along(base, quote, [*there, *back])] if there and back else ways


def _step(known: Book, base: str, quote: str) -> list[tuple[Entry, bool]]:
    """Return the one leg from ``base`` to ``quote``, empty if no pair has a price."""
    direct, inverse = known.entries.get((base, quote)), known.entries.get((quote, base))
    if direct is not None:
        return [(direct, False)]
    return [] if inverse is None else [(inverse, True)]


def _along(base: str, quote: str, legs: list[tuple[Entry, bool]]) -> Price:
    found = Fraction(1)
    for entry, inverse in legs:
        found *= 1 / entry.value if inverse else entry.value
    return Price(
        base=base,
        quote=quote,
        value=found,
        source="+".join(sorted({entry.source for entry, _ in legs})),
        observed_at=min(entry.observed_at for entry, _ in legs),
        age_s=max(entry.age_s for entry, _ in legs),
        is_stale=any(entry.is_stale for entry, _ in legs),
        path=tuple(Leg(pair=f"{entry.base}/{entry.quote}", inverse=inverse) for entry, inverse in legs),
    )
