"""What is traded here, under Kraken's names, and the whole numbers in which it is counted.

Units: a price is a count of the pair's ticks (``10 ** -price_decimals`` of the quote asset), a volume a count of lots
(``10 ** -8`` of the base asset), money a count of ``10 ** -decimals`` of its asset. Rates are in millionths.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

LOT_DECIMALS = 8
ONE_LOT = 100_000_000
MILLION = 1_000_000
_NUMBER = re.compile(r"(0|[1-9][0-9]{0,17})(?:\.([0-9]{1,18}))?", re.ASCII)


@dataclass(frozen=True, slots=True, kw_only=True)
class Coin:
    """One asset. ``opening`` is what the omnibus account begins with, in whole coins."""

    id: str
    altname: str
    decimals: int
    display_decimals: int
    opening: int

    @property
    def one(self) -> int:
        """One whole coin in its units."""
        return power(self.decimals)


@dataclass(frozen=True, slots=True, kw_only=True)
class Pair:
    """One market. ``opening`` is the price with which the house begins, in ticks; ``jitter`` how it moves."""

    id: str
    altname: str
    base: Coin
    quote: Coin
    price_decimals: int
    ordermin: int
    taker: int
    maker: int
    opening: int
    jitter: int

    @property
    def wsname(self) -> str:
        return f"{self.base.altname}/{self.quote.altname}"

    @property
    def lots(self) -> int:
        """How many ticks times lots are one whole coin of the quote asset."""
        return power(self.price_decimals) * ONE_LOT

    def cost(self, *, price: int, volume: int) -> int:
        """Return price times volume in the quote asset's units, rounded half up."""
        return ratio(price * volume * self.quote.one, self.lots)

    def volume_for(self, *, money: int, price: int) -> int:
        """Return how many lots this much of the quote asset buys at most."""
        return money * self.lots // (price * self.quote.one)

    def coins(self, volume: int) -> int:
        """Return a volume in the base asset's units."""
        return volume * self.base.one // ONE_LOT

    @property
    def costmin(self) -> int:
        """The smallest cost of an order: half a coin of the quote asset."""
        return self.quote.one // 2


def power(decimals: int) -> int:
    """Return ten to the power of a number of decimals."""
    return int(10**decimals)


def ratio(upper: int, lower: int) -> int:
    """Return a quotient of non-negative numbers rounded half up."""
    return (2 * upper + lower) // (2 * lower)


def share(amount: int, *, rate: int) -> int:
    """Return ``rate`` millionths of an amount, rounded half up."""
    return ratio(amount * rate, MILLION)


def text(units: int, decimals: int) -> str:
    """Return a count of units as a plain decimal number."""
    sign, digits = ("-" if units < 0 else ""), str(abs(units)).rjust(decimals + 1, "0")
    return f"{sign}{digits[:-decimals]}.{digits[-decimals:]}" if decimals else sign + digits


def parse(raw: str, decimals: int) -> int | None:
    """Return a plain decimal number as units; None if it is none or is finer than the unit."""
    match = _NUMBER.fullmatch(raw)
    if match is None:
        return None
    fraction = (match.group(2) or "").rstrip("0")
    if len(fraction) > decimals:
        return None
    return int(match.group(1) + fraction.ljust(decimals, "0"))


USD = Coin(id="ZUSD", altname="USD", decimals=4, display_decimals=2, opening=50_000_000)
USDC = Coin(id="USDC", altname="USDC", decimals=8, display_decimals=4, opening=50_000_000)
USDT = Coin(id="USDT", altname="USDT", decimals=8, display_decimals=4, opening=1_000_000)
XBT = Coin(id="XXBT", altname="XBT", decimals=10, display_decimals=5, opening=500)
ETH = Coin(id="XETH", altname="ETH", decimals=10, display_decimals=5, opening=10_000)
SOL = Coin(id="SOL", altname="SOL", decimals=10, display_decimals=5, opening=100_000)
SUI = Coin(id="SUI", altname="SUI", decimals=10, display_decimals=5, opening=5_000_000)
EUR = Coin(id="ZEUR", altname="EUR", decimals=4, display_decimals=2, opening=0)
GBP = Coin(id="ZGBP", altname="GBP", decimals=4, display_decimals=2, opening=0)
COINS = {coin.id: coin for coin in (USD, USDC, USDT, XBT, ETH, SOL, SUI, EUR, GBP)}


def _coin_pair(id: str, base: Coin, quote: Coin, *, price: tuple[int, int], ordermin: int) -> Pair:  # noqa: A002 - Kraken's word
    """Return a pair of a coin that moves; ``price`` is ticks and decimals. Fees: Kraken's first tier."""
    return Pair(
        id=id,
        altname=f"{base.altname}{quote.altname}",
        base=base,
        quote=quote,
        price_decimals=price[1],
        ordermin=ordermin,
        taker=4_000,
        maker=2_500,
        opening=price[0],
        jitter=60,
    )


def _stable_pair(id: str, base: Coin, quote: Coin, *, ticks: int) -> Pair:  # noqa: A002 - Kraken's word
    return Pair(
        id=id,
        altname=f"{base.altname}{quote.altname}",
        base=base,
        quote=quote,
        price_decimals=4,
        ordermin=5 * ONE_LOT,
        taker=2_000,
        maker=2_000,
        opening=ticks,
        jitter=2,
    )


_XBT, _ETH, _SOL, _SUI = (92_500_0, 1), (3_050_00, 2), (142_00, 2), (1_8500, 4)
PAIRS = {
    pair.id: pair
    for pair in (
        _stable_pair("USDCUSD", USDC, USD, ticks=1_0000),
        _stable_pair("USDTZUSD", USDT, USD, ticks=9_998),
        _coin_pair("XXBTZUSD", XBT, USD, price=_XBT, ordermin=5_000),
        _coin_pair("XETHZUSD", ETH, USD, price=_ETH, ordermin=100_000),
        _coin_pair("SOLUSD", SOL, USD, price=_SOL, ordermin=2_000_000),
        _coin_pair("SUIUSD", SUI, USD, price=_SUI, ordermin=100_000_000),
        _coin_pair("XBTUSDC", XBT, USDC, price=_XBT, ordermin=5_000),
        _coin_pair("ETHUSDC", ETH, USDC, price=_ETH, ordermin=100_000),
        _coin_pair("SOLUSDC", SOL, USDC, price=_SOL, ordermin=2_000_000),
        _coin_pair("SUIUSDC", SUI, USDC, price=_SUI, ordermin=100_000_000),
        _stable_pair("ZEURZUSD", EUR, USD, ticks=1_0842),
        _stable_pair("ZGBPZUSD", GBP, USD, ticks=1_2710),
    )
}
_NAMES = {name: pair for pair in PAIRS.values() for name in (pair.id, pair.altname, pair.wsname)}


def find(name: str) -> Pair | None:
    """Return the pair of this id, altname or wsname, in any case, with BTC as another word for XBT."""
    return _NAMES.get(name.upper().replace("BTC", "XBT"))
