"""Trades of one customer finished by several workers at once: real commits, one holding, nothing lost or doubled."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from uuid import UUID

import pytest

from core.audit import books
from core.market import book
from core.orchestration import outcomes
from core.orchestration.engine import drain
from core.orchestration.models import Transaction
from core.orchestration.outcomes import Reported
from core.providers import registry
from core.providers.contract import Operation, Order, Query, Report, Stage
from investing.models import Holding, HoldingChange, InvestingFill
from tests.concurrency.test_races import race
from tests.core.orchestration import world as engine
from tests.core.orchestration.fakes import FakeProvider
from tests.databases import Clone
from tests.investing import world
from tests.investing.world import BTC, ETH, USD, fill, said

pytestmark = pytest.mark.timeout(300)
TRADES = 24
WORKERS = 4


@pytest.fixture
def exchange(committed_db: Clone, own_memory: None) -> Iterator[FakeProvider]:
    world.prices()
    world.cover()
    provider = world.exchange()
    with registry.replaced(provider):
        yield provider
    book.forget()
    assert [str(one) for one in books.run()] == []


def all_of(asked: Order | Query) -> Report:
    """Execute whatever is ordered at once, at 1,000 satoshis (or as many finney) a dollar."""
    assert isinstance(asked, Order)
    units = asked.amount.units * (10 if asked.target is BTC else 10**12)
    assert asked.target is not None
    return said(Stage.SETTLED, fill(f"T-{asked.key}", asked.amount.units, units, got=asked.target))(asked)


def work() -> int:
    return drain.drain(domain="investing", budget_s=30)


def test_many_purchases_of_one_customer_at_once_add_up_in_one_holding(exchange: FakeProvider) -> None:
    ana = engine.customer("ana", units=1_000_000)
    exchange.submits = [all_of] * TRADES
    made = [world.buy(ana, "100.00", coin=BTC if number % 2 else ETH) for number in range(TRADES)]

    seen = race([work] * WORKERS)

    assert not [one for one in seen if isinstance(one, Exception)]
    assert set(Transaction.objects.filter(id__in=made).values_list("state", flat=True)) == {"COMPLETED"}
    found = {row.asset: row.basis for row in Holding.objects.filter(customer_id=ana.id)}
    each = TRADES // 2
    assert found["BTC:bitcoin"].quantity == each * 99_750
    assert [basis.cost for basis in found.values()] == [each * 10_000] * 2
    assert world.figures(ana, BTC) == (each * 99_750, 0)
    assert world.figures(ana, USD) == (1_000_000 - TRADES * 10_000, 0)


def test_one_report_that_many_bring_at_once_is_posted_once(exchange: FakeProvider) -> None:
    ana = engine.customer("ana", units=100_000)
    exchange.submits = [said(Stage.ACCEPTED)]
    made = world.buy(ana, "100.00")
    work()
    reports = [_report(made, cut) for cut in (1, 2, 3, 3)]

    seen = race([_bring(report) for report in reports * 4])

    assert not [one for one in seen if isinstance(one, Exception)]
    assert engine.see(made).state == "COMPLETED"
    assert InvestingFill.objects.filter(transaction_id=made).count() == 3
    assert HoldingChange.objects.count() == 3
    assert world.figures(ana, USD) == (90_000, 0)
    assert world.figures(ana, BTC) == (99_000, 0)


def _report(made: UUID, cut: int) -> Report:
    """What is known of the order after so many of its three fills."""
    attempt = engine.attempts(made)[0]
    fills = [fill(f"T{number}", 3_325, 33_000) for number in range(3)][:cut]
    asked = Query(
        operation=Operation.ORDER, key=attempt.key, reference=engine.see(made).public_id, amount=attempt.amount
    )
    return said(Stage.SETTLED if cut == 3 else Stage.SUBMITTED, *fills)(asked)


def _bring(report: Report) -> Callable[[], object]:
    return lambda: outcomes.apply([Reported(provider="kraken", source="poll", report=report)])
