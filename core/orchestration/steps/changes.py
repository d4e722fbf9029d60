"""What one step wants to change about one transaction, gathered in memory and written by ``writing.write``."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

from core.kernel import ids
from core.kernel.money import Money
from core.orchestration import kinds
from core.orchestration.kinds import NOTHING, Deed
from core.orchestration.models import Attempt, Category, Transaction
from core.orchestration.states import SETTLED, State, Status


@dataclass(frozen=True, slots=True, kw_only=True)
class Logged:
    """One event to be written, numbered within its transaction."""

    id: UUID
    seq: int
    type: str
    from_state: str
    to_state: str
    actor: str
    reason: str
    data: Mapping[str, Any]


@dataclass(slots=True, kw_only=True)
class Change:
    """The pending write of one transaction.

    The instance is moved by its own transition methods and keeps what the database still has in ``version``, ``fence``
    and ``was``. ``due_in`` and ``deadline_in`` are seconds on the database's clock; None means not due.
    """

    transaction: Transaction
    was: State
    status_was: Status
    due_in: float | None = None
    keep_lease: bool = False
    deadline_in: float | None = None
    deadline_keep: bool = True
    deed: Deed = NOTHING
    consumes: Money | None = None
    events: list[Logged] = field(default_factory=list)
    trail: list[str] = field(default_factory=list)
    attempts: dict[UUID, Attempt] = field(default_factory=dict)
    decision: Mapping[str, Any] | None = None
    dead: list[dict[str, Any]] = field(default_factory=list)
    children: list[dict[str, Any]] = field(default_factory=list)

    def walk(self, target: State, *, actor: str, reason: str = "", data: Mapping[str, Any] | None = None) -> None:
        """Go to ``target`` through every stop of the kind's path between here and there.

        Endings and compensation are one step. Needs: a transaction loaded through its domain's model.
        Raises: ProcessingFault if the domain declares no such step.
        """
        for stop in self._stops(target):
            self._step(
                stop, actor=actor, reason=reason if stop == target else "", data=data if stop == target else None
            )

    def log(self, type_: str, *, actor: str, reason: str = "", data: Mapping[str, Any] | None = None) -> None:
        """Add an event that changes no state."""
        self._add(type_, from_state="", to_state="", actor=actor, reason=reason, data=data)

    def park(self, *, source: str, category: Category, error: str, detail: str, actor: str) -> None:
        """Hand this transaction to a person: a dead letter, and no more schedule."""
        self.dead.append(
            {
                "id": ids.uuid7(),
                "source": source,
                "category": category.value,
                "error": error,
                "detail": detail[:2000],
                "payload": {},
            }
        )
        self.log("transaction.parked", actor=actor, reason=error)
        self.due_in = None
        self.keep_lease = False

    def post(self, deed: Deed) -> None:
        """Add what is to happen in the ledger, and note on the transaction what it means for it."""
        self.deed += deed
        txn = self.transaction
        if deed.results:
            txn.results = {**txn.results, **deed.results}
            txn.receive_units = Decimal(txn.results["received"]) if "received" in deed.results else txn.receive_units
        if deed.reservation_id is not None:
            txn.reservation_id = deed.reservation_id
        if deed.fees is not None:
            txn.fees = deed.fees.to_json()

    def set_deadline(self, after: timedelta | None) -> None:
        """Move the transaction's deadline, or take it away."""
        self.deadline_keep = False
        self.deadline_in = None if after is None else after.total_seconds()

    @property
    def is_settled(self) -> bool:
        return self.transaction.state in SETTLED

    def _stops(self, target: State) -> list[State]:
        path = kinds.of(self.transaction).rules.path
        current = State(self.transaction.state)
        if target not in path or current not in path:
            return [target]
        return list(path[path.index(current) + 1 : path.index(target) + 1])

    def _step(self, target: State, *, actor: str, reason: str, data: Mapping[str, Any] | None) -> None:
        source = str(self.transaction.state)
        name = kinds.mover(domain=self.transaction.domain, source=source, target=target)
        getattr(self.transaction, name)()
        self.transaction.reason = reason
        if not self.trail:
            self.trail.append(source)
        self.trail.append(str(target))
        self._add(
            "transaction.state_changed", from_state=source, to_state=str(target), actor=actor, reason=reason, data=data
        )

    def _add(
        self, type_: str, *, from_state: str, to_state: str, actor: str, reason: str, data: Mapping[str, Any] | None
    ) -> None:
        self.transaction.seq += 1
        self.events.append(
            Logged(
                id=ids.uuid7(),
                seq=self.transaction.seq,
                type=type_,
                from_state=from_state,
                to_state=to_state,
                actor=actor,
                reason=reason,
                data=data or {},
            )
        )


def begin(transaction: Transaction) -> Change:
    """Start to change a transaction that was just loaded. Its schedule must be set again by whoever changes it."""
    return Change(transaction=transaction, was=State(transaction.state), status_was=transaction.status)
