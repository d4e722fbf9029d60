"""One statement asks everything that the relay wants to know."""

import pytest

from core.outbox import due, relay


@pytest.fixture(autouse=True)
def registry(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(due, "_probes", {})


def register(name: str, condition: str, **more: object) -> None:
    due.register(name, condition, task=f"{name}.task", queue="q", key=name, **more)  # type: ignore[arg-type]


@pytest.mark.django_db
def test_each_probe_gets_its_own_answer_in_order() -> None:
    register("b", "EXISTS (SELECT FROM outbox_effect)")
    register("a", "1 = ANY(%s)", params=lambda: [[1, 2]])
    register("c", "'100%' LIKE '%' || '%'")

    assert [probe.name for probe in due.probes()] == ["a", "b", "c"]
    assert relay.ask(due.probes()) == [True, False, True]


def test_without_probes_nothing_is_asked() -> None:
    assert relay.ask([]) == []
