"""How a transaction goes on after a leg, and how it ends: well, without effect, or undone. Pure but for the change."""

from __future__ import annotations

from core.kernel.money import Money
from core.orchestration import kinds
from core.orchestration.judging import legs, stages
from core.orchestration.kinds import Leg
from core.orchestration.models import Attempt, AttemptState, Category, Transaction
from core.orchestration.states import State
from core.orchestration.steps.changes import Change
from core.providers.contract import Report, Stage

ACCEPTED = "accepted"
RESERVED = "reserved"
LIMITS = "limits"
DEADLINE_PASSED = "deadline_passed"
INSIST_AFTER_S = 60.0


def decline(*, change: Change, attempt: Attempt, reason: str, actor: str, stage: Stage = Stage.DECLINED) -> None:
    """The provider will not do it: end without effect, or undo what had one."""
    attempt.state = AttemptState.REJECTED
    attempt.error = reason[:60]
    attempt.stage = (
        attempt.stage if attempt.stage and stages.RANK[Stage(attempt.stage)] >= stages.RANK[stage] else str(stage)
    )
    change.attempts[attempt.id] = attempt
    if legs.is_undo(attempt):
        # The compensation looks at it and decides whether to try again.
        change.log("attempt.rejected", actor=actor, reason=reason[:60])
        change.due_in = 0
        return
    if legs.named(change.transaction, attempt.leg).must_succeed:
        insist(change, attempt, reason, actor)
        return
    end(change=change, reason=reason, actor=actor)


def insist(change: Change, attempt: Attempt, reason: str, actor: str) -> None:
    """There is no way back from here, or this is the way back: tell a person once, and go on trying."""
    known = change.transaction.security.get("insisted", ())
    if attempt.leg not in known:
        change.transaction.security = {**change.transaction.security, "insisted": [*known, attempt.leg]}
        change.park(
            source="leg",
            category=Category.RECOVERABLE,
            error=reason[:60],
            detail=f"{attempt.provider} does not carry out {attempt.leg!r} ({attempt.key}); it is tried again.",
            actor=actor,
        )
    change.due_in = INSIST_AFTER_S


def end(*, change: Change, reason: str, actor: str, expired: bool = False) -> None:
    """End a transaction that will not succeed: FAILED or EXPIRED, or COMPENSATING if something has to be undone."""
    txn = change.transaction
    kind = kinds.of(txn)
    txn.next_action = None
    if ACCEPTED in txn.undo or any(code.startswith(legs.DONE) for code in txn.undo):
        change.walk(State.COMPENSATING, actor=actor, reason=reason)
        change.due_in = 0
        return
    if RESERVED in txn.undo:
        change.post(kind.release(transaction=txn, expired=expired))
    if LIMITS in txn.undo:
        change.consumes = give_back(txn)
    txn.undo = []
    change.walk(State.EXPIRED if expired else State.FAILED, actor=actor, reason=reason)
    change.due_in = None


def give_back(txn: Transaction) -> Money | None:
    """Return what the limits get back: what the reservation took, negated."""
    return None if txn.debit is None else -txn.debit


def complete(*, change: Change, report: Report | None, actor: str) -> None:
    """Post the books and end well."""
    txn = change.transaction
    kind = kinds.of(txn)
    change.post(kind.complete(transaction=txn, report=report))
    txn.undo = []
    txn.next_action = None
    txn.eta = None
    change.walk(kind.rules.path[-1], actor=actor, reason=str(txn.results.get("reason", "")))
    change.due_in = None


def settle(change: Change, attempt: Attempt, report: Report, actor: str) -> None:
    """It is done for good: on to the next leg, or to the end."""
    attempt.state = AttemptState.SUCCEEDED
    if legs.is_undo(attempt):
        _undone(change, report, actor)
        return
    txn = change.transaction
    accept(change)
    change.post(kinds.of(txn).progressed(transaction=txn, report=report))
    leg = legs.named(txn, attempt.leg)
    waypoint = leg.waypoints.get(Stage.SETTLED)
    if waypoint is not None and legs.lies_ahead(txn, waypoint):
        change.walk(waypoint, actor=actor, data={"provider_ref": report.provider_ref})
    following = legs.after(txn, leg)
    if following is None:
        complete(change=change, report=report, actor=actor)
    else:
        _go_on(change, leg, following, report, actor)


def _go_on(change: Change, leg: Leg, following: Leg, report: Report, actor: str) -> None:
    """Post what a leg did, register that it is undone should a later one fail, and start the next."""
    txn = change.transaction
    change.post(kinds.of(txn).leg_done(transaction=txn, leg=leg, report=report))
    txn.undo = [*txn.undo, f"{legs.DONE}{leg.name}"]
    txn.leg = following.name
    txn.tries = 0
    txn.next_action = None
    change.log("transaction.leg_done", actor=actor, data={"leg": leg.name, "next": following.name})
    change.set_deadline(None)
    change.due_in = 0


def _undone(change: Change, report: Report, actor: str) -> None:
    """A call has taken a done leg back: post that, and go on undoing."""
    txn = change.transaction
    leg = legs.to_undo(txn)
    if leg is not None:
        change.post(kinds.of(txn).undone(transaction=txn, leg=leg, report=report))
        txn.undo = txn.undo[:-1]
        change.log("transaction.undone", actor=actor, data={"what": leg.name})
    change.due_in = 0


def accept(change: Change) -> None:
    """Post once that the provider has it, and register how that is undone before anything follows."""
    txn = change.transaction
    if ACCEPTED in txn.undo:
        return
    deed = kinds.of(txn).accepted(transaction=txn)
    if deed:
        change.post(deed)
        txn.undo = [*txn.undo, ACCEPTED]
