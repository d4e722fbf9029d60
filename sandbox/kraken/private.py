"""The private methods: orders, what they executed, balances. Every key of the sandbox trades on the omnibus account."""

from __future__ import annotations

from collections.abc import Iterable

from sandbox.engine.provider import Call
from sandbox.engine.values import Answer, Json
from sandbox.engine.world import World
from sandbox.faults.scripts import Script
from sandbox.kraken import tickets, wire
from sandbox.kraken.exchange import listing
from sandbox.kraken.exchange.engine import CODE, OMNIBUS, Exchange, Refused
from sandbox.kraken.exchange.house import House
from sandbox.kraken.exchange.listing import COINS, PAIRS
from sandbox.kraken.exchange.orders import Order
from sandbox.kraken.public import Public

_PAGE = 50
_MOST_IDS = 50
_MODES = {
    "maintenance": "EService:Unavailable",
    "cancel_only": "EService:Market in cancel_only mode",
    "post_only": "EService:Market in post_only mode",
    "limit_only": "EService:Market in limit_only mode",
}


class Private:
    """What the owner of a key may ask."""

    def __init__(self, *, world: World, exchange: Exchange, house: House, public: Public) -> None:
        self._world = world
        self._exchange = exchange
        self._house = house
        self._public = public

    def add_order(self, call: Call) -> Answer:
        """POST AddOrder."""
        order = tickets.read(call.params, at=self._exchange.now())
        tickets.check_deadline(call.params, wall=self._world.clock.wall())
        self._check_mode(order)
        if order.cl_ord_id and any(one.cl_ord_id == order.cl_ord_id for one in self._open()):
            raise wire.refused("EOrder:cl_ord_id already in use")
        try:
            self._exchange.check(order)
        except Refused as refused:
            raise wire.refused(refused.code) from refused
        described = {"order": wire.describe(order)["order"]}
        if call.params.get("validate", "").lower() in ("true", "1"):
            return wire.ok({"descr": described})
        twist = self._world.twist(provider=CODE, call=call)
        if twist is not None and twist.fault == "refuse":
            return wire.error(twist.code or "EOrder:Insufficient funds")
        self._place(order, twist)
        call.resource_id = order.id
        return wire.ok({"descr": described, "txid": [order.id]})

    def cancel_order(self, call: Call) -> Answer:
        """POST CancelOrder: by order id, by userref, or by cl_ord_id."""
        wanted = call.params.get("txid", "")
        name = call.params.get("cl_ord_id", "")
        found = [
            order
            for order in self._open()
            if (name and order.cl_ord_id == name) or (wanted and wanted in (order.id, order.userref))
        ]
        if not found:
            raise wire.refused("EOrder:Unknown order")
        return self._cancel(found)

    def cancel_all(self, _call: Call) -> Answer:
        """POST CancelAll."""
        return self._cancel(self._open())

    def open_orders(self, call: Call) -> Answer:
        """POST OpenOrders."""
        found = [order for order in self._open() if _is_wanted(order, call.params)]
        return wire.ok({"open": {order.id: self._shape(order, call) for order in reversed(found)}})

    def closed_orders(self, call: Call) -> Answer:
        """POST ClosedOrders, newest first, fifty at a time."""
        name, userref = call.params.get("cl_ord_id", ""), call.params.get("userref", "")
        found = self._exchange.orders.closed(account=OMNIBUS, cl_ord_id=name, userref=userref)
        found = [order for order in found if _is_between(order.closed_at, call.params)]
        shown = found[_offset(call.params) :][:_PAGE]
        return wire.ok({"closed": {order.id: self._shape(order, call) for order in shown}, "count": len(found)})

    def query_orders(self, call: Call) -> Answer:
        """POST QueryOrders."""
        found: Json = {}
        for id_ in _ids(call.params):
            order = self._exchange.find(id=id_, account=OMNIBUS)
            if order is None:
                raise wire.refused("EOrder:Unknown order")
            found[id_] = self._shape(order, call)
        return wire.ok(found)

    def query_trades(self, call: Call) -> Answer:
        """POST QueryTrades."""
        found: Json = {}
        for id_ in _ids(call.params):
            fill = self._exchange.orders.find_fill(id=id_, account=OMNIBUS)
            if fill is None:
                raise wire.refused("EOrder:Unknown trade")
            found[id_] = wire.fill_shape(fill)
        return wire.ok(found)

    def trades_history(self, call: Call) -> Answer:
        """POST TradesHistory, newest first, fifty at a time."""
        found = [fill for fill in self._exchange.orders.history(account=OMNIBUS) if _is_between(fill.at, call.params)]
        shown = found[_offset(call.params) :][:_PAGE]
        return wire.ok({"trades": {fill.id: wire.fill_shape(fill) for fill in shown}, "count": len(found)})

    def balance(self, _call: Call) -> Answer:
        """POST Balance."""
        return wire.ok({id_: _coins(units, id_) for id_, units in self._totals()})

    def balance_ex(self, _call: Call) -> Answer:
        """POST BalanceEx: with what open orders hold."""
        held = self._exchange.held(account=OMNIBUS)
        return wire.ok(
            {
                id_: {"balance": _coins(units, id_), "hold_trade": _coins(held.get(id_, 0), id_)}
                for id_, units in self._totals()
            }
        )

    def trade_balance(self, _call: Call) -> Answer:
        """POST TradeBalance: everything at the last prices, in US dollars; no margin here."""
        total = sum(self._in_dollars(id_, units) for id_, units in self._totals())
        text = listing.text(total, COINS["ZUSD"].decimals)
        zero = listing.text(0, COINS["ZUSD"].decimals)
        return wire.ok({"eb": text, "tb": text, "m": zero, "n": zero, "c": zero, "v": zero, "e": text, "mf": text})

    def trade_volume(self, call: Call) -> Answer:
        """POST TradeVolume: the fees that apply, always the first tier."""
        names = [name for name in call.params.get("pair", "").split(",") if name]
        pairs = [pair for pair in map(listing.find, names) if pair is not None]
        tier = {"nextfee": None, "nextvolume": None, "tiervolume": "0.0000"}
        return wire.ok(
            {
                "currency": "ZUSD",
                "volume": "0.0000",
                "fees": {pair.id: {**_fee(pair.taker), **tier} for pair in pairs},
                "fees_maker": {pair.id: {**_fee(pair.maker), **tier} for pair in pairs},
            }
        )

    def _place(self, order: Order, twist: Script | None) -> None:
        if twist is None:
            self._exchange.place(order)
            return
        if twist.fault == "price_move":
            self._house.push(order.market, bps=twist.bps)
        if twist.fault == "late_trades":
            order.trades_shown_at = order.opened_at + twist.delay_ms / 1000
        share = {"never_settle": 0, "partial_fill": twist.percent}.get(twist.fault, 100)
        self._exchange.place(order, share=share)

    def _check_mode(self, order: Order) -> None:
        mode = self._public.status
        fits = (mode == "post_only" and "post" in order.flags) or (mode == "limit_only" and order.kind == "limit")
        if mode != "online" and not fits:
            raise wire.refused(_MODES[mode])

    def _cancel(self, found: Iterable[Order]) -> Answer:
        gone = list(found)
        for order in gone:
            self._exchange.cancel(order, reason="User requested")
        return wire.ok({"count": len(gone)})

    def _open(self) -> list[Order]:
        return self._exchange.open_orders(account=OMNIBUS)

    def _shape(self, order: Order, call: Call) -> Json:
        """Return an order with its trades if they are asked for and listed yet: Kraken lists them a moment later."""
        if call.params.get("trades", "").lower() not in ("true", "1"):
            return wire.order_shape(order)
        listed = self._exchange.now() >= order.trades_shown_at
        return wire.order_shape(order, fills=self._exchange.orders.fills(order_id=order.id) if listed else [])

    def _totals(self) -> list[tuple[str, int]]:
        balances = self._exchange.balances(account=OMNIBUS)
        return [(id_, balances.get(id_, 0)) for id_ in COINS]

    def _in_dollars(self, id_: str, units: int) -> int:
        pair = next((pair for pair in PAIRS.values() if pair.base.id == id_ and pair.quote.id == "ZUSD"), None)
        last = self._exchange.tape.last(pair) if pair else None
        if pair is None or last is None:
            return units if id_ == "ZUSD" else 0
        lots = units * listing.ONE_LOT // pair.base.one
        return pair.cost(price=last.price, volume=lots)


