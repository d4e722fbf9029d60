"""Fixtures for the engine: scripted providers, and the books proven after every test."""

from __future__ import annotations

from collections.abc import Generator
from uuid import uuid4

import pytest
from pytest_django import Settings

from core.audit import books
from core.kernel import held
from core.providers import registry, states
from core.providers.contract import Operation
from tests.core.orchestration import fakes


@pytest.fixture(autouse=True)
def nothing_outlives_a_test(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    """Give each test Redis keys and in-process copies of its own: both outlive a rolled-back database."""
    settings.INSTANCE = uuid4().hex[:8]
    monkeypatch.setattr(states, "_cached", (-states.CACHE_S, {}))
    held.forget_all()


@pytest.fixture
def bank() -> Generator[fakes.FakeProvider]:
    """Let one scripted provider do payouts and card charges, in Increase's and Stripe's names' place."""
    provider = fakes.FakeProvider(
        capabilities=(fakes.capability(Operation.PAYOUT, "ach"), fakes.capability(Operation.CHARGE, "card"))
    )
    with registry.replaced(provider):
        yield provider


@pytest.fixture(autouse=True)
def books_agree(db: None) -> Generator[None]:
    """Prove every registered promise on what the test left behind."""
    yield
    assert [str(one) for one in books.run()] == []
