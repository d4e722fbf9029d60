"""The exchange: takes orders, lets them meet, settles what they execute, and keeps every account's money.

Every trade is settled at once: the buyer pays cost and fee, the seller gets cost less fee, the fee is the exchange's.
The house has an account like everybody, which may go below zero: it is where other people's money comes from.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from sandbox.engine.book import Book, Effect
from sandbox.engine.clock import Clock
from sandbox.engine.funds import Funds
from sandbox.engine.store import Store
from sandbox.kraken.exchange import listing, orders
from sandbox.kraken.exchange.listing import COINS, PAIRS, Coin, Pair
from sandbox.kraken.exchange.matching import BUY, SELL, Match, OrderBook, Resting, Taken, Taking
from sandbox.kraken.exchange.orders import Fill, Order, Orders
from sandbox.kraken.exchange.tape import Tape, Trade

CODE = "kraken"
OMNIBUS, HOUSE, FEES = "omnibus", "house", "fees"


class Refused(Exception):
    """The exchange does not take the order; ``code`` is Kraken's error."""

    def __init__(self, code: str) -> None:
        self.code = code
        super().__init__(code)


@dataclass(frozen=True, slots=True, kw_only=True)
class Side:
    """One party of a trade. ``order`` is None for the house."""

    account: str
    side: str
    kind: str
    rate: int
    order: Order | None


