"""What comes after an ending: success that we had given up, money taken back again, and both in the wrong order."""

from uuid import UUID

import pytest

from core.identity.customers import CustomerView
from core.kernel import assets
from core.kernel.money import Money
from core.ledger import queries
from core.orchestration import outcomes
from core.orchestration.models import DeadLetter, Transaction
from core.orchestration.outcomes import Reported, Result
from core.providers import states
from core.providers.contract import Operation, Rejected, Report, Stage
from tests.core.orchestration import fakes, world
from tests.core.orchestration.fakes import said

pytestmark = pytest.mark.django_db
USD = assets.get("USD")


def _deposit(bank: fakes.FakeProvider, answer: fakes.Step, *, kyc_level: int = 3) -> tuple[CustomerView, UUID]:
    ana = world.customer("ana", kyc_level=kyc_level)
    bank.submits = [answer]
    made = world.start(ana, world.wish("deposit", "100.00", by=world.card(ana)))
    world.work()
    return ana, made


def _withdrawal(bank: fakes.FakeProvider, answer: fakes.Step) -> tuple[CustomerView, UUID]:
    ana = world.customer("ana", units=10_000)
    world.cover()
    bank.submits = [answer]
    made = world.start(ana, world.wish("withdrawal", "20.00", by=world.bank(ana)))
    world.work()
    return ana, made


def _news(
    made: UUID, stage: Stage, *, units: int | None = None, incident: str = "", fee: int | None = None
) -> Reported:
    attempt = world.attempts(made)[0]
    report = Report(
        operation=Operation(attempt.operation),
        stage=stage,
        provider_ref=attempt.provider_ref or "ref_1",
        key=attempt.key,
        amount=None if units is None else Money(units, USD),
        incident=incident,
        provider_fee=None if fee is None else Money(fee, USD),
    )
    return Reported(provider=attempt.provider, source="webhook", report=report)


def _debt(owner: CustomerView) -> int:
    owed = queries.owed(customer_ids=[owner.id]).get((owner.id, "USD"))
    return owed.units if owed else 0


def _letters() -> list[str]:
    return [letter.error for letter in DeadLetter.objects.order_by("id")]


def test_success_after_a_decline_is_posted_and_a_person_told(bank: fakes.FakeProvider) -> None:
    ana, made = _deposit(bank, Rejected(code="card_declined"))
    assert world.see(made).state == "FAILED"

    results = outcomes.apply([_news(made, Stage.SETTLED)])
    world.work()

    assert results == [Result.BREAK]
    assert world.figures(ana) == (9_630, 0, 0)
    assert _letters() == ["settled_after_failed"]


def test_a_decline_and_a_late_success_that_come_again_and_again_are_posted_once(bank: fakes.FakeProvider) -> None:
    ana, made = _deposit(bank, Rejected(code="card_declined"))
    news = [_news(made, Stage.SETTLED), _news(made, Stage.DECLINED), _news(made, Stage.SUBMITTED)]

    outcomes.apply(news * 3)
    world.work()
    outcomes.apply(list(reversed(news)) * 2)
    world.work()

    assert Transaction.objects.filter(parent_id=made).count() == 1
    assert world.figures(ana) == (9_630, 0, 0)
    assert _letters() == ["settled_after_failed"]


def test_a_payout_paid_after_all_and_then_returned_is_the_customers_again(bank: fakes.FakeProvider) -> None:
    ana, made = _withdrawal(bank, Rejected(code="refused"))
    receive = int(world.see(made).receive_units or 0)
    outcomes.apply([_news(made, Stage.SETTLED)])
    world.work()
    assert world.figures(ana) == (10_000 - receive, 0, 0)

    results = outcomes.apply([_news(made, Stage.RETURNED)] * 2)
    world.work()

    assert results == [Result.APPLIED, Result.DUPLICATE]
    assert world.figures(ana) == (10_000, 0, 0)
    assert world.system("ext:increase:available") == -10_000_000


def test_a_payout_settled_after_it_was_canceled_is_undone_first_and_then_taken(bank: fakes.FakeProvider) -> None:
    ana, made = _withdrawal(bank, said(Stage.ACCEPTED))
    receive = int(world.see(made).receive_units or 0)

    results = outcomes.apply([_news(made, Stage.CANCELED), _news(made, Stage.SETTLED)])
    for _ in range(4):
        for row in Transaction.objects.all():
            world.due_now(row.id)
        world.work()

    assert results == [Result.APPLIED, Result.BREAK]
    assert world.see(made).state == "COMPENSATED"
    assert world.figures(ana) == (10_000 - receive, 0, 0)
    assert _debt(ana) == 0
    assert world.system("ext:increase:in_transit") == 0
    assert _letters() == ["settled_after_compensating"]


