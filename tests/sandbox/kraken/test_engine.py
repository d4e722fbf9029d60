"""Any sequence of orders, cancels, prices: money is conserved, orders agree with fills, a restart changes nothing."""

from __future__ import annotations

import asyncio
import tempfile
from dataclasses import dataclass
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from sandbox.engine.book import Book
from sandbox.engine.clock import Clock
from sandbox.engine.funds import Funds
from sandbox.engine.store import Store
from sandbox.kraken.exchange import orders
from sandbox.kraken.exchange.engine import OMNIBUS, Exchange, Refused
from sandbox.kraken.exchange.listing import COINS, PAIRS
from sandbox.kraken.exchange.matching import BUY, SELL, Resting
from sandbox.kraken.exchange.orders import Order

PAIR = PAIRS["XXBTZUSD"]
ACCOUNTS = ("omnibus", "house", "fees")

PLACE = st.tuples(
    st.just("place"),
    st.sampled_from([BUY, SELL]),
    st.integers(5_000, 300_000_000),
    st.one_of(st.none(), st.integers(990_000, 1_010_000)),
    st.sampled_from(["GTC", "IOC"]),
    st.sampled_from([100, 100, 100, 40, 0]),
)
CANCEL = st.tuples(st.just("cancel"), st.integers(0, 9))
QUOTE = st.tuples(st.just("quote"), st.integers(992_000, 1_008_000), st.integers(0, 200_000_000))
SWEEP = st.tuples(st.just("sweep"), st.sampled_from([BUY, SELL]), st.integers(1, 200_000_000))


@dataclass
class World:
    """One exchange on its own files."""

    store: Store
    exchange: Exchange


def opened(folder: Path) -> World:
    store = Store(folder=folder)
    exchange = Exchange(store=store, clock=Clock(store=store), funds=Funds(store=store), book=Book(store=store))
    with store.change():
        exchange.load()
    return World(store=store, exchange=exchange)


def do(world: World, step: tuple[object, ...]) -> None:
    kind, *rest = step
    with world.store.change():
        if kind == "place":
            place(world.exchange, *rest)  # type: ignore[arg-type]
        elif kind == "cancel":
            mine = world.exchange.open_orders(account=OMNIBUS)
            if mine:
                world.exchange.cancel(mine[int(str(rest[0])) % len(mine)], reason="User requested")
        elif kind == "quote":
            quote(world.exchange, *rest)  # type: ignore[arg-type]
        else:
            world.exchange.sweep(pair=PAIR, side=str(rest[0]), volume=int(str(rest[1])))


def place(exchange: Exchange, side: str, volume: int, price: int | None, lasting: str, share: int) -> None:
    order = Order(
        id=orders.new_id("O"),
        account=OMNIBUS,
        pair=PAIR.id,
        side=side,
        kind="market" if price is None else "limit",
        volume=volume,
        price=price,
        lasting=lasting,
        flags=("fciq",),
        by_cost=False,
        cl_ord_id="",
        userref="",
        opened_at=exchange.now(),
    )
    try:
        exchange.check(order)
    except Refused:
        return
    exchange.place(order, share=share)


def quote(exchange: Exchange, middle: int, volume: int) -> None:
    quotes = [
        Resting(
            order_id=f"house:{side}",
            account="house",
            side=side,
            price=middle + away,
            left=volume,
            seq=0,
            at=exchange.now(),
        )
        for side, away in ((BUY, -500), (SELL, 500))
    ]
    exchange.quote([one for one in quotes if one.left], pair=PAIR)


def totals(exchange: Exchange) -> dict[str, int]:
    return {
        id_: sum(exchange.balances(account=account).get(id_, 0) for account in ACCOUNTS) for id_ in ("ZUSD", "XXBT")
    }


def check(exchange: Exchange) -> None:
    opening = {id_: COINS[id_].opening * COINS[id_].one for id_ in ("ZUSD", "XXBT")}
    assert totals(exchange) == opening
    balances, held = exchange.balances(account=OMNIBUS), exchange.held(account=OMNIBUS)
    assert all(0 <= held.get(id_, 0) <= balances[id_] for id_ in ("ZUSD", "XXBT"))
    resting = {
        one.order_id: one.left
        for side in (BUY, SELL)
        for one in exchange.books[PAIR.id].side(side)
        if one.account == OMNIBUS
    }
    mine = exchange.open_orders(account=OMNIBUS)
    assert resting == {order.id: order.left for order in mine if not order.stalled}
    bid, ask = exchange.books[PAIR.id].best(BUY), exchange.books[PAIR.id].best(SELL)
    assert bid is None or ask is None or bid < ask
    for order in exchange.orders.named(cl_ord_id=""):
        fills = exchange.orders.fills(order_id=order.id)
        assert (order.executed, order.cost, order.fee) == (
            sum(fill.volume for fill in fills),
            sum(fill.cost for fill in fills),
            sum(fill.fee for fill in fills),
        )
        assert order.executed <= order.volume
        assert (order.status == "closed") == (order.executed == order.volume)


def told(exchange: Exchange) -> list[object]:
    """Return everything that a restart must keep."""
    return [
        [exchange.balances(account=account) for account in ACCOUNTS],
        [order.id for order in exchange.open_orders(account=OMNIBUS)],
        [
            [(one.order_id, one.left) for one in exchange.books[PAIR.id].side(side) if one.account == OMNIBUS]
            for side in (BUY, SELL)
        ],
    ]


@settings(max_examples=60, deadline=None)
@given(st.lists(st.one_of(PLACE, PLACE, CANCEL, QUOTE, SWEEP), max_size=25))
def test_whatever_happens_the_exchange_is_right(steps: list[tuple[object, ...]]) -> None:
    async def run() -> None:
        with tempfile.TemporaryDirectory() as folder:
            world = opened(Path(folder))
            do(world, ("quote", 1_000_000, 100_000_000))
            for step in steps:
                do(world, step)
                check(world.exchange)
            before = told(world.exchange)
            world.store.close()
            again = opened(Path(folder))
            assert told(again.exchange) == before
            again.store.close()

    asyncio.run(run())
