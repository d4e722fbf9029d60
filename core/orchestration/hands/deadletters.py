"""What a person does with parked work: replay it, or discard it with a reason."""

from __future__ import annotations

from uuid import UUID

from django.db import transaction
from django.db.models.functions import Now

from core.audit import audit
from core.kernel import errors
from core.orchestration import outcomes
from core.orchestration.engine import claims, compensation
from core.orchestration.models import DeadLetter, DeadLetterState
from core.orchestration.states import SETTLED, State
from core.orchestration.steps import changes, writing

BULK_AT_MOST = 50


def replay(*, letter_id: UUID, actor: str, reason: str) -> None:
    """Let the engine try again; it looks at the state as it is now and asks the provider before anything else.

    Raises: NotFound; Conflict (``not_open``) when somebody was faster, (``nothing_to_replay``) when the transaction
        has ended: then discard it.
    """
    with transaction.atomic():
        letter = _take(letter_id)
        if letter.transaction_id is None:
            raise errors.Conflict(code="nothing_to_replay", detail="No transaction belongs to it: discard it.")
        txn = claims.get(letter.transaction_id)
        if txn.state in SETTLED:
            raise errors.Conflict(code="nothing_to_replay", detail=f"{txn.public_id} has ended: discard it.")
        change = changes.begin(txn)
        txn.tries = 0
        for attempt in claims.attempts_of([txn])[txn.id]:
            attempt.asks = 0
            change.attempts[attempt.id] = attempt
            txn.security = {**txn.security, compensation.LOOKED_AT: attempt.number}
        failed = txn.security.get("undo_failed", [])
        if txn.state == State.COMPENSATING and failed:
            txn.undo = [*txn.undo, *reversed(failed)]
            txn.security = {key: value for key, value in txn.security.items() if key != "undo_failed"}
        change.log("transaction.replayed", actor=actor, reason=letter.error)
        change.due_in = 0
        change.keep_lease = True
        if writing.write([change]):
            raise errors.Conflict(code="state_changed", detail="It was moved by somebody else: look again.")
        _resolve(letter, DeadLetterState.REPLAYED, actor, reason)
    outcomes.wake([txn.domain])


def discard(*, letter_id: UUID, actor: str, reason: str) -> None:
    """Say that nothing more is to be done. Raises: NotFound; Conflict (``not_open``)."""
    with transaction.atomic():
        _resolve(_take(letter_id), DeadLetterState.DISCARDED, actor, reason)


def _take(letter_id: UUID) -> DeadLetter:
    letter = DeadLetter.objects.select_for_update().filter(id=letter_id).first()
    if letter is None:
        raise errors.NotFound(detail="There is no such dead letter.")
    if letter.state != DeadLetterState.OPEN:
        raise errors.Conflict(code="not_open", detail=f"It was {letter.state.lower()} already.")
    return letter


def _resolve(letter: DeadLetter, state: DeadLetterState, actor: str, reason: str) -> None:
    DeadLetter.objects.filter(id=letter.id).update(
        state=state,
        replays=letter.replays + (state is DeadLetterState.REPLAYED),
        resolved_at=Now(),
        resolved_by=actor,
        resolution=reason[:200],
    )
    audit.record(
        actor=actor,
        action=f"deadletter.{state.value.lower()}",
        target=letter.public_id,
        reason=reason,
        before={"state": letter.state},
        after={"state": state.value},
    )
