"""Fixtures for investing: a scripted exchange with prices and cover, and the books proven after every test."""

from collections.abc import Generator
from uuid import uuid4

import pytest
from pytest_django import Settings

from core.audit import books
from core.kernel import held
from core.market import book
from core.providers import registry, states
from tests.core.orchestration.fakes import FakeProvider
from tests.investing import world


@pytest.fixture
def own_memory(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> Generator[None]:
    """Give a test Redis keys and in-process copies of its own: both outlive a rolled-back database."""
    settings.INSTANCE = uuid4().hex[:8]
    monkeypatch.setattr(states, "_cached", (-states.CACHE_S, {}))
    held.forget_all()
    yield
    book.forget()


@pytest.fixture
def exchange(own_memory: None, db: None) -> Generator[FakeProvider]:
    """Let a scripted exchange take orders; what it leaves in the books is proven at the end."""
    provider = world.exchange()
    world.prices()
    world.cover()
    with registry.replaced(provider):
        yield provider
    assert [str(one) for one in books.run()] == []
