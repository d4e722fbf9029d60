"""News of a provider that was given up, while another one has the transaction."""

from collections.abc import Generator
from uuid import UUID

import pytest

from core.identity.customers import CustomerView
from core.orchestration import outcomes
from core.orchestration.models import Attempt, DeadLetter
from core.orchestration.outcomes import Reported, Result
from core.providers import registry
from core.providers.contract import Operation, Report, Stage, Unavailable
from tests.core.orchestration import fakes, world
from tests.core.orchestration.fakes import said

pytestmark = pytest.mark.django_db


@pytest.fixture
def two() -> Generator[dict[str, fakes.FakeProvider]]:
    """Let two providers do payouts; both are down until a test says otherwise."""
    made = {
        code: fakes.FakeProvider(code=code, capabilities=(fakes.capability(Operation.PAYOUT, "ach"),))
        for code in ("increase", "second")
    }
    with registry.replaced(*made.values()):
        yield made


def _gone_on(two: dict[str, fakes.FakeProvider]) -> tuple[CustomerView, UUID, Attempt, Attempt]:
    """Give the first provider up after three refusals to connect; the second one accepts."""
    ana = world.customer("ana", units=10_000)
    for code, provider in two.items():
        world.cover(provider=code)
        provider.submits = [Unavailable(), Unavailable(), Unavailable()]
    made = world.start(ana, world.wish("withdrawal", "20.00", by=world.bank(ana)))
    world.work()
    (first,) = world.attempts(made)
    (other,) = two.keys() - {first.provider}
    two[other].submits = [said(Stage.ACCEPTED, ref="ref_2")]
    for _ in range(4):
        world.due_now(made)
        world.work()
    first, second = world.attempts(made)
    assert (first.state, second.state, second.provider) == ("NOT_EXECUTED", "SENT", other)
    return ana, made, first, second


def _news(attempt: Attempt, stage: Stage) -> Reported:
    report = Report(operation=Operation.PAYOUT, stage=stage, provider_ref=f"ref_{attempt.number}", key=attempt.key)
    return Reported(provider=attempt.provider, source="webhook", report=report)


def test_a_refusal_by_the_one_given_up_does_not_free_what_the_other_may_pay(two: dict[str, fakes.FakeProvider]) -> None:
    ana, made, first, _ = _gone_on(two)

    results = outcomes.apply([_news(first, Stage.DECLINED)])

    assert results == [Result.APPLIED]
    assert world.see(made).state == "PROVIDER_PROCESSING"
    assert world.figures(ana) == (10_000, 2_000, 0)
    assert [one.state for one in world.attempts(made)] == ["REJECTED", "SENT"]


def test_a_payment_by_the_one_given_up_is_posted_at_it_and_a_person_told(two: dict[str, fakes.FakeProvider]) -> None:
    ana, made, first, second = _gone_on(two)
    receive = int(world.see(made).receive_units or 0)

    assert outcomes.apply([_news(first, Stage.SETTLED)]) == [Result.BREAK]
    world.work()
    paid_once = world.figures(ana)
    assert outcomes.apply([_news(second, Stage.DECLINED)] * 2) == [Result.APPLIED, Result.DUPLICATE]
    for _ in range(4):
        world.due_now(made)
        world.work()

    assert paid_once == (10_000 - receive, 2_000, 0)
    assert world.figures(ana) == (10_000 - receive, 0, 0)
    assert world.see(made).state == "COMPENSATED"
    assert world.system(f"ext:{first.provider}:available") == -10_000_000 + receive
    assert world.system(f"ext:{second.provider}:available") == -10_000_000
    assert [letter.error for letter in DeadLetter.objects.all()] == ["settled_after_provider_processing"]
