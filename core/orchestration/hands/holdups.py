"""What a person decides about a transaction that a gate holds up."""

from __future__ import annotations

from uuid import UUID

from django.db import transaction

from core.audit import audit
from core.kernel import errors
from core.orchestration import kinds, outcomes
from core.orchestration.engine import claims
from core.orchestration.engine.admission import NOT_PERMITTED
from core.orchestration.judging import endings
from core.orchestration.models import Transaction
from core.orchestration.states import State
from core.orchestration.steps import changes, writing

_AT_A_GATE = frozenset({State.KYC_VERIFICATION, State.COMPLIANCE_CHECK})


def release(*, transaction_id: UUID, stage: State, actor: str, reason: str) -> None:
    """Let a held-up transaction go on past ``stage``; every other gate still looks at it.

    Raises: NotFound; Conflict (``not_held_up``) when it waits at no gate, (``state_changed``) when it was just moved.
    """
    txn = _held(transaction_id)
    change = changes.begin(txn)
    txn.cleared = sorted({*txn.cleared, str(stage)})
    change.log("transaction.released", actor=actor, reason="released_by_review", data={})
    change.set_deadline(kinds.of(txn).rules.window)
    change.due_in = 0
    _write(change, actor=actor, action="transaction.released", reason=reason)


def refuse(*, transaction_id: UUID, actor: str, reason: str) -> None:
    """End a held-up transaction; blocked money is free again. The customer reads no more than that it may not be.

    Raises: as ``release``.
    """
    change = changes.begin(_held(transaction_id))
    endings.end(change=change, reason=NOT_PERMITTED, actor=actor)
    _write(change, actor=actor, action="transaction.refused", reason=reason)


def _held(transaction_id: UUID) -> Transaction:
    txn = claims.get(transaction_id)
    if txn.state not in _AT_A_GATE:
        raise errors.Conflict(code="not_held_up", detail=f"{txn.public_id} waits at no gate.")
    return txn


def _write(change: changes.Change, *, actor: str, action: str, reason: str) -> None:
    with transaction.atomic():
        verdict = writing.write([change]).get(change.transaction.id)
        if verdict is not None:
            raise errors.Conflict(code="state_changed", detail=f"Somebody else moved it ({verdict}): look again.")
        audit.record(
            actor=actor,
            action=action,
            target=change.transaction.public_id,
            reason=reason,
            before={"state": change.was.value},
            after={"state": str(change.transaction.state)},
        )
    outcomes.wake([change.transaction.domain])
