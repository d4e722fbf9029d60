"""The public methods: time, status, assets, pairs, ticker, candles, depth, trades. All from the exchange itself."""

from __future__ import annotations

from itertools import groupby

from sandbox.engine.clock import iso
from sandbox.engine.provider import Call
from sandbox.engine.values import Answer, Json
from sandbox.kraken import wire
from sandbox.kraken.exchange import listing
from sandbox.kraken.exchange.engine import Exchange
from sandbox.kraken.exchange.listing import COINS, LOT_DECIMALS, PAIRS, Pair
from sandbox.kraken.exchange.matching import BUY, SELL, Resting
from sandbox.kraken.exchange.tape import INTERVALS, Candle, Trade

_MOST_LEVELS = 500
_MOST_TRADES = 1_000
_DAY_S = 86_400
_NANO = 1_000_000_000


class Public:
    """What anybody may ask."""

    def __init__(self, *, exchange: Exchange) -> None:
        self._exchange = exchange
        self.status = "online"

    def time(self, _call: Call) -> Answer:
        """GET Time."""
        now = int(self._exchange.now())
        return wire.ok({"unixtime": now, "rfc1123": iso(now)})

    def system_status(self, _call: Call) -> Answer:
        """GET SystemStatus."""
        return wire.ok({"status": self.status, "timestamp": iso(self._exchange.now())})

    def assets(self, call: Call) -> Answer:
        """GET Assets."""
        wanted = {name for name in call.params.get("asset", "").upper().split(",") if name}
        found = {id_: coin for id_, coin in COINS.items() if not wanted or wanted & {id_, coin.altname}}
        if wanted and not found:
            raise wire.refused("EQuery:Unknown asset")
        return wire.ok({id_: wire.coin_shape(coin) for id_, coin in found.items()})

    def pairs(self, call: Call) -> Answer:
        """GET AssetPairs."""
        status = "online" if self.status == "maintenance" else self.status
        return wire.ok({pair.id: wire.pair_shape(pair, status=status) for pair in _wanted(call)})

    def ticker(self, call: Call) -> Answer:
        """GET Ticker."""
        return wire.ok({pair.id: self._tick(pair) for pair in _wanted(call)})

    def depth(self, call: Call) -> Answer:
        """GET Depth."""
        pair, count = _one(call), _count(call, default=100, most=_MOST_LEVELS)
        book = self._exchange.books[pair.id]
        return wire.ok(
            {pair.id: {"asks": _levels(book.side(SELL), pair, count), "bids": _levels(book.side(BUY), pair, count)}}
        )

    def trades(self, call: Call) -> Answer:
        """GET Trades; ``since`` is in seconds or in nanoseconds, as Kraken takes it."""
        pair, count = _one(call), _count(call, default=_MOST_TRADES, most=_MOST_TRADES)
        found = self._exchange.tape.trades(pair, after=_since(call), limit=count)
        last = str(int(found[-1].at * _NANO)) if found else str(call.params.get("since", "0"))
        return wire.ok({pair.id: [_trade(trade, pair) for trade in found], "last": last})

    def candles(self, call: Call) -> Answer:
        """GET OHLC; the last candle is the one that is not over yet."""
        pair, raw = _one(call), call.params.get("interval", "1")
        if not raw.isdigit() or int(raw) not in INTERVALS:
            raise wire.refused("EGeneral:Invalid arguments")
        found = self._exchange.tape.candles(pair, minutes=int(raw), now=self._exchange.now())
        since = _since(call)
        shown = [_candle(candle, pair) for candle in found if candle.start > since]
        return wire.ok({pair.id: shown, "last": found[-2].start if len(found) > 1 else 0})

    def _tick(self, pair: Pair) -> Json:
        book, tape, now = self._exchange.books[pair.id], self._exchange.tape, self._exchange.now()
        last = tape.last(pair)
        price = last.price if last else pair.opening
        still = Candle(start=0, open=price, high=price, low=price, close=price)
        today = tape.day(pair, since=now // _DAY_S * _DAY_S) or still
        day = tape.day(pair, since=now - _DAY_S) or still
        return {
            "a": _top(book.side(SELL), pair),
            "b": _top(book.side(BUY), pair),
            "c": [_price(price, pair), listing.text(last.volume if last else 0, LOT_DECIMALS)],
            "v": [listing.text(one.volume, LOT_DECIMALS) for one in (today, day)],
            "p": [_price(_vwap(one, still=price), pair) for one in (today, day)],
            "t": [one.count for one in (today, day)],
            "l": [_price(one.low, pair) for one in (today, day)],
            "h": [_price(one.high, pair) for one in (today, day)],
            "o": _price(tape.opening(pair, now=now) or price, pair),
        }


def _wanted(call: Call) -> list[Pair]:
    """Return the pairs that a call names, or all."""
    names = [name for name in call.params.get("pair", "").split(",") if name]
    return [_known(name) for name in names] or list(PAIRS.values())


def _one(call: Call) -> Pair:
    return _known(call.params.get("pair", ""))


def _known(name: str) -> Pair:
    found = listing.find(name)
    if found is None:
        raise wire.refused("EQuery:Unknown asset pair")
    return found


def _count(call: Call, *, default: int, most: int) -> int:
    raw = call.params.get("count", str(default))
    if not raw.isdigit() or int(raw) < 1:
        raise wire.refused("EGeneral:Invalid arguments")
    return min(int(raw), most)


def _since(call: Call) -> float:
    raw = call.params.get("since", "0") or "0"
    if not raw.replace(".", "", 1).isdigit():
        raise wire.refused("EGeneral:Invalid arguments")
    at = float(raw)
    return at / _NANO if at > _NANO * 100 else at


def _levels(orders: list[Resting], pair: Pair, count: int) -> list[list[object]]:
    """Return price levels, best first, each with its volume and the time of its newest order."""
    levels: list[list[object]] = []
    for price, group in groupby(orders, key=lambda order: order.price):
        if len(levels) == count:
            break
        there = list(group)
        volume = sum(order.left for order in there)
        levels.append([_price(price, pair), listing.text(volume, LOT_DECIMALS), int(max(order.at for order in there))])
    return levels


def _top(orders: list[Resting], pair: Pair) -> list[str]:
    if not orders:
        return [_price(0, pair), "0", listing.text(0, LOT_DECIMALS)]
    volume = sum(order.left for order in orders if order.price == orders[0].price)
    return [_price(orders[0].price, pair), str(volume // listing.ONE_LOT), listing.text(volume, LOT_DECIMALS)]


def _trade(trade: Trade, pair: Pair) -> list[object]:
    kind = "m" if trade.kind == "market" else "l"
    return [
        _price(trade.price, pair),
        listing.text(trade.volume, LOT_DECIMALS),
        trade.at,
        trade.side[0],
        kind,
        "",
        trade.number,
    ]


def _candle(candle: Candle, pair: Pair) -> list[object]:
    prices = [_price(price, pair) for price in (candle.open, candle.high, candle.low, candle.close, _vwap(candle))]
    return [candle.start, *prices, listing.text(candle.volume, LOT_DECIMALS), candle.count]


def _vwap(candle: Candle, *, still: int = 0) -> int:
    """Return the mean price in ticks; of a span without trades ``still``."""
    return listing.ratio(candle.cost * listing.MILLION, candle.volume) if candle.volume else still


def _price(ticks: int, pair: Pair) -> str:
    return listing.text(ticks, pair.price_decimals)
