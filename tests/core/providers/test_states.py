"""Switching providers on and off."""

import pytest

from core.audit.models import AuditRecord
from core.providers import registry, states
from core.providers.contract import Operation
from tests.core.providers.fakes import Fake

pytestmark = pytest.mark.django_db


def codes() -> list[str]:
    found = registry.candidates(operation=Operation.CHARGE, method="card", asset="USD")
    return [candidate.adapter.code for candidate in found]


def test_a_provider_that_was_never_switched_is_enabled() -> None:
    fake = Fake()
    with registry.replaced(fake):
        assert codes() == [fake.code]
    assert fake.code not in states.current()


@pytest.mark.parametrize("mode", [states.Mode.DRAINED, states.Mode.DISABLED])
def test_a_switched_off_provider_is_no_candidate_until_it_is_back(mode: states.Mode) -> None:
    fake, other = Fake(), Fake()
    with registry.replaced(fake, other):
        states.change(provider=fake.code, mode=mode, actor="staff:7", reason="their outage")
        while_off = codes()
        states.change(provider=fake.code, mode=states.Mode.ENABLED, actor="staff:7", reason="over")

        assert while_off == [other.code]
        assert codes() == sorted([fake.code, other.code])


def test_who_and_why_are_on_record() -> None:
    fake = Fake()

    states.change(provider=fake.code, mode=states.Mode.DRAINED, actor="staff:7", reason="slow", request_id="req_1")

    record = AuditRecord.objects.get(target=f"provider:{fake.code}")
    assert (record.actor, record.action, record.reason, record.request_id) == (
        ("staff:7", "provider.mode_changed", "slow", "req_1")
    )
    assert record.before == {"mode": "enabled", "reason": ""}
    assert record.after == {"mode": "drained", "reason": "slow"}


def test_a_provider_that_answers_about_other_money_is_drained() -> None:
    fake = Fake()

    states.trip(provider=fake.code, reason="amount_mismatch")

    assert states.current()[fake.code] is states.Mode.DRAINED
    assert AuditRecord.objects.get(target=f"provider:{fake.code}").actor == "system:integrity"
