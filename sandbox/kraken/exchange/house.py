"""The house: it makes the market. At each step its prices move a little, it quotes anew, and a stranger trades.

The movement is decided by a seed, the pair and the number of the step alone, so a run can be repeated. What people see
(ticker, candles, depth, last trades) are real quotes and trades of the exchange; before the first start the house plays
a month of them at once, in the past.
"""

from __future__ import annotations

import asyncio
import logging
import random
from dataclasses import dataclass, fields

from sandbox.engine.store import Store
from sandbox.kraken.exchange import listing
from sandbox.kraken.exchange.engine import HOUSE, Exchange
from sandbox.kraken.exchange.listing import MILLION, ONE_LOT, PAIRS, USD, USDC, Pair
from sandbox.kraken.exchange.matching import BUY, SELL, Resting

_LOG = logging.getLogger(__name__)
# Prices are kept finer than any pair's ticks.
FINE_DECIMALS = 10
_ONE = 10_000_000_000
_FINE_LOTS = _ONE * ONE_LOT
LEVELS = 12
_PULL = 2_000  # a step pulls the price back by this part of its distance from home
_PRUNE_EVERY = 600
# The past that is made up: (how many steps, seconds between them, how much wilder than a live step).
_HISTORY = ((120, 21_600, 60), (48, 1_800, 20), (40, 90, 5))


@dataclass(slots=True, kw_only=True)
class Quoting:
    """How the house sees one pair. ``size`` is whole quote coins per level, ``spread`` half of it in millionths."""

    pair: str
    price: int
    home: int
    steps: int = 0
    moving: int = 1
    levels: int = LEVELS
    size: int = 20_000
    spread: int = 100

    @property
    def market(self) -> Pair:
        return PAIRS[self.pair]


_COLUMNS = tuple(field.name for field in fields(Quoting))
_SAVE = f"INSERT OR REPLACE INTO exchange_house ({', '.join(_COLUMNS)}) VALUES ({', '.join('?' * len(_COLUMNS))})"  # noqa: S608 - constants only


