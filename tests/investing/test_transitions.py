"""The database refuses every step that the code does not declare; history only grows."""

from uuid import UUID

import pytest
from django.db import IntegrityError, connection, transaction

from core.orchestration import kinds
from core.orchestration.models import Transaction
from core.orchestration.states import State
from core.providers.contract import Stage
from investing.models import Holding, HoldingChange, InvestingFill, InvestingTransaction
from tests.core.orchestration import world as engine
from tests.core.orchestration.fakes import FakeProvider
from tests.investing import world

pytestmark = pytest.mark.django_db
DECLARED = {(source, target) for source, target, _ in kinds.transitions_of(InvestingTransaction)}


def bought(exchange: FakeProvider) -> UUID:
    ana = engine.customer("ana", units=50_000)
    exchange.submits = [world.said(Stage.SETTLED, world.fill("T1", 9_975, 99_000))]
    made = world.buy(ana, "100.00")
    world.work()
    return made


def refused(sql: str) -> bool:
    try:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(sql)
    except IntegrityError:
        return True
    return False


@pytest.mark.parametrize("target", [state for state in State if (State.COMPLETED, state) not in DECLARED])
def test_a_bulk_update_cannot_walk_around_the_states(exchange: FakeProvider, target: State) -> None:
    made = bought(exchange)
    if target is State.COMPLETED:
        return

    with pytest.raises(IntegrityError), transaction.atomic():
        Transaction.objects.filter(id=made).update(state=target)

    assert engine.see(made).state == "COMPLETED"


@pytest.mark.parametrize("table", ["investing_investingfill", "investing_holdingchange"])
def test_history_is_only_added_to(exchange: FakeProvider, table: str) -> None:
    bought(exchange)

    assert refused(f"UPDATE {table} SET number = 7")  # noqa: S608 - a table of ours
    assert refused(f"DELETE FROM {table}")  # noqa: S608 - a table of ours
    assert (InvestingFill.objects.count(), HoldingChange.objects.count()) == (1, 1)


@pytest.mark.parametrize("table", ["investing_investingdetail", "investing_holding"])
def test_orders_and_holdings_stay(exchange: FakeProvider, table: str) -> None:
    bought(exchange)

    assert refused(f"DELETE FROM {table}")  # noqa: S608 - a table of ours
    assert Holding.objects.count() == 1
