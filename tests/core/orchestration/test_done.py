"""What is done counts as done wherever it is counted, whichever state its kind ends in; assets are never added up."""

from __future__ import annotations

from uuid import uuid4

import pytest

from core.kernel import clock
from core.orchestration import kinds
from core.orchestration.console import today, transactions
from core.orchestration.models import Transaction
from core.orchestration.reading import queries
from core.orchestration.states import State

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def books_agree() -> None:
    """Nothing to prove: these rows stand alone, without journal and position."""


def _row(state: State, *, domain: str = "defi", kind: str = "start_strategy", **fields: object) -> Transaction:
    """Write a transaction that has come so far on its kind's path, without the engine."""
    made = Transaction.objects.create(
        customer_id=uuid4(), domain=domain, kind=kind, side="source", asset="USDC:ethereum", units=10_000_000
    )
    path = list(kinds.get(domain=domain, kind=kind).rules.path)
    trail = path[: path.index(state) + 1] if state in path else [State.INITIATED, state]
    Transaction.objects.filter(id=made.id).update(state=state, trail=trail, version=2, **fields)
    return Transaction.objects.get(id=made.id)


def test_an_active_strategy_is_listed_as_completed_and_not_as_under_way() -> None:
    active = _row(State.YIELD_STRATEGY_ACTIVE)
    on_the_way = _row(State.SMART_CONTRACT_INTERACTION)
    rows = Transaction.objects.all()

    assert list(queries.with_status(rows, "completed")) == [active]
    assert list(queries.with_status(rows, "processing")) == [on_the_way]
    assert list(transactions._view(rows, "completed")) == [active]


def test_a_strategy_taken_back_is_listed_as_reversed() -> None:
    taken = _row(State.YIELD_STRATEGY_ACTIVE, reversed_units=1)

    assert list(queries.with_status(Transaction.objects.all(), "reversed")) == [taken]


def test_the_figures_of_today_count_an_active_strategy_as_done() -> None:
    _row(State.YIELD_STRATEGY_ACTIVE)
    _row(State.FAILED)

    figures = {item.label: item for item in today._items(clock.SYSTEM.now()) if hasattr(item, "label")}

    assert figures["Success rate"].value == "50.0%"


def test_the_volume_of_a_trade_is_what_was_given_not_what_arrived_in_another_asset() -> None:
    _row(
        State.COMPLETED,
        domain="investing",
        kind="buy",
        asset="USD",
        target_asset="BTC:bitcoin",
        units=10_000,
        debit_units=10_000,
        receive_units=99_350,
    )

    figures = {item.label: item for item in today._items(clock.SYSTEM.now()) if hasattr(item, "label")}

    assert figures["Volume completed"].value == "100.00 USD"
