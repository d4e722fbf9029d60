"""The matching engine against a plain oracle: price first, then time, at the price of the one that was there."""

from __future__ import annotations

from dataclasses import dataclass

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sandbox.kraken.exchange.listing import PAIRS
from sandbox.kraken.exchange.matching import BUY, SELL, OrderBook, Resting, Taking

PAIR = PAIRS["XXBTZUSD"]


def book(*orders: tuple[str, str, int, int]) -> OrderBook:
    made = OrderBook(pair=PAIR)
    for place, (account, side, price, left) in enumerate(orders):
        made.rest(Resting(order_id=str(place), account=account, side=side, price=price, left=left, seq=0, at=0.0))
    return made


def shown(found: OrderBook, taking: Taking) -> list[tuple[str, int, int]]:
    return [(match.maker.order_id, match.price, match.volume) for match in found.take(taking).matches]


def test_the_better_price_comes_first_and_of_equals_the_earlier() -> None:
    found = book(("a", SELL, 101, 5), ("b", SELL, 100, 5), ("c", SELL, 100, 5), ("d", SELL, 99, 1))

    assert shown(found, Taking(account="x", side=BUY, limit=100, volume=8)) == [
        ("3", 99, 1),
        ("1", 100, 5),
        ("2", 100, 2),
    ]
    assert [(order.order_id, order.left) for order in found.side(SELL)] == [("2", 3), ("0", 5)]


def test_a_limit_is_never_passed() -> None:
    found = book(("a", BUY, 99, 5), ("b", BUY, 98, 5))

    assert shown(found, Taking(account="x", side=SELL, limit=99, volume=8)) == [("0", 99, 5)]
    assert found.best(BUY) == 98


def test_money_buys_what_it_can_and_no_more() -> None:
    found = book(
        ("a", SELL, 1_000_000, 100_000_000), ("b", SELL, 2_000_000, 100_000_000)
    )  # one coin at 100,000, one at 200,000

    taken = found.take(Taking(account="x", side=BUY, limit=None, money=150_000_0000))

    assert [(match.price, match.volume) for match in taken.matches] == [
        (1_000_000, 100_000_000),
        (2_000_000, 25_000_000),
    ]
    assert sum(PAIR.cost(price=match.price, volume=match.volume) for match in taken.matches) == 150_000_0000


def test_nobody_trades_with_oneself_the_newer_order_stops() -> None:
    found = book(("b", SELL, 100, 2), ("x", SELL, 101, 2), ("b", SELL, 102, 2))

    taken = found.take(Taking(account="x", side=BUY, limit=None, volume=6))

    assert (taken.volume, taken.own) == (2, True)
    assert [order.order_id for order in found.side(SELL)] == ["1", "2"]


def test_a_preview_changes_nothing() -> None:
    found = book(("a", SELL, 100, 5))

    assert found.preview(Taking(account="x", side=BUY, limit=None, volume=3)).volume == 3
    assert found.side(SELL)[0].left == 5


@dataclass
class Plain:
    """One resting order of the oracle."""

    name: str
    side: str
    price: int
    left: int


def plainly(resting: list[Plain], side: str, limit: int, volume: int) -> list[tuple[str, int, int]]:
    """Match without any order book: look through everything for the best again and again."""
    met = []
    while volume:
        there = [
            one
            for one in resting
            if one.side != side and one.left and (one.price <= limit if side == BUY else one.price >= limit)
        ]
        if not there:
            break
        best = min(there, key=lambda one: one.price if side == BUY else -one.price)  # min keeps the earliest of equals
        part = min(volume, best.left)
        met.append((best.name, best.price, part))
        best.left -= part
        volume -= part
    if volume:
        resting.append(Plain(str(len(resting)), side, limit, volume))
    return met


ARRIVING = st.tuples(st.sampled_from([BUY, SELL]), st.integers(95, 105), st.integers(1, 20), st.booleans())


@settings(max_examples=200, deadline=None)
@given(st.lists(ARRIVING, max_size=40))
def test_any_sequence_of_orders_matches_as_the_oracle_says(arriving: list[tuple[str, int, int, bool]]) -> None:
    found, resting = OrderBook(pair=PAIR), list[Plain]()
    for place, (side, price, volume, _) in enumerate(arriving):
        known = len(resting)
        expected = plainly(resting, side, price, volume)
        met = shown(found, Taking(account=f"t{place}", side=side, limit=price, volume=volume))
        left = volume - sum(part for _, _, part in met)
        if left:
            found.rest(Resting(order_id=str(known), account="r", side=side, price=price, left=left, seq=0, at=0.0))
        assert met == expected

    for side in (BUY, SELL):
        in_book = [(order.price, order.left) for order in found.side(side)]
        alive = sorted(
            ((one.price, one.left) for one in resting if one.side == side and one.left),
            key=lambda one: one[0] if side == SELL else -one[0],
        )
        assert in_book == alive


@pytest.mark.parametrize(
    ("price", "volume", "cost"),
    [(925_000, 100_000_000, 925_000_000), (1, 1, 0), (999_999, 1, 10), (5, 100_000, 5), (5, 90_000, 5), (5, 89_999, 4)],
)
def test_a_cost_is_rounded_half_up_to_the_digits_of_the_quote_asset(price: int, volume: int, cost: int) -> None:
    assert PAIR.cost(price=price, volume=volume) == cost
