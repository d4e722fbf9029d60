"""Every check is asked, and one that fails harms no other."""

import pytest

from core.resilience import checks


@pytest.fixture(autouse=True)
def registry(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(checks, "_checks", {})


def test_each_component_tells_how_it_is() -> None:
    def ill() -> str:
        raise ConnectionRefusedError("nobody there")

    checks.register("redis", ill)
    checks.register("database", lambda: "18.6", critical=True)

    found = checks.run_all()
    assert checks.names() == ["database", "redis"]
    assert [checks.is_critical(name) for name in checks.names()] == [True, False]

    assert [(one.name, one.ok, one.critical, one.detail) for one in found] == [
        ("database", True, True, "18.6"),
        ("redis", False, False, "ConnectionRefusedError: nobody there"),
    ]
    assert all(one.took_ms >= 0 for one in found)
