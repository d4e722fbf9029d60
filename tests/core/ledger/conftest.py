"""Every ledger test ends by proving the books."""

from __future__ import annotations

from collections.abc import Generator

import pytest

from core.ledger import books


@pytest.fixture(autouse=True)
def books_agree(request: pytest.FixtureRequest) -> Generator[None]:
    """Prove every promise of the ledger on what the test left behind."""
    if request.node.get_closest_marker("django_db"):
        request.getfixturevalue("db")
    elif "committed_db" in request.fixturenames:
        request.getfixturevalue("committed_db")
    else:
        yield
        return
    yield
    assert list(books.breaks()) == []
