"""A provider that does as it is told, at the one seam where a fake may stand."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import timedelta

from core.providers.contract import (
    Capability,
    Delivery,
    News,
    Operation,
    Order,
    Proof,
    ProviderQuote,
    ProviderType,
    Query,
    Report,
    Stage,
)

Step = Report | None | Exception | Callable[[Order | Query], Report | None]


def capability(operation: Operation, method: str, *, proof_after_s: float = 0.0) -> Capability:
    """Return what the fake can do; look-ups that find nothing prove it at once."""
    charge = operation is Operation.CHARGE
    return Capability(
        type=ProviderType.ON_RAMP if charge else ProviderType.OFF_RAMP,
        operation=operation,
        method=method,
        assets=("USD",),
        minimum_units=100,
        maximum_units=100_000_000,
        eta_seconds=4,
        fee_code="stripe_card" if charge else "increase_ach",
        firm_quote=True,
        server_initiated=True,
        proof=Proof.LOOKUP_BY_KEY,
        key_lifetime=timedelta(hours=24),
        needs_cover=not charge,
        poll_after_s=60.0,
        reversible_for=timedelta(days=2),
        proof_after_s=proof_after_s,
    )


@dataclass
class FakeProvider:
    """Answers ``submit``, ``status`` and ``cancel`` from a script, one answer per call; keeps what it was asked."""

    code: str = "increase"
    name: str = "Fake"
    capabilities: tuple[Capability, ...] = ()
    submits: list[Step] = field(default_factory=list)
    statuses: list[Step] = field(default_factory=list)
    cancels: list[Step] = field(default_factory=list)
    orders: list[Order] = field(default_factory=list)
    queries: list[Query] = field(default_factory=list)

    def quote(self, order: Order) -> ProviderQuote:
        raise AssertionError("the engine prices from the schedule")

    def submit(self, order: Order) -> Report:
        self.orders.append(order)
        report = _answer(self.submits, order)
        assert report is not None
        return report

    def status(self, query: Query) -> Report | None:
        self.queries.append(query)
        return _answer(self.statuses, query)

    def cancel(self, query: Query) -> Report:
        self.queries.append(query)
        report = _answer(self.cancels, query)
        assert report is not None
        return report

    def parse_webhook(self, delivery: Delivery) -> Sequence[News]:
        raise AssertionError("webhooks are tested with their own package")

    def probe(self) -> None:
        return None


def said(stage: Stage, *, ref: str = "ref_1", **facts: object) -> Callable[[Order | Query], Report]:
    """Return a step that reports ``stage`` of whatever it is asked, repeating our key, reference and amount."""

    def answer(asked: Order | Query) -> Report:
        given = {"key": asked.key, "reference": asked.reference, "amount": asked.amount, **facts}
        return Report(operation=asked.operation, stage=stage, provider_ref=ref, **given)  # type: ignore[arg-type]  # facts are a test's own

    return answer


def _answer(script: list[Step], asked: Order | Query) -> Report | None:
    step = script.pop(0)
    if isinstance(step, Exception):
        raise step
    return step(asked) if callable(step) else step