class Exchange:
    """All books and accounts. Nothing here awaits; every change needs an open change of the store."""

    def __init__(self, *, store: Store, clock: Clock, funds: Funds, book: Book) -> None:
        self.orders = Orders(store=store)
        self.tape = Tape(store=store)
        self.books = {pair.id: OrderBook(pair=pair) for pair in PAIRS.values()}
        self._store = store
        self._clock = clock
        self._funds = funds
        self._book = book
        self._open: dict[str, Order] = {}
        self.past: float | None = None

    def load(self) -> None:
        """Give the omnibus its first money and put the orders that were open back into the books, in their order."""
        for coin in COINS.values():
            self._funds.open(account=_account(OMNIBUS), currency=coin.id, total=coin.opening * coin.one)
        for order in self.orders.all_open():
            self._open[order.id] = order
            if order.price is not None and not order.stalled:
                self._rest(order)

    def now(self) -> float:
        """Return the exchange's time; ``past`` is set while the house makes up its history."""
        return self._clock.now() if self.past is None else self.past

    def open_orders(self, *, account: str) -> list[Order]:
        """Return an account's open orders, oldest first."""
        return [order for order in self._open.values() if order.account == account]

    def find(self, *, id: str, account: str) -> Order | None:  # noqa: A002 - Kraken's word
        """Return an account's order, open or not."""
        order = self._open.get(id) or self.orders.find(id=id)
        return order if order is not None and order.account == account else None

    def balances(self, *, account: str) -> dict[str, int]:
        """Return an account's money by coin id."""
        return self._funds.totals(account=_account(account))

    def held(self, *, account: str) -> dict[str, int]:
        """Return by coin id what an account's open orders may still need."""
        held: dict[str, int] = {}
        for order in self.open_orders(account=account):
            coin, units = self._needs(order)
            held[coin.id] = held.get(coin.id, 0) + units
        return held

    def fund(self, *, account: str, coin: Coin, units: int) -> None:
        """Give (or take) money from outside."""
        self._funds.move(account=_account(account), currency=coin.id, net=units)

    def taking(self, order: Order) -> Taking:
        """Return what an order wants of the book."""
        volume, money = (None, order.left) if order.by_cost else (order.left, None)
        return Taking(account=order.account, side=order.side, limit=order.price, volume=volume, money=money)

    def check(self, order: Order) -> None:
        """Refuse an order that its account cannot pay or that its flags do not allow.

        Raises: Refused with Kraken's error.
        """
        coin, units = self._needs(order)
        free = self.balances(account=order.account).get(coin.id, 0) - self.held(account=order.account).get(coin.id, 0)
        if units > free:
            raise Refused("EOrder:Insufficient funds")
        taken = self.books[order.pair].preview(self.taking(order))
        if "post" in order.flags and taken.matches:
            raise Refused("EOrder:Post only order")
        if order.lasting == "FOK" and taken.volume < order.left:
            raise Refused("EOrder:Fill or kill order cannot be filled")

    def place(self, order: Order, *, share: int = 100) -> None:
        """Let an order meet what is there, then rest or end. ``share`` below 100 (percent): the rest stalls.

        ``share`` 0 leaves it pending for ever.
        """
        order.stalled = share < 100
        order.status = "open" if share else "pending"
        self.orders.add(order)
        self._open[order.id] = order
        self._write_down(order)
        if share:
            wanted = self.taking(order)
            taken = self._take(order, _part(wanted, share))
            self._after_taking(order, taken)
        self._keep(order)

    def cancel(self, order: Order, *, reason: str) -> None:
        """End an open order; what it executed stays executed."""
        self.books[order.pair].remove(order_id=order.id)
        order.close(status="canceled", at=self.now(), reason=reason)
        self._keep(order)

    def quote(self, quotes: list[Resting], *, pair: Pair) -> None:
        """Replace the house's quotes; one that meets somebody's order trades with it first."""
        book = self.books[pair.id]
        book.clear(account=HOUSE)
        for one in quotes:
            wanted = Taking(account=HOUSE, side=one.side, limit=one.price, volume=one.left)
            taken = book.take(wanted)
            house = Side(account=HOUSE, side=one.side, kind="limit", rate=0, order=None)
            self._settle_all(pair, house, taken)
            one.left -= taken.volume
            if one.left:
                book.rest(one)

    def sweep(self, *, pair: Pair, side: str, volume: int) -> None:
        """Let somebody of the wider world trade at market: against the house, or whoever is best."""
        stranger = Side(account="world", side=side, kind="market", rate=0, order=None)
        taken = self.books[pair.id].take(Taking(account="world", side=side, limit=None, volume=volume))
        self._settle_all(pair, stranger, taken)

    def _take(self, order: Order, wanted: Taking) -> Taken:
        taken = self.books[order.pair].take(wanted)
        self._settle_all(order.market, _side(order, rate=order.market.taker), taken)
        return taken

    def _after_taking(self, order: Order, taken: Taken) -> None:
        if order.stalled:
            return
        done = order.left <= 0 or (order.by_cost and taken.matches and not taken.own and self._is_dust(order))
        if done:
            order.close(status="closed", at=self.now())
        elif taken.own:
            order.close(status="canceled", at=self.now(), reason="Self trade prevention")
        elif order.price is None or order.lasting != "GTC":
            reason = "Immediate or cancel" if order.price is not None else "Not enough in the book"
            order.close(status="canceled", at=self.now(), reason=reason)
        else:
            self._rest(order)

    def _is_dust(self, order: Order) -> bool:
        """Say whether what is left of an order by cost is less than one lot at the price that follows."""
        price = self.books[order.pair].best(SELL if order.side == BUY else BUY)
        return price is not None and order.left <= order.market.cost(price=price, volume=1) + 1

    def _settle_all(self, pair: Pair, taker: Side, taken: Taken) -> None:
        for match in taken.matches:
            self._settle(pair, taker, match)

    def _settle(self, pair: Pair, taker: Side, match: Match) -> None:
        at = self.now()
        number = self.tape.record(
            Trade(pair=pair.id, at=at, price=match.price, volume=match.volume, side=taker.side, kind=taker.kind)
        )
        resting = self._open.get(match.maker.order_id)
        maker = Side(
            account=match.maker.account,
            side=match.maker.side,
            kind="limit",
            rate=pair.maker if resting else 0,
            order=resting,
        )
        for side in (taker, maker):
            if side.order is not None or _matters(taker, maker):
                self._pay(pair, side, match, number=number, at=at, maker=side is maker)
        if resting is not None:
            if resting.left <= 0:
                resting.close(status="closed", at=at)
            self._keep(resting)

    def _pay(self, pair: Pair, side: Side, match: Match, *, number: int, at: float, maker: bool) -> None:
        """Move one party's money and, if it is somebody's order, write the fill down."""
        cost = pair.cost(price=match.price, volume=match.volume)
        fee, sign = listing.share(cost, rate=side.rate), 1 if side.side == BUY else -1
        account = _account(side.account if side.order is not None else HOUSE)
        self._funds.move(account=account, currency=pair.base.id, net=sign * pair.coins(match.volume))
        self._funds.move(account=account, currency=pair.quote.id, net=-sign * cost - fee)
        if side.order is None:
            return
        self._funds.move(account=_account(FEES), currency=pair.quote.id, net=fee)
        side.order.fill(volume=match.volume, cost=cost, fee=fee)
        fill = Fill(
            id=orders.new_id("T"),
            order_id=side.order.id,
            account=side.account,
            pair=pair.id,
            side=side.side,
            kind=side.kind,
            price=match.price,
            volume=match.volume,
            cost=cost,
            fee=fee,
            maker=maker,
            number=number,
            at=at,
        )
        self.orders.add_fill(fill)
        self._write_down_fill(fill, cl_ord_id=side.order.cl_ord_id)

    def _needs(self, order: Order) -> tuple[Coin, int]:
        """Return the coin and how much of it an order may still take from its account, fee included."""
        pair = order.market
        if order.side == SELL:
            return pair.base, pair.coins(order.left)
        if order.by_cost:
            return pair.quote, order.left + listing.share(order.left, rate=pair.taker)
        if order.price is not None:
            cost = pair.cost(price=order.price, volume=order.left)
        else:
            taken = self.books[pair.id].preview(self.taking(order))
            cost = sum(pair.cost(price=match.price, volume=match.volume) for match in taken.matches)
        return pair.quote, cost + listing.share(cost, rate=pair.taker)

    def _rest(self, order: Order) -> None:
        assert order.price is not None  # noqa: S101 - only limit orders rest
        self.books[order.pair].rest(
            Resting(
                order_id=order.id,
                account=order.account,
                side=order.side,
                price=order.price,
                left=order.left,
                seq=0,
                at=order.opened_at,
            )
        )

    def _keep(self, order: Order) -> None:
        self.orders.save(order)
        if not order.is_open:
            self._open.pop(order.id, None)

    def _write_down(self, order: Order) -> None:
        """One row of the common book for every order that was taken: the judge of "at most once"."""
        pair = order.market
        coin, decimals = (pair.quote, pair.quote.decimals) if order.by_cost else (pair.base, listing.LOT_DECIMALS)
        self._book.record(
            Effect(
                provider=CODE,
                operation="order",
                object_id=order.id,
                key=order.cl_ord_id,
                reference=order.userref,
                amount=order.volume,
                currency=coin.altname,
                direction="in" if order.side == BUY else "out",
                at=order.opened_at,
                metadata={"pair": pair.altname, "shown": f"{listing.text(order.volume, decimals)} {coin.altname}"},
            )
        )

    def _write_down_fill(self, fill: Fill, *, cl_ord_id: str) -> None:
        pair = fill.market
        self._book.record(
            Effect(
                provider=CODE,
                operation="fill",
                object_id=fill.order_id,
                key=cl_ord_id,
                reference=fill.id,
                amount=fill.volume,
                fee=fill.fee,
                currency=pair.base.altname,
                direction="in" if fill.buys else "out",
                at=fill.at,
                metadata={
                    "pair": pair.altname,
                    "shown": f"{listing.text(fill.volume, listing.LOT_DECIMALS)} {pair.base.altname}",
                    "price": listing.text(fill.price, pair.price_decimals),
                    "cost": listing.text(fill.cost, pair.quote.decimals),
                },
            )
        )


def _side(order: Order, *, rate: int) -> Side:
    return Side(account=order.account, side=order.side, kind=order.kind, rate=rate, order=order)


def _matters(taker: Side, maker: Side) -> bool:
    """Say whether somebody's order is part of it; the house and the world among themselves move nothing."""
    return taker.order is not None or maker.order is not None


def _part(wanted: Taking, share: int) -> Taking:
    if wanted.volume is not None:
        return replace(wanted, volume=wanted.volume * share // 100)
    return replace(wanted, money=(wanted.money or 0) * share // 100)


def _account(name: str) -> str:
    return f"{CODE}:{name}"
