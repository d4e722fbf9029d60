"""Having the engine look at a transaction now: what is at a provider is asked about, what waits is tried."""

from __future__ import annotations

from uuid import UUID

from django.db import transaction

from core.audit import audit
from core.kernel import errors
from core.orchestration import outcomes
from core.orchestration.engine import claims
from core.orchestration.states import SETTLED, State
from core.orchestration.steps import changes, writing

_IN_A_PERSONS_HANDS = frozenset({State.KYC_VERIFICATION, State.COMPLIANCE_CHECK})


def now(*, transaction_id: UUID, actor: str, reason: str) -> None:
    """Make a transaction due; ``reason`` is for the audit.

    Raises: NotFound; Conflict (``settled``) when it has ended, (``held_up``) when it waits at a gate: decide the case,
        (``state_changed``) when a worker has it just now.
    """
    txn = claims.get(transaction_id)
    if txn.state in SETTLED:
        raise errors.Conflict(code="settled", detail=f"{txn.public_id} has ended.")
    if txn.state in _IN_A_PERSONS_HANDS:
        raise errors.Conflict(code="held_up", detail="It waits for a decision on its case.")
    with transaction.atomic():
        change = changes.begin(txn)
        change.log("transaction.recheck_requested", actor=actor)
        change.due_in = 0
        change.keep_lease = True
        if writing.write([change]):
            raise errors.Conflict(code="state_changed", detail="A worker has it just now.")
        audit.record(
            actor=actor,
            action="transaction.recheck",
            target=txn.public_id,
            reason=reason,
            before={"state": str(txn.state)},
            after={"state": str(txn.state)},
        )
    outcomes.wake([txn.domain])
