"""Fixtures for investing: a scripted exchange with prices and cover, and the books proven after every test."""

from collections.abc import Generator

import pytest

from core.audit import books
from core.providers import registry
from tests.core.orchestration.fakes import FakeProvider
from tests.investing import world


@pytest.fixture
def exchange(own_memory: None, db: None) -> Generator[FakeProvider]:
    """Let a scripted exchange take orders; what it leaves in the books is proven at the end."""
    provider = world.exchange()
    world.prices()
    world.cover()
    with registry.replaced(provider):
        yield provider
    assert [str(one) for one in books.run()] == []
