"""Finding providers by what they can do."""

import dataclasses

import pytest

from core.kernel import errors
from core.providers import registry
from core.providers.contract import Operation
from tests.core.providers.fakes import CAPABILITY, Fake

pytestmark = pytest.mark.django_db


def test_an_adapter_is_built_once_at_first_use() -> None:
    made: list[Fake] = []

    def build() -> Fake:
        made.append(Fake())
        return made[-1]

    with registry.replaced():
        registry.register(build, code="lazy")
        assert made == []

        assert registry.get("lazy") is registry.get("lazy")
        assert len(made) == 1


def test_an_unknown_provider_is_not_found() -> None:
    with registry.replaced(), pytest.raises(errors.NotFound) as caught:
        registry.get("nobody")

    assert caught.value.code == "unknown_provider"


@pytest.mark.parametrize(
    ("operation", "method", "asset", "found"),
    [
        (Operation.CHARGE, "card", "USD", 1),
        (Operation.CHARGE, "card", "EUR", 1),
        (Operation.CHARGE, "card", "GBP", 0),
        (Operation.CHARGE, "ach", "USD", 0),
        (Operation.PAYOUT, "card", "USD", 0),
    ],
)
def test_a_candidate_does_exactly_what_is_asked(operation: Operation, method: str, asset: str, found: int) -> None:
    with registry.replaced(Fake()):
        candidates = registry.candidates(operation=operation, method=method, asset=asset)

    assert [capability for _, capability in candidates] == [CAPABILITY] * found


def test_the_capability_of_one_provider_is_found_by_operation_and_method() -> None:
    other = dataclasses.replace(CAPABILITY, method="ach")
    fake = Fake(capabilities=[CAPABILITY, other])
    with registry.replaced(fake):
        assert registry.capability(code=fake.code, operation=Operation.CHARGE, method="ach") is other
        with pytest.raises(errors.NotFound):
            registry.capability(code=fake.code, operation=Operation.PAYOUT, method="ach")


def test_a_replacement_ends_with_its_block() -> None:
    before = registry.codes()

    with registry.replaced(Fake()), pytest.raises(ZeroDivisionError):
        raise ZeroDivisionError

    assert registry.codes() == before
