"""The check of holdings finds what does not add up, and names it."""

from collections.abc import Iterator

import pytest
from django.db import connection

from core.market import book
from core.providers import registry
from core.providers.contract import Stage
from investing import books
from tests.core.orchestration import world as engine
from tests.core.orchestration.fakes import FakeProvider
from tests.investing import world

pytestmark = pytest.mark.django_db


@pytest.fixture
def traded(own_memory: None) -> Iterator[FakeProvider]:
    """Let one purchase and one sale have happened."""
    world.prices()
    world.cover()
    provider = world.exchange()
    provider.submits = [
        world.said(Stage.SETTLED, world.fill("T1", 9_975, 99_000)),
        world.said(Stage.SETTLED, world.fill("T2", 49_875, 5_000, given=world.BTC, got=world.USD)),
    ]
    with registry.replaced(provider):
        ana = engine.customer("ana", units=50_000)
        world.buy(ana, "100.00")
        world.work()
        world.sell(ana, "0.00050000")
        world.work()
        yield provider
    book.forget()


def tamper(statement: str, *, table: str) -> set[str]:
    """Change something behind everybody's back and return the checks that see it."""
    assert list(books.breaks()) == []
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute(f"ALTER TABLE {table} DISABLE TRIGGER USER")
        cursor.execute(statement)
        cursor.execute(f"ALTER TABLE {table} ENABLE TRIGGER USER")
    return {found.check for found in books.breaks()}


def test_a_holding_that_is_no_sum_is_found(traded: FakeProvider) -> None:
    found = tamper("UPDATE investing_holding SET cost = cost + 1", table="investing_holding")

    assert found == {"investing.holding_is_sum_of_changes"}


def test_a_change_that_does_not_follow_is_found(traded: FakeProvider) -> None:
    found = tamper(
        "UPDATE investing_holdingchange SET cost_after = cost_after + 1 WHERE number = 1",
        table="investing_holdingchange",
    )

    assert found == {"investing.change_follows_the_one_before"}


def test_coins_that_no_trade_in_the_journal_brought_are_found(traded: FakeProvider) -> None:
    found = tamper(
        "UPDATE investing_holdingchange SET quantity = quantity + 5, quantity_after = quantity_after + 5"
        " WHERE number = 1",
        table="investing_holdingchange",
    )

    assert "investing.holding_equals_trades" in found


def test_a_fill_without_an_entry_is_found(traded: FakeProvider) -> None:
    found = tamper(
        "UPDATE investing_investingfill SET trade_id = 'T9' WHERE trade_id = 'T1'", table="investing_investingfill"
    )

    assert found == {"investing.fill_is_posted"}


def test_an_order_that_is_no_sum_of_its_fills_is_found(traded: FakeProvider) -> None:
    found = tamper(
        "UPDATE investing_investingdetail SET received = received + 1 WHERE side = 'buy'",
        table="investing_investingdetail",
    )

    assert found == {"investing.order_is_sum_of_fills"}
