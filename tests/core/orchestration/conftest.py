"""Fixtures for the engine: scripted providers, and the books proven after every test."""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import replace

import pytest

from core.audit import books
from core.compliance.models import LevelLimit
from core.providers import registry
from core.providers.contract import Operation
from core.resilience import breaker
from tests.core.orchestration import fakes, journeys


@pytest.fixture(autouse=True)
def nothing_outlives_a_test(own_memory: None) -> None:
    """Let every test here begin with a memory of its own."""


@pytest.fixture
def bank() -> Generator[fakes.FakeProvider]:
    """Let one scripted provider do payouts and card charges, in Increase's and Stripe's names' place."""
    provider = fakes.FakeProvider(
        capabilities=(fakes.capability(Operation.PAYOUT, "ach"), fakes.capability(Operation.CHARGE, "card"))
    )
    with registry.replaced(provider):
        yield provider


@pytest.fixture
def treasury() -> fakes.FakeProvider:
    able = (
        replace(fakes.capability(Operation.CUSTODY_OUT, "ethereum"), needs_cover=False, poll_after_s=1.0),
        replace(fakes.capability(Operation.CUSTODY_IN, "ethereum"), needs_cover=False, poll_after_s=1.0),
    )
    return fakes.FakeProvider(code="treasury", capabilities=able)


@pytest.fixture
def pool() -> fakes.FakeProvider:
    able = replace(fakes.capability(Operation.SUPPLY, "ach"), needs_cover=False, fee_code="increase_ach")
    return fakes.FakeProvider(code="increase", capabilities=(able,))


@pytest.fixture
def journey(db: None, treasury: fakes.FakeProvider, pool: fakes.FakeProvider) -> Generator[None]:
    """Let banking have the kind of three legs, and a treasury and a pool carry them out."""
    numbers = {"single_units": 10**6, "daily_units": 10**6, "monthly_units": 10**6}
    LevelLimit.objects.create(level=3, kind="journey", asset="USD", **numbers)
    with journeys.registered(), registry.replaced(treasury, pool):
        for name in ("treasury:custody_out", "treasury:custody_in", "treasury:status", "increase:supply"):
            breaker.Breaker(name).force_closed(actor="test", reason="test")
        yield


@pytest.fixture(autouse=True)
def books_agree(db: None) -> Generator[None]:
    """Prove every registered promise on what the test left behind."""
    yield
    assert [str(one) for one in books.run()] == []
