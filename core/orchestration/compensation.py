"""Compensation: what had an effect is undone, last first, each undo in a commit of its own."""

from __future__ import annotations

from core.kernel import errors
from core.orchestration import kinds
from core.orchestration.engine import claims
from core.orchestration.judging import news
from core.orchestration.kinds import Deed
from core.orchestration.models import Category, DeadLetter, DeadLetterState, Transaction
from core.orchestration.states import State
from core.orchestration.steps import changes, writing
from core.orchestration.steps.changes import Change

ACTOR = "system:compensation"


def compensate(transaction: Transaction) -> None:
    """Undo the last registered effect and come again for the next; finish when there is none.

    An undo that the ledger refuses becomes a dead letter and the next one is tried: the others must not wait for it.
    """
    if not transaction.undo:
        _finish(transaction)
        return
    code = transaction.undo[-1]
    change = changes.begin(transaction)
    if code == news.LIMITS:
        change.consumes = news.give_back(transaction)
    else:
        change.deed = _deed(transaction, code)
    transaction.undo = transaction.undo[:-1]
    change.log("transaction.undone", actor=ACTOR, data={"what": code})
    change.due_in = 0
    verdict = writing.write([change]).get(transaction.id)
    if verdict is not None and verdict != "stale":
        _skip(transaction, code, verdict)


def _deed(transaction: Transaction, code: str) -> Deed:
    kind = kinds.of(transaction)
    if code == news.ACCEPTED:
        return kind.undo_accepted(transaction=transaction)
    if code == news.RESERVED:
        return kind.release(transaction=transaction, expired=False)
    raise errors.SystemFault(code="unknown_undo", detail=f"{transaction.public_id} has registered {code!r}.")


def _skip(transaction: Transaction, code: str, verdict: str) -> None:
    fresh = claims.get(transaction.id)
    change: Change = changes.begin(fresh)
    fresh.undo = fresh.undo[:-1]
    fresh.security = {**fresh.security, "undo_failed": [*fresh.security.get("undo_failed", []), code]}
    change.park(
        source="undo", category=Category.PERMANENT, error=verdict, detail=f"Could not undo {code!r}.", actor=ACTOR
    )
    change.due_in = 0
    writing.write([change])


def _finish(transaction: Transaction) -> None:
    """Say COMPENSATED only if everything was undone; else it waits for a person, who has a dead letter of it."""
    change = changes.begin(transaction)
    failed = transaction.security.get("undo_failed")
    if not failed:
        change.walk(State.COMPENSATED, actor=ACTOR, reason=transaction.reason)
    elif not _is_with_a_person(transaction):
        detail = f"Still not undone: {', '.join(failed)}."
        change.park(source="undo", category=Category.PERMANENT, error="undo_failed", detail=detail, actor=ACTOR)
    writing.write([change])


def _is_with_a_person(transaction: Transaction) -> bool:
    return DeadLetter.objects.filter(transaction_id=transaction.id, state=DeadLetterState.OPEN).exists()
