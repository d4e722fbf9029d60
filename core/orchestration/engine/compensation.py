"""Compensation: what had an effect is undone, last first, each undo in a commit of its own.

Some of it our books undo alone; what a provider did for a leg, such as money that lies at another address now, takes a
call. Such a call is an attempt like any other: written before it is made, asked about when nobody knows.
"""

from __future__ import annotations

from collections.abc import Sequence

from core.kernel import errors
from core.orchestration import kinds, offers
from core.orchestration.engine import attempting, claims
from core.orchestration.engine.calls import Call
from core.orchestration.judging import endings, legs
from core.orchestration.kinds import Deed, Leg
from core.orchestration.models import Attempt, AttemptState, Category, DeadLetter, DeadLetterState, Transaction
from core.orchestration.states import State
from core.orchestration.steps import changes, writing
from core.orchestration.steps.changes import Change
from core.resilience import retry

ACTOR = "system:compensation"
# In a transaction's security context: the number of the last attempt that a person has looked at.
LOOKED_AT = "undo_looked_at"
_LOOK_AGAIN_S = 5.0


def compensate(transaction: Transaction, past: Sequence[Attempt]) -> Call | None:
    """Undo the last registered effect and come again for the next; finish when there is none.

    Returns the call that is to be made now, where undoing takes one. An undo that the ledger refuses becomes a dead
    letter and the next one is tried: the others must not wait for it. One that every provider refuses becomes a dead
    letter, too, but what was registered before it waits: the money that it would free is not there.
    """
    if not transaction.undo:
        _finish(transaction)
        return None
    done = legs.to_undo(transaction)
    back = kinds.of(transaction).undo_leg(transaction=transaction, leg=done) if done is not None else None
    if done is not None and back is not None:
        return _by_call(transaction, done, back, past)
    _by_books(transaction, done)
    return None


def _by_books(transaction: Transaction, done: Leg | None) -> None:
    code = transaction.undo[-1]
    change = changes.begin(transaction)
    if done is not None:
        change.post(kinds.of(transaction).undone(transaction=transaction, leg=done, report=None))
    elif code == endings.LIMITS:
        change.consumes = endings.give_back(transaction)
    else:
        change.post(_deed(transaction, code))
    transaction.undo = transaction.undo[:-1]
    change.log("transaction.undone", actor=ACTOR, data={"what": code})
    change.due_in = 0
    verdict = writing.write([change]).get(transaction.id)
    if verdict is not None and verdict != "stale":
        _skip(transaction, code, verdict)


def _by_call(transaction: Transaction, done: Leg, back: Leg, past: Sequence[Attempt]) -> Call | None:
    name = f"{legs.UNDO}{done.name}"
    before = legs.attempts_of(past, name)
    last = before[-1] if before else None
    if last is not None and not legs.is_given_up(last):
        verb = "submit" if last.state == AttemptState.PREPARED else "status"
        return Call(verb=verb, transaction=transaction, attempt=last)
    looked_at = transaction.security.get(LOOKED_AT, 0)
    refused = [one for one in before if one.state == AttemptState.REJECTED and one.number > looked_at]
    if len(refused) >= retry.MAX_TRIES:
        _hand_over(transaction, done, refused[-1].error or "refused")
        return None
    return _call(transaction, back, name, past)


def _call(transaction: Transaction, back: Leg, name: str, past: Sequence[Attempt]) -> Call | None:
    """Write the attempt that takes a leg back; wait while nobody is ready, for as long as it takes."""
    change = changes.begin(transaction)
    amount = kinds.of(transaction).to_move(transaction=transaction, leg=back)
    method = back.method or transaction.method
    provider = offers.first_ready(operation=back.operation, method=method, amount=amount, without=frozenset())
    if not provider:
        change.due_in = _LOOK_AGAIN_S
        writing.write([change])
        return None
    attempt = attempting.prepare(transaction=transaction, leg=back, name=name, provider=provider, past=past)
    change.attempts[attempt.id] = attempt
    transaction.leg, transaction.provider = name, provider
    change.log("transaction.undoing", actor=ACTOR, data={"leg": name, "provider": provider})
    change.due_in = 0
    change.keep_lease = True
    if transaction.id in writing.write([change]):
        return None
    transaction.version += 1
    return Call(verb="submit", transaction=transaction, attempt=attempt)


def _deed(transaction: Transaction, code: str) -> Deed:
    kind = kinds.of(transaction)
    if code == endings.ACCEPTED:
        return kind.undo_accepted(transaction=transaction)
    if code == endings.RESERVED:
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


def _hand_over(transaction: Transaction, done: Leg, error: str) -> None:
    """Leave a leg that nobody takes back to a person, unless one has it already: what he replays is tried anew."""
    change = changes.begin(transaction)
    if not _is_with_a_person(transaction):
        detail = f"Nobody takes {done.name!r} back. What it moved is where it moved it, and stays held."
        change.park(source="undo", category=Category.RECOVERABLE, error=error, detail=detail, actor=ACTOR)
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
