"""Every test starts without remembered results."""

from collections.abc import Iterator

import pytest

from core.health import runner
from core.resilience import checks


@pytest.fixture(autouse=True)
def forgetful() -> Iterator[None]:
    runner.forget()
    yield
    runner.forget()


@pytest.fixture
def only(monkeypatch: pytest.MonkeyPatch) -> dict[str, object]:
    """Empty the registry of checks for one test."""
    empty: dict[str, object] = {}
    monkeypatch.setattr(checks, "_checks", empty)
    return empty