class House:
    """The market maker of every pair. A pair in USDC follows its pair in USD."""

    def __init__(self, *, store: Store, exchange: Exchange, seed: str, every_s: float) -> None:
        self._store = store
        self._exchange = exchange
        self._seed = seed
        self._every_s = every_s
        self._alarm: asyncio.TimerHandle | None = None
        self._quoting: dict[str, Quoting] = {}

    def load(self) -> None:
        """Remember how things stood, or begin with a made-up past; then quote. Needs an open change."""
        rows = self._store.read(f"SELECT {', '.join(_COLUMNS)} FROM exchange_house")  # noqa: S608 - constants only
        known = [Quoting(**dict(zip(_COLUMNS, row, strict=True))) for row in rows]
        self._quoting = {pair.id: _new(pair) for pair in PAIRS.values()} | {seen.pair: seen for seen in known}
        if not known:
            self._begin()
        for pair in PAIRS.values():
            self.quote(pair)

    def start(self) -> None:
        """Step on and on, if it is to move at all."""
        if self._every_s:
            self._alarm = asyncio.get_running_loop().call_later(self._every_s, self._step_and_again)

    def stop(self) -> None:
        """Step no more."""
        if self._alarm is not None:
            self._alarm.cancel()

    def quoting(self, pair: Pair) -> Quoting:
        """Return how the house sees a pair; a pair in USDC has the price that follows from USD."""
        found = self._quoting[pair.id]
        leader = _leader(pair)
        if leader is not None:
            found.price = self._quoting[leader.id].price * _ONE // self._quoting["USDCUSD"].price
        return found

    def step(self) -> None:
        """Move every price, quote anew, let a stranger trade. Needs an open change."""
        for pair in PAIRS.values():
            seen = self.quoting(pair)
            if not seen.moving:
                continue
            chance = self._chance(seen)
            if _leader(pair) is None:
                seen.price = _moved(seen, chance=chance, wildness=1)
            seen.steps += 1
            self._trade(pair, chance)
            self._save(seen)
        if self._quoting["USDCUSD"].steps % _PRUNE_EVERY == 0:
            self._exchange.tape.prune(now=self._exchange.now())

    def set_price(self, pair: Pair, *, ticks: int) -> None:
        """Put a pair's price, and what follows from it, where somebody wants it, for good. Needs an open change."""
        leader, fine = _leader(pair), ticks * _tick(pair)
        if leader is not None:
            pair, fine = leader, fine * self._quoting["USDCUSD"].price // _ONE
        self._put(pair, price=fine, home=fine)

    def push(self, pair: Pair, *, bps: int) -> None:
        """Move a pair's price by hundredths of a percent; it will be drawn back. Needs an open change."""
        pair = _leader(pair) or pair
        seen = self._quoting[pair.id]
        self._put(pair, price=seen.price * (10_000 + bps) // 10_000, home=seen.home)

    def change(self, pair: Pair, **given: int) -> Quoting:
        """Change how a pair is quoted: moving, levels, size, spread. Needs an open change."""
        seen = self.quoting(pair)
        for name, value in given.items():
            setattr(seen, name, value)
        self._save(seen)
        self.quote(pair)
        return seen

    def quote(self, pair: Pair, *, more: int = 0) -> None:
        """Replace the house's quotes of a pair; ``more`` lots are offered on top, for who is about to take them."""
        quotes = _quotes(self.quoting(pair), at=self._exchange.now())
        for best in [one for one in quotes if one.side == SELL][:1]:
            best.left += more
        self._exchange.quote(quotes, pair=pair)

    def _put(self, pair: Pair, *, price: int, home: int) -> None:
        seen = self._quoting[pair.id]
        seen.price, seen.home = max(price, 10 * _tick(pair)), home
        self._save(seen)
        for other in PAIRS.values():
            if other is pair or _leader(other) is pair or pair.id == "USDCUSD":
                self.quote(other, more=other.ordermin)
                self._exchange.sweep(pair=other, side=BUY, volume=other.ordermin)

    def _trade(self, pair: Pair, chance: random.Random) -> None:
        self.quote(pair)
        level = _lots(self._quoting[pair.id])
        side, part = chance.choice((BUY, SELL)), chance.randint(1, 40)
        self._exchange.sweep(pair=pair, side=side, volume=max(1, level * part // 100))

    def _chance(self, seen: Quoting) -> random.Random:
        return random.Random(f"{self._seed}:{seen.pair}:{seen.steps}")  # noqa: S311 - must be repeatable

    def _save(self, seen: Quoting) -> None:
        self._store.write(
            _SAVE,
            tuple(getattr(seen, name) for name in _COLUMNS),
        )

    def _begin(self) -> None:
        """Begin in the past, and end at home."""
        for seen in self._quoting.values():
            seen.levels = 1
        now = self._exchange.now()
        back = sum(count * apart for count, apart, _ in _HISTORY)
        for count, apart, wildness in _HISTORY:
            for _ in range(count):
                back -= apart
                self._exchange.past = now - back
                self._play(wildness)
        self._exchange.past = None
        for seen in self._quoting.values():
            seen.levels = LEVELS
            self._save(seen)

    def _play(self, wildness: int) -> None:
        for pair in PAIRS.values():
            seen = self.quoting(pair)
            chance = self._chance(seen)
            if _leader(pair) is None:
                seen.price = _moved(seen, chance=chance, wildness=wildness)
            seen.steps += 1
            self._trade(pair, chance)

    def _step_and_again(self) -> None:
        try:
            with self._store.change():
                self.step()
        except Exception:  # noqa: BLE001 - one bad step must not end the market
            _LOG.exception("a step of the house failed")
        self.start()


def _new(pair: Pair) -> Quoting:
    fine = pair.opening * _tick(pair)
    return Quoting(pair=pair.id, price=fine, home=fine)


def _leader(pair: Pair) -> Pair | None:
    """Return the pair in USD that a pair in USDC follows."""
    if pair.quote is not USDC:
        return None
    return next(other for other in PAIRS.values() if other.base is pair.base and other.quote is USD)


def _moved(seen: Quoting, *, chance: random.Random, wildness: int) -> int:
    jitter = seen.market.jitter * wildness
    drawn = seen.price + (seen.home - seen.price) * wildness // _PULL
    return drawn + drawn * chance.randint(-jitter, jitter) // MILLION


def _tick(pair: Pair) -> int:
    return listing.power(FINE_DECIMALS - pair.price_decimals)


def _lots(seen: Quoting) -> int:
    """Return the volume of one level."""
    return max(1, seen.size * _FINE_LOTS // seen.price)


def _quotes(seen: Quoting, *, at: float) -> list[Resting]:
    """Return the house's orders: the further from the price, the larger."""
    tick, lots = _tick(seen.market), _lots(seen)
    found = []
    for level in range(seen.levels):
        away = seen.price * seen.spread * (1 + 2 * level) // MILLION
        bid = max(1, (seen.price - away) // tick - level)
        ask = -(-(seen.price + away) // tick) + level
        volume = lots * (100 + 15 * level) // 100
        found += [_resting(BUY, bid, volume, at), _resting(SELL, max(ask, bid + 1), volume, at)]
    return found


def _resting(side: str, price: int, volume: int, at: float) -> Resting:
    return Resting(order_id=f"{HOUSE}:{side}:{price}", account=HOUSE, side=side, price=price, left=volume, seq=0, at=at)
