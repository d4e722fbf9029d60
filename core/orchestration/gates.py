"""The gate through which every transaction passes before money is reserved, plugged in from above.

Compliance registers itself here; the engine never imports it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from core.identity.customers import CustomerView
from core.kernel.money import Money
from core.orchestration.states import State


class Verdict(StrEnum):
    """What the gate says of one transaction."""

    PASS = "pass"  # noqa: S105 - a verdict, not a password
    HOLD = "hold"
    REFUSE = "refuse"


@dataclass(frozen=True, slots=True, kw_only=True)
class Party:
    """What is known of one side of a transaction."""

    customer_id: UUID
    display_name: str
    handle: str
    country: str
    kyc_level: int
    status: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Subject:
    """One transaction as the gate sees it. ``cleared`` names the stages that a person has opened already."""

    transaction_id: UUID
    domain: str
    kind: str
    amount: Money
    customer: Party
    counterparty: Party | None
    instrument_holder: str
    cleared: frozenset[str]
    created_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """The gate's answer. ``stage`` is KYC_VERIFICATION or COMPLIANCE_CHECK; ``code`` is the rule, for staff only."""

    verdict: Verdict
    stage: State = State.COMPLIANCE_CHECK
    code: str = ""
    evidence: Mapping[str, Any] = field(default_factory=dict)


Review = Callable[[Sequence[Subject]], Mapping[UUID, Finding]]
OpenCases = Callable[[Sequence[tuple[Subject, Finding]]], None]
Door = Callable[[CustomerView, str, Money], None]

PASSED = Finding(verdict=Verdict.PASS)


@dataclass(frozen=True, slots=True, kw_only=True)
class Gate:
    """What a gate brings: the look at the door, which raises Refused for what cannot pass today (limits), and reserves
    nothing; the review (reads only), the opening of cases (in the commit that holds the transaction up),
    and the name of the SQL function that consumes limits: ``f(rows jsonb) returns table(ref uuid, verdict text)`` with
    rows of ``ref, customer, kind, asset, units``; negative units give back.
    """

    door: Door
    review: Review
    open_cases: OpenCases
    consume_sql: str


_gates: list[Gate] = []


def register(gate: Gate) -> None:
    """Put the gate in the way of every transaction."""
    _gates.append(gate)


def at_the_door(*, customer: CustomerView, kind: str, amount: Money) -> None:
    """Refuse at once what the limits would refuse later. Raises: Refused (``limit_exceeded``)."""
    for gate in _gates:
        gate.door(customer, kind, amount)


def review(subjects: Sequence[Subject]) -> dict[UUID, Finding]:
    """Return the first finding that is not a pass, for each subject."""
    found: dict[UUID, Finding] = {subject.transaction_id: PASSED for subject in subjects}
    for gate in _gates:
        for transaction_id, finding in gate.review(subjects).items():
            if found[transaction_id].verdict is Verdict.PASS:
                found[transaction_id] = finding
    return found


def open_cases(held: Sequence[tuple[Subject, Finding]]) -> None:
    """Open a case for each transaction that was held up. Needs: the open transaction that writes the hold-up."""
    for gate in _gates:
        gate.open_cases(held)


def consumer() -> str:
    """Return the name of the SQL function that consumes limits, or an empty string."""
    return next((gate.consume_sql for gate in _gates if gate.consume_sql), "")