def test_each_dispute_of_a_charge_is_taken_once(bank: fakes.FakeProvider) -> None:
    ana, made = _deposit(bank, said(Stage.SETTLED))
    first = _news(made, Stage.DISPUTED, units=3_000, incident="dp_1")
    second = _news(made, Stage.DISPUTED, units=2_000, incident="dp_2")

    results = outcomes.apply([first, first, second, first, second])
    world.work()

    assert results == [Result.APPLIED, Result.DUPLICATE, Result.APPLIED, Result.DUPLICATE, Result.DUPLICATE]
    assert int(world.see(made).reversed_units) == 5_000
    assert world.figures(ana) == (9_630 - 5_000, 0, 0)


def test_a_dispute_costs_us_its_fee_and_the_customer_none(bank: fakes.FakeProvider) -> None:
    ana, made = _deposit(bank, said(Stage.SETTLED))

    outcomes.apply([_news(made, Stage.DISPUTED, units=3_000, incident="dp_1", fee=1_500)])
    world.work()

    assert world.figures(ana) == (9_630 - 3_000, 0, 0)
    assert world.system("cost:dispute") == -1_500
    assert world.system("ext:increase:available") == 3_000 + 1_500


def test_a_late_success_costs_what_the_provider_kept(bank: fakes.FakeProvider) -> None:
    ana, made = _deposit(bank, Rejected(code="card_declined"))

    outcomes.apply([_news(made, Stage.SETTLED, units=10_000, fee=320)])
    world.work()

    assert world.figures(ana) == (9_630, 0, 0)
    assert world.system("cost:provider") == -320
    assert world.system("ext:increase:pending") == -10_000 + 320


def test_a_partial_dispute_leaves_the_rest_of_the_lot_open(bank: fakes.FakeProvider) -> None:
    _, made = _deposit(bank, said(Stage.SETTLED), kyc_level=2)

    outcomes.apply([_news(made, Stage.DISPUTED, units=3_000, incident="dp_1")])
    world.work()

    assert [lot.open_amount.units for lot in queries.lots_for(transaction_ids=[made])] == [9_630 - 3_000]


def test_a_dispute_that_comes_before_the_settlement_settles_first(bank: fakes.FakeProvider) -> None:
    ana, made = _deposit(bank, said(Stage.SUBMITTED))

    results = outcomes.apply(
        [_news(made, Stage.DISPUTED, units=3_000, incident="dp_1"), _news(made, Stage.SETTLED, units=10_000)]
    )
    world.work()

    assert results == [Result.APPLIED, Result.STALE]
    assert world.see(made).state == "COMPLETED"
    assert world.figures(ana) == (9_630 - 3_000, 0, 0)


def test_more_taken_back_than_was_moved_is_posted_and_a_person_told(bank: fakes.FakeProvider) -> None:
    """A disputed amount may differ from the charge, by the rate of a foreign card; the provider did take it."""
    ana, made = _deposit(bank, said(Stage.SETTLED))

    assert outcomes.apply([_news(made, Stage.DISPUTED, units=10_001, incident="dp_1")]) == [Result.BREAK]
    world.work()

    assert world.figures(ana) == (0, 0, 0)
    assert _debt(ana) == 10_001 - 9_630
    assert _letters() == ["more_taken_back_than_moved"]
    assert states.current().get("increase") is None


def test_an_inquiry_about_a_part_of_a_charge_moves_nothing_and_blames_nobody(bank: fakes.FakeProvider) -> None:
    ana, made = _deposit(bank, said(Stage.SETTLED))

    assert outcomes.apply([_news(made, Stage.UNMAPPED, units=3_000)]) == [Result.APPLIED]

    assert world.figures(ana) == (9_630, 0, 0)
    assert _letters() == []
    assert states.current().get("increase") is None


def test_a_dispute_that_was_won_is_the_inverse_and_repays_what_it_made_the_customer_owe(
    bank: fakes.FakeProvider,
) -> None:
    ana, made = _deposit(bank, said(Stage.SETTLED))
    lost = _news(made, Stage.DISPUTED, units=10_000, incident="dp_1")
    won = _news(made, Stage.REINSTATED, units=10_000, incident="dp_1")
    outcomes.apply([lost])
    world.work()
    assert (world.figures(ana), _debt(ana)) == ((0, 0, 0), 370)
    assert world.see(made).status == "reversed"

    results = outcomes.apply([won, won, lost])
    world.work()

    assert results == [Result.APPLIED, Result.DUPLICATE, Result.DUPLICATE]
    assert (world.figures(ana), _debt(ana)) == ((9_630, 0, 0), 0)
    assert world.system("ext:increase:available") == 0
    assert (world.see(made).status, int(world.see(made).reversed_units)) == ("completed", 0)
    child = Transaction.objects.filter(parent_id=made).order_by("id").last()
    assert child is not None
    assert (child.reason, int(child.receive_units or 0)) == ("reinstated", 10_000)


def test_a_deadline_for_the_customer_ends_with_his_action(bank: fakes.FakeProvider) -> None:
    _, made = _deposit(bank, said(Stage.ACTION_REQUIRED, action={"type": "redirect", "url": "https://bank.test"}))
    assert world.see(made).deadline_at is not None

    outcomes.apply([_news(made, Stage.SUBMITTED)])

    assert world.see(made).deadline_at is None
