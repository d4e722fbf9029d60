"""What a customer owes us is repaid by whatever comes in next, in the same entry's commit."""

from uuid import UUID

import pytest

from core.identity.customers import CustomerView
from core.kernel import ids
from core.kernel.money import Money
from core.ledger import accounts, posting, queries
from core.ledger.movements import Entry, Line, Movement, PlaceHold
from core.orchestration import outcomes
from core.orchestration.kinds import Deed, Instrument
from core.orchestration.models import Transaction
from core.orchestration.steps import changes, debts
from core.providers.contract import Operation, Report, Stage
from tests.core.orchestration import fakes, world
from tests.core.orchestration.fakes import said

pytestmark = pytest.mark.django_db


def _owes(owner: CustomerView, units: int) -> None:
    """Put a customer in debt, as a charge-back after spending would."""
    entry = Entry(
        key=f"test:debt:{owner.id}",
        kind="test",
        lines=(
            Line(account=accounts.receivable(owner.id, "USD"), units=-units),
            Line(account=accounts.system("equity", "USD"), units=units),
        ),
    )
    verdicts = posting.post(movements=[Movement(ref=ids.uuid7(), entries=(entry,))])
    assert all(verdict.is_ok for verdict in verdicts.values())


def _debt(owner: CustomerView) -> int:
    owed = queries.owed(customer_ids=[owner.id]).get((owner.id, "USD"))
    return owed.units if owed else 0


def _deposit(bank: fakes.FakeProvider, owner: CustomerView, card: Instrument | None = None) -> UUID:
    bank.submits.append(said(Stage.SETTLED))
    made = world.start(owner, world.wish("deposit", "100.00", by=card or world.card(owner)))
    world.work()
    return made


def test_a_deposit_first_repays_what_is_owed(bank: fakes.FakeProvider) -> None:
    ana = world.customer("ana")
    _owes(ana, 5_000)

    made = _deposit(bank, ana)

    assert _debt(ana) == 0
    assert world.figures(ana) == (9_630 - 5_000, 0, 0)
    assert [entry.kind for entry in queries.entries_for(transaction_ids=[made])] == ["deposit", "debt_repaid"]


def test_a_debt_larger_than_the_inflow_takes_all_of_it_and_the_next_goes_on(bank: fakes.FakeProvider) -> None:
    ana = world.customer("ana")
    card = world.card(ana)
    _owes(ana, 12_000)

    _deposit(bank, ana, card)
    assert (_debt(ana), world.figures(ana)) == (12_000 - 9_630, (0, 0, 0))
    _deposit(bank, ana, card)

    assert (_debt(ana), world.figures(ana)) == (0, (2 * 9_630 - 12_000, 0, 0))


def test_two_transfers_of_one_set_repay_one_debt_once() -> None:
    ana, ben = world.customer("ana", units=10_000), world.customer("ben")
    _owes(ben, 700)
    for _ in range(2):
        world.start(ana, world.wish("transfer", "5.00", side="target", to=ben))

    world.work()

    assert {row.state for row in Transaction.objects.all()} == {"COMPLETED"}
    assert (_debt(ben), world.figures(ben)) == (0, (300, 0, 0))


def test_a_returned_payout_repays_too(bank: fakes.FakeProvider) -> None:
    ana = world.customer("ana", units=10_000)
    world.cover()
    bank.submits = [said(Stage.SETTLED)]
    made = world.start(ana, world.wish("withdrawal", "20.00", by=world.bank(ana)))
    world.work()
    receive = int(world.see(made).receive_units or 0)
    _owes(ana, 100)
    (attempt,) = world.attempts(made)
    report = Report(operation=Operation.PAYOUT, stage=Stage.RETURNED, provider_ref="ref_1", key=attempt.key)

    outcomes.apply([outcomes.Reported(provider="increase", source="webhook", report=report)])
    world.work()

    assert (_debt(ana), world.figures(ana)) == (0, (8_000 + receive - 100, 0, 0))


def test_a_debt_that_somebody_else_repaid_meanwhile_does_not_stop_the_inflow(
    bank: fakes.FakeProvider, monkeypatch: pytest.MonkeyPatch
) -> None:
    ana = world.customer("ana")
    _owes(ana, 5_000)
    looks = [{(ana.id, "USD"): Money(6_000, world.USD)}]
    truth = queries.owed

    def outdated_once(*, customer_ids: list[UUID]) -> object:
        return looks.pop() if looks else truth(customer_ids=customer_ids)

    monkeypatch.setattr(queries, "owed", outdated_once)
    made = _deposit(bank, ana)

    assert looks == []
    assert world.see(made).state == "COMPLETED"
    assert world.figures(ana) == (9_630 - 5_000, 0, 0)


def test_what_comes_in_and_is_set_aside_at_once_repays_nothing() -> None:
    """Coins that a failed strategy brings home are held again in the same commit: only the rest is free to take."""
    ana = world.customer("ana")
    _owes(ana, 700)
    mine = accounts.customer(customer_id=ana.id, domain="banking", asset="USD")
    entry = Entry(
        key="test:undone",
        kind="test",
        lines=(Line(account=mine, units=2_000), Line(account=accounts.system("equity", "USD"), units=-2_000)),
    )
    made = Transaction(id=ids.uuid7(), customer_id=ana.id, domain="banking", asset="USD")
    change = changes.begin(made)

    change.post(Deed(entries=(entry,), operations=(PlaceHold(hold_id=ids.uuid7(), account=mine, units=1_600),)))

    (repaid,) = debts.repayments([change])[made.id]
    assert sorted(line.units for line in repaid.lines) == [-400, 400]
