"""Orders that were executed after we had given them up: what they moved is posted, each side in its own asset."""

import pytest

from core.kernel.money import Money
from core.orchestration import outcomes
from core.orchestration.models import DeadLetter, Transaction
from core.orchestration.outcomes import Reported, Result
from core.providers.contract import Operation, Query, Rejected, Stage
from tests.core.orchestration import world as engine
from tests.core.orchestration.fakes import FakeProvider
from tests.investing import world
from tests.investing.world import BTC, USD, fill, said

pytestmark = pytest.mark.django_db


def _given_up(exchange: FakeProvider) -> tuple[engine.CustomerView, Transaction, Query]:
    ana = engine.customer("ana", units=50_000)
    exchange.submits = [Rejected(code="price_moved")]
    made = world.buy(ana, "100.00")
    world.work()
    (attempt,) = engine.attempts(made)
    asked = Query(
        operation=Operation.ORDER,
        key=attempt.key,
        reference=engine.see(made).public_id,
        provider_ref="",
        amount=attempt.amount,
        order=None,
    )
    return ana, engine.see(made), asked


@pytest.mark.parametrize("stage", [Stage.SETTLED, Stage.CANCELED])
def test_what_was_executed_late_is_had_and_paid_once(exchange: FakeProvider, stage: Stage) -> None:
    """An order that was cancelled after a part of it was executed has moved that part all the same."""
    ana, made, asked = _given_up(exchange)
    assert made.state == "FAILED"
    late = Reported(provider="kraken", source="poll", report=said(stage, fill("T1", 4_000, 39_000))(asked))

    first, again = outcomes.apply([late]), outcomes.apply([late])
    world.work()

    assert first == [Result.BREAK]
    assert again in ([Result.DUPLICATE], [Result.STALE])
    assert world.figures(ana, USD) == (46_000, 0)
    assert world.figures(ana, BTC) == (39_000, 0)
    assert DeadLetter.objects.filter(transaction_id=made.id).count() == 1
    child = Transaction.objects.get(parent_id=made.id)
    assert engine.see(child.id).receive == Money(39_000, BTC)
