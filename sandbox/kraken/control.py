"""The controls of the exchange: prices, depth, movement, modes, money, and everything that is in its book."""

from __future__ import annotations

from collections.abc import Callable

from sandbox.control import reading
from sandbox.control.reading import ControlRefused
from sandbox.engine.values import Json
from sandbox.kraken import wire
from sandbox.kraken.exchange import listing
from sandbox.kraken.exchange.engine import FEES, HOUSE, OMNIBUS
from sandbox.kraken.exchange.house import FINE_DECIMALS
from sandbox.kraken.exchange.listing import COINS, LOT_DECIMALS, PAIRS, Coin, Pair
from sandbox.kraken.exchange.matching import BUY, SELL, Resting
from sandbox.kraken.provider import KrakenProvider

_MODES = ("online", "maintenance", "cancel_only", "post_only", "limit_only")


class KrakenControl:
    """Everything under /_control/kraken."""

    def __init__(self, *, kraken: KrakenProvider) -> None:
        self._kraken = kraken

    def handlers(self) -> dict[tuple[str, str], Callable[[Json, Json], object]]:
        """Return who answers what."""
        return {
            ("GET", "kraken"): self._overview,
            ("GET", "kraken/book"): self._book,
            ("GET", "kraken/orders"): self._orders,
            ("POST", "kraken/price"): self._price,
            ("POST", "kraken/depth"): self._depth,
            ("POST", "kraken/market"): self._market,
            ("POST", "kraken/step"): self._step,
            ("POST", "kraken/funds"): self._funds,
        }

    def _overview(self, _query: Json, _body: Json) -> object:
        """Return every market and every account."""
        return {
            "status": self._kraken.public.status,
            "markets": {pair.altname: self._shown(pair) for pair in PAIRS.values()},
            "accounts": {name: self._account(name) for name in (OMNIBUS, HOUSE, FEES)},
        }

    def _book(self, query: Json, _body: Json) -> object:
        """Return all resting orders of a pair, best first, with whose they are."""
        reading.only(query, "pair")
        pair = _pair(query)
        book = self._kraken.exchange.books[pair.id]
        return {
            "pair": pair.altname,
            **{side: [_resting(one, pair) for one in book.side(side)] for side in (SELL, BUY)},
        }

    def _orders(self, query: Json, _body: Json) -> object:
        """Return accounts' orders with their fills: of one ``cl_ord_id``, or the last 500."""
        reading.only(query, "cl_ord_id")
        orders = self._kraken.exchange.orders
        found = []
        for order in orders.named(cl_ord_id=query.get("cl_ord_id", "")):
            fills = orders.fills(order_id=order.id)
            shown = wire.order_shape(order, fills=fills)
            found.append(
                {"id": order.id, **shown, "fills": [{"id": fill.id, **wire.fill_shape(fill)} for fill in fills]}
            )
        return {"orders": found}

    def _price(self, _query: Json, body: Json) -> object:
        """Put a pair's price; the house goes on from there."""
        reading.only(body, "pair", "price")
        pair = _pair(body)
        ticks = _decimal(body, "price", pair.price_decimals)
        self._kraken.house.set_price(pair, ticks=ticks)
        return self._shown(pair)

    def _depth(self, _query: Json, body: Json) -> object:
        """Change how the house quotes a pair: levels, whole quote coins a level, half a spread in millionths."""
        reading.only(body, "pair", "levels", "size", "spread")
        pair, given = _pair(body), dict[str, int]()
        for name, low, high in (("levels", 0, 100), ("size", 1, 10**9), ("spread", 1, 100_000)):
            if name in body:
                given[name] = reading.whole(body[name], name, low=low, high=high)
        self._kraken.house.change(pair, **given)
        return self._shown(pair)

    def _market(self, _query: Json, body: Json) -> object:
        """Let prices move or stand still (of one pair or all), or set the exchange's mode."""
        reading.only(body, "pair", "moving", "status")
        if "status" in body:
            self._kraken.public.status = reading.one_of(body, "status", _MODES)
        if "moving" in body:
            if not isinstance(body["moving"], bool):
                raise ControlRefused(field="moving", message="must be true or false")
            for pair in [_pair(body)] if "pair" in body else list(PAIRS.values()):
                self._kraken.house.change(pair, moving=int(body["moving"]))
        return self._overview({}, {})

    def _step(self, _query: Json, body: Json) -> object:
        """Let the house make steps now, as many as wanted."""
        reading.only(body, "steps")
        for _ in range(reading.whole(body.get("steps", 1), "steps", low=1, high=1_000)):
            self._kraken.house.step()
        return self._overview({}, {})

    def _funds(self, _query: Json, body: Json) -> object:
        """Give the omnibus account money, or with ``take`` take it."""
        reading.only(body, "asset", "amount", "take")
        coin = _coin(body)
        units = _decimal(body, "amount", coin.decimals)
        self._kraken.exchange.fund(account=OMNIBUS, coin=coin, units=-units if body.get("take") is True else units)
        return self._account(OMNIBUS)

    def _shown(self, pair: Pair) -> Json:
        seen, book = self._kraken.house.quoting(pair), self._kraken.exchange.books[pair.id]
        last = self._kraken.exchange.tape.last(pair)
        return {
            "price": listing.text(seen.price, FINE_DECIMALS),
            "bid": _ticks(book.best(BUY), pair),
            "ask": _ticks(book.best(SELL), pair),
            "last": _ticks(last.price if last else None, pair),
            "moving": bool(seen.moving),
            "levels": seen.levels,
            "size": seen.size,
            "spread": seen.spread,
            "steps": seen.steps,
        }

    def _account(self, name: str) -> Json:
        balances = self._kraken.exchange.balances(account=name)
        return {coin.altname: listing.text(balances.get(coin.id, 0), coin.decimals) for coin in COINS.values()}


def _pair(given: Json) -> Pair:
    found = listing.find(str(given.get("pair", "")))
    if found is None:
        raise ControlRefused(
            field="pair", message=f"must be one of {', '.join(pair.altname for pair in PAIRS.values())}"
        )
    return found


def _coin(given: Json) -> Coin:
    wanted = str(given.get("asset", ""))
    for coin in COINS.values():
        if wanted in (coin.id, coin.altname):
            return coin
    raise ControlRefused(field="asset", message=f"must be one of {', '.join(COINS)}")


def _decimal(given: Json, name: str, decimals: int) -> int:
    value = given.get(name)
    units = listing.parse(value, decimals) if isinstance(value, str) else None
    if not units:
        raise ControlRefused(field=name, message=f"must be a text with a number over 0 of at most {decimals} decimals")
    return units


def _resting(order: Resting, pair: Pair) -> Json:
    return {
        "order": order.order_id,
        "account": order.account,
        "price": listing.text(order.price, pair.price_decimals),
        "left": listing.text(order.left, LOT_DECIMALS),
        "place": order.seq,
    }


def _ticks(price: int | None, pair: Pair) -> str | None:
    return None if price is None else listing.text(price, pair.price_decimals)
