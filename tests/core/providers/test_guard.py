"""The way of every provider call: what opens the breaker, what health learns, what is refused before sending."""

import pytest
from django.db import transaction

from core.providers import contract, durable, guard, health, states
from core.resilience import breaker
from tests.core.providers.fakes import REPORT, Fake, failing

pytestmark = pytest.mark.django_db


def call(fake: Fake, operation: str = "charge") -> contract.Report:
    return guard.guarded(adapter=fake, operation=operation, fn=fake.call)


def state(fake: Fake, operation: str = "charge") -> str:
    return breaker.Breaker(f"{fake.code}:{operation}").state()


def counted(fake: Fake, operation: str = "charge") -> int:
    health._cache.clear()
    return health.snapshot(provider=fake.code, operation=operation).samples


def test_an_answer_goes_through_and_is_counted() -> None:
    fake = Fake()

    assert call(fake) is REPORT
    assert (state(fake), counted(fake)) == ("closed", 1)


@pytest.mark.parametrize("error", [contract.Unavailable(), contract.OutcomeUnknown()])
def test_five_failures_open_the_breaker_and_then_nothing_is_sent(error: contract.ProviderError) -> None:
    fake = Fake()
    fake.answer = failing(error)

    for _ in range(5):
        with pytest.raises(type(error)):
            call(fake)
    with pytest.raises(contract.Unavailable) as caught:
        call(fake)

    assert (caught.value.code, fake.calls, state(fake)) == ("breaker_open", 5, "open")
    assert counted(fake) == 5


def test_declines_never_open_the_breaker_and_are_good_health() -> None:
    fake = Fake()
    fake.answer = failing(contract.Rejected(code="card_declined"))

    for _ in range(20):
        with pytest.raises(contract.Rejected):
            call(fake)

    assert (state(fake), fake.calls) == ("closed", 20)
    health._cache.clear()
    assert health.snapshot(provider=fake.code, operation="charge").success_rate > 0.99


def test_a_decline_between_failures_shows_that_the_provider_lives() -> None:
    fake = Fake()
    for error in [contract.Unavailable()] * 4 + [contract.Rejected()] + [contract.Unavailable()] * 4:
        fake.answer = failing(error)
        with pytest.raises(contract.ProviderError):
            call(fake)

    assert state(fake) == "closed"


def test_being_too_fast_says_nothing_about_the_provider() -> None:
    fake = Fake()
    fake.answer = failing(contract.RateLimited(retry_after_s=1))

    for _ in range(10):
        with pytest.raises(contract.RateLimited):
            call(fake)

    assert (state(fake), counted(fake)) == ("closed", 0)


def test_operations_have_breakers_of_their_own() -> None:
    fake = Fake()
    fake.answer = failing(contract.Unavailable())
    for _ in range(5):
        with pytest.raises(contract.Unavailable):
            call(fake, "charge")

    fake.answer = lambda: REPORT

    assert call(fake, "status") is REPORT


def test_a_disabled_provider_is_not_spoken_to_and_a_drained_one_finishes() -> None:
    fake = Fake()
    states.change(provider=fake.code, mode=states.Mode.DISABLED, actor="staff:1", reason="outage")
    with pytest.raises(contract.Unavailable) as caught:
        call(fake)
    states.change(provider=fake.code, mode=states.Mode.DRAINED, actor="staff:1", reason="slowly")

    assert call(fake) is REPORT
    assert (caught.value.code, fake.calls) == ("provider_disabled", 1)


def test_nothing_is_called_inside_a_transaction() -> None:
    fake = Fake()

    with transaction.atomic(), pytest.raises(durable.InsideTransaction):
        call(fake)

    assert fake.calls == 0


def test_a_defect_of_ours_is_nobodys_failure() -> None:
    fake = Fake()
    fake.answer = failing(KeyError("a defect"))

    for _ in range(6):
        with pytest.raises(KeyError):
            call(fake)

    assert (state(fake), counted(fake)) == ("closed", 0)