def _is_wanted(order: Order, params: Json) -> bool:
    name, userref = params.get("cl_ord_id", ""), params.get("userref", "")
    return (not name or order.cl_ord_id == name) and (not userref or order.userref == userref)


def _is_between(at: float, params: Json) -> bool:
    return _moment(params, "start", 0.0) < at <= _moment(params, "end", 2.0**62)


def _moment(params: Json, name: str, default: float) -> float:
    raw = params.get(name, "")
    if raw and not raw.replace(".", "", 1).isdigit():
        raise wire.refused(f"EGeneral:Invalid arguments:{name}")
    return float(raw) if raw else default


def _offset(params: Json) -> int:
    raw = params.get("ofs", "") or "0"
    if not raw.isdigit():
        raise wire.refused("EGeneral:Invalid arguments:ofs")
    return int(raw)


def _ids(params: Json) -> list[str]:
    found = [id_ for id_ in params.get("txid", "").split(",") if id_]
    if not 0 < len(found) <= _MOST_IDS:
        raise wire.refused("EGeneral:Invalid arguments")
    return found


def _coins(units: int, id_: str) -> str:
    return listing.text(units, COINS[id_].decimals)


def _fee(rate: int) -> Json:
    text = listing.text(rate, 4)
    return {"fee": text, "minfee": text, "maxfee": text}
