"""What the tests of the inbox share: a provider, and an outcome door that keeps what comes through it."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

import pytest

from core.orchestration import outcomes
from core.providers import registry
from core.webhooks import drain
from tests.core.webhooks.acme import Acme


@dataclass
class Door:
    """Stands where ``outcomes.apply`` stands. ``answers`` by provider ref; an exception there is raised."""

    calls: list[list[outcomes.Reported]] = field(default_factory=list)
    answers: dict[str, outcomes.Result | Exception] = field(default_factory=dict)

    def apply(self, reports: Sequence[outcomes.Reported]) -> list[outcomes.Result]:
        self.calls.append(list(reports))
        return [self._answer(item.report.provider_ref) for item in reports]

    def _answer(self, ref: str) -> outcomes.Result:
        answer = self.answers.get(ref, outcomes.Result.APPLIED)
        if isinstance(answer, Exception):
            raise answer
        return answer


@pytest.fixture
def acme() -> Iterator[Acme]:
    adapter = Acme()
    with registry.replaced(adapter):
        yield adapter


@pytest.fixture
def door(monkeypatch: pytest.MonkeyPatch) -> Door:
    found = Door()
    monkeypatch.setattr(drain.outcomes, "apply", found.apply)
    return found
