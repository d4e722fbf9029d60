"""Kraken as the pipeline sees it: decoding, signatures, nonces, routes, errors."""

from __future__ import annotations

from collections.abc import Callable
from urllib.parse import parse_qsl

import orjson

from sandbox.engine.provider import Call, Refused
from sandbox.engine.values import Answer, Json, Request
from sandbox.engine.world import World
from sandbox.kraken import magic, wire
from sandbox.kraken.exchange.engine import CODE, Exchange
from sandbox.kraken.exchange.house import House
from sandbox.kraken.private import Private
from sandbox.kraken.public import Public
from sandbox.kraken.signing import Keys

PREFIX = "/0/"
_PUBLIC, _PRIVATE = "/0/public/", "/0/private/"

# Name: the operation of fault scripts, what it adds to the call counter, who does it.
_Methods = dict[str, tuple[str, int, Callable[[Call], Answer]]]


class KrakenProvider:
    """The pretend Kraken."""

    code = CODE

    def __init__(self, *, world: World) -> None:
        settings = world.settings
        self._world = world
        self.exchange = Exchange(store=world.store, clock=world.clock, funds=world.funds, book=world.book)
        self.house = House(
            store=world.store, exchange=self.exchange, seed=settings.kraken_seed, every_s=settings.kraken_step_s
        )
        self.public = Public(exchange=self.exchange)
        private = Private(world=world, exchange=self.exchange, house=self.house, public=self.public)
        self._keys = Keys(store=world.store, secrets=settings.kraken_api_keys, limit=settings.kraken_call_limit)
        self._methods = {_PUBLIC: _public_methods(self.public), _PRIVATE: _private_methods(private)}
        with world.store.change():
            self.exchange.load()
            self.house.load()

    def open(self, request: Request) -> Call:
        """Decode, route, and for a private method check key and signature."""
        prefix = _PRIVATE if request.path.startswith(_PRIVATE) else _PUBLIC
        found = self._methods[prefix].get(request.path.removeprefix(prefix))
        if found is None or (prefix == _PRIVATE and request.method != "POST"):
            raise Refused(wire.error("EGeneral:Unknown method", status=404))
        operation, cost, handler = found
        params = _params(request)
        call = Call(request=request, operation=operation, handler=handler, names=(), params=params)
        if prefix == _PRIVATE:
            key = self._keys.check(request, params)
            call.names = (key,)
            self._keys.count(key=key, cost=cost, now=self._world.clock.wall())
        if operation == "order":
            call.references = tuple(str(params[name]) for name in ("cl_ord_id", "userref") if params.get(name))
            by_cost = "viqc" in str(params.get("oflags", ""))
            call.magic = magic.script_for(volume=str(params.get("volume", "")), by_cost=by_cost)
        return call

    def run(self, call: Call) -> Answer:
        """Use up the nonce when the call is executed, not when it arrives: a late one meets a higher nonce here."""
        if call.names:
            self._keys.use(key=call.names[0], nonce=int(call.params["nonce"]))
        try:
            with self._world.store.change():
                return call.handler(call)
        except Refused as refused:
            return refused.answer

    def broken(self, call: Call, *, status: int) -> Answer:
        """Return an error of Kraken's own, told with status 200 whatever ``status`` says."""
        return wire.error("EGeneral:Internal error")

    def replay(self, call: Call) -> Answer | None:
        """Return None: Kraken has no idempotency keys, the same order again is another order."""
        return None

    def in_progress(self, call: Call) -> Answer:
        """Never happens: calls have no key."""
        return wire.error("EService:Busy")

    def failure(self, *, status: int, call: Call) -> Answer:
        """Return an error of Kraken's edge."""
        return wire.error("EService:Unavailable", status=status)

    def rate_limited(self, *, retry_after_s: int, call: Call) -> Answer:
        """Return Kraken's word for too fast; it does not say when to come back."""
        return wire.error("EAPI:Rate limit exceeded")


def _params(request: Request) -> Json:
    """Return the parameters as texts, from the query, a form, or a JSON object."""
    params: Json = dict(parse_qsl(request.query, keep_blank_values=True))
    if request.headers.get("content-type", "").startswith("application/json"):
        try:
            body = orjson.loads(request.body or b"{}")
        except orjson.JSONDecodeError:
            raise wire.refused("EGeneral:Invalid arguments") from None
        if not isinstance(body, dict):
            raise wire.refused("EGeneral:Invalid arguments")
        return params | {name: _text(value) for name, value in body.items()}
    return params | dict(parse_qsl(request.body.decode("latin-1"), keep_blank_values=True))


def _text(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _public_methods(public: Public) -> _Methods:
    handlers = {
        "Time": public.time,
        "SystemStatus": public.system_status,
        "Assets": public.assets,
        "AssetPairs": public.pairs,
        "Ticker": public.ticker,
        "Depth": public.depth,
        "Trades": public.trades,
        "OHLC": public.candles,
    }
    return {name: ("market", 0, handler) for name, handler in handlers.items()}


def _private_methods(private: Private) -> _Methods:
    return {
        "AddOrder": ("order", 0, private.add_order),
        "CancelOrder": ("cancel", 0, private.cancel_order),
        "CancelAll": ("cancel", 1, private.cancel_all),
        "OpenOrders": ("status", 1, private.open_orders),
        "ClosedOrders": ("status", 1, private.closed_orders),
        "QueryOrders": ("status", 1, private.query_orders),
        "QueryTrades": ("status", 1, private.query_trades),
        "TradesHistory": ("status", 2, private.trades_history),
        "Balance": ("other", 1, private.balance),
        "BalanceEx": ("other", 1, private.balance_ex),
        "TradeBalance": ("other", 1, private.trade_balance),
        "TradeVolume": ("other", 1, private.trade_volume),
    }
