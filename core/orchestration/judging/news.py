"""What a provider's report means for a transaction: the one place where outcomes are judged. Pure but for the change.

Answers, webhooks and polls all come here, in any order and any number. A report that says less than is known already
changes nothing; one that contradicts an ending is never dropped but put before a person.
"""

from __future__ import annotations

from uuid import UUID

from core.kernel import ids
from core.orchestration import kinds
from core.orchestration.judging import afterwards, endings, legs, stages
from core.orchestration.judging.results import Result
from core.orchestration.models import Attempt, AttemptState, Category, Transaction
from core.orchestration.states import SETTLED, State
from core.orchestration.steps.changes import Change
from core.providers import registry
from core.providers.contract import Operation, Report, Stage


def hear(*, change: Change, attempt: Attempt, report: Report, actor: str) -> Result:
    """Take one report into account and say what it did.

    Needs: a transaction whose row is locked, or whose write is guarded by version and fence.
    """
    wrong = mismatch(attempt=attempt, report=report, reference=change.transaction.public_id)
    if wrong:
        return _quarantine(change, attempt, wrong, actor)
    if report.stage is Stage.UNMAPPED:
        change.log("provider.status_unmapped", actor=actor, data={"raw_status": report.raw_status[:60]})
        attempt.provider_ref = attempt.provider_ref or report.provider_ref
        change.attempts[attempt.id] = attempt
        await_news(change, attempt)
        return Result.APPLIED
    if _is_known(change.transaction, attempt, report):
        return Result.DUPLICATE if report.incident or str(report.stage) == attempt.stage else Result.STALE
    if _contradicts(change, attempt, report):
        return _contradiction(change, attempt, report, actor)
    _note(change, attempt, report)
    _HANDLERS[report.stage](change, attempt, report, actor)
    return afterwards.beyond(change, attempt, report, actor)


def mismatch(*, attempt: Attempt, report: Report, reference: str) -> str:
    """Return the name of the first thing in which a report differs from what was asked, or an empty string."""
    if report.amount is not None and report.amount.asset.code != attempt.asset:
        return "asset_mismatch"
    if report.amount is not None and not _fits(report.amount.units, int(attempt.units), report.stage):
        return "amount_mismatch"
    if report.destination and attempt.destination and report.destination != attempt.destination:
        return "destination_mismatch"
    if report.reference and report.reference != reference:
        return "reference_mismatch"
    return ""


def _fits(units: int, asked: int, stage: Stage) -> bool:
    """What came afterwards has an amount of its own, and what we do not understand settles nothing."""
    return units > 0 if stage in stages.AFTERWARDS else units == asked or stage is Stage.UNMAPPED


def _is_known(txn: Transaction, attempt: Attempt, report: Report) -> bool:
    """Stages rise only, with two exceptions: one charge may be disputed several times, and what was refused may turn
    out to have been executed, once.
    """
    if report.stage in stages.AFTERWARDS and report.incident:
        return afterwards.incident(report) in txn.security.get("incidents", ())
    if report.stage is Stage.SETTLED and attempt.stage in stages.REFUSALS:
        return attempt.state == AttemptState.SUCCEEDED
    if len(report.fills) > len(txn.results.get("fills", ())) and attempt.state != AttemptState.SUCCEEDED:
        return False
    return bool(attempt.stage) and stages.RANK[report.stage] <= stages.RANK[Stage(attempt.stage)]


def _contradicts(change: Change, attempt: Attempt, report: Report) -> bool:
    if attempt.state == AttemptState.SUCCEEDED:
        return report.stage in stages.REFUSALS
    is_undoing = change.transaction.state == State.COMPENSATING and not legs.is_undo(attempt)
    is_over = change.is_settled or is_undoing
    is_late = is_over or legs.is_elsewhere(change.transaction, attempt)
    return is_late and (bool(report.fills) or report.stage not in stages.REFUSALS | {Stage.RETURNED})


def _contradiction(change: Change, attempt: Attempt, report: Report, actor: str) -> Result:
    """News that our story says cannot be. Money that moved after all is posted as what it is; a person looks at it.

    The transaction goes on with what it was doing: what is posted late is right only if the undoing is finished.
    """
    _note(change, attempt, report)
    txn = change.transaction
    if report.stage is Stage.SETTLED or (report.stage in stages.REFUSALS and report.fills):
        attempt.state = AttemptState.SUCCEEDED
        afterwards.open_reversal(change, attempt, report, news="late", actor=actor)
    change.park(
        source="outcome",
        category=Category.RECOVERABLE,
        error=f"{report.stage}_after_{txn.state}".lower(),
        detail=f"{attempt.provider} reports {report.stage} ({report.raw_status}) for {attempt.key}.",
        actor=actor,
    )
    change.due_in = None if change.is_settled else 0
    return Result.BREAK


def _quarantine(change: Change, attempt: Attempt, wrong: str, actor: str) -> Result:
    change.attempts[attempt.id] = attempt
    attempt.error = wrong
    if change.transaction.state not in SETTLED:
        change.transaction.reason = wrong
    change.park(
        source="integrity",
        category=Category.PERMANENT,
        error=wrong,
        detail=f"What {attempt.provider} reports for {attempt.key} is not what it was asked.",
        actor=actor,
    )
    return Result.BREAK


def _note(change: Change, attempt: Attempt, report: Report) -> None:
    if stages.is_further(report, attempt):
        attempt.stage = str(report.stage)
    attempt.rank = max(attempt.rank, report.rank)
    attempt.provider_ref = report.provider_ref or attempt.provider_ref
    attempt.asks = 0
    if attempt.state in (AttemptState.UNKNOWN, AttemptState.PREPARED):
        attempt.state = AttemptState.SENT
    if report.eta is not None:
        change.transaction.eta = report.eta
    change.attempts[attempt.id] = attempt


def _progress(change: Change, attempt: Attempt, report: Report, actor: str) -> None:
    """The provider has it and goes on with it."""
    txn = change.transaction
    kind = kinds.of(txn)
    rules = kind.rules
    if legs.is_undo(attempt):
        change.log("provider.reported", actor=actor, data={"stage": str(report.stage)})
        await_news(change, attempt)
        return
    leg = legs.named(txn, attempt.leg)
    if report.stage is Stage.ACTION_REQUIRED:
        txn.next_action = dict(report.action)
        txn.security = {**txn.security, "authenticated": True}
        change.set_deadline(rules.window)
    else:
        txn.next_action = None
        if leg.cancel_after is None:
            # The customer has done his part: from here on it lasts as long as it lasts.
            change.set_deadline(None)
        endings.accept(change)
    change.post(kind.progressed(transaction=txn, report=report))
    waypoint = leg.waypoints.get(report.stage)
    if waypoint is not None and legs.lies_ahead(txn, waypoint):
        change.walk(waypoint, actor=actor, data={"provider_ref": report.provider_ref})
    else:
        change.log("provider.reported", actor=actor, data={"stage": str(report.stage)})
    await_news(change, attempt)


def _refuse(change: Change, attempt: Attempt, report: Report, actor: str) -> None:
    txn = change.transaction
    is_late = change.is_settled or txn.state == State.COMPENSATING or legs.is_elsewhere(txn, attempt)
    if not is_late and (report.fills or txn.results.get("fills")):
        # What was executed stays executed: it ends with what it got.
        endings.settle(change, attempt, report, actor)
        return
    change.post(kinds.of(txn).refused(transaction=txn, report=report))
    if is_late:
        # Of a call that was to undo something, too: the compensation looks at it and tries again.
        attempt.state = AttemptState.REJECTED
        afterwards.only_note(change, report, actor)
        return
    asked_to_end = txn.is_overdue or txn.security.get("cancel_requested")
    if report.stage is Stage.CANCELED and asked_to_end:
        attempt.state = AttemptState.NOT_EXECUTED
        asked = txn.security.get("cancel_requested")
        endings.end(change=change, reason=asked or endings.DEADLINE_PASSED, actor=actor, expired=not asked)
        return
    endings.decline(
        change=change, attempt=attempt, reason=report.reason or str(report.stage), actor=actor, stage=report.stage
    )


def await_news(change: Change, attempt: Attempt) -> None:
    """Say when to ask, should nobody tell us: the provider's own interval, doubled with every silent answer."""
    if change.transaction.state in SETTLED:
        return
    capability = registry.capability(
        code=attempt.provider, operation=Operation(attempt.operation), method=attempt.method
    )
    at_most = 3600.0
    if not legs.is_undo(attempt):
        in_force = legs.named(change.transaction, attempt.leg).cancel_after
        at_most = in_force.total_seconds() if in_force is not None else at_most
    change.due_in = min(capability.poll_after_s * 2 ** min(attempt.asks, 10), at_most)


def find(attempts: list[Attempt], report: Report) -> Attempt | None:
    """Return the attempt that a report is about: by our key, else by the provider's own id."""
    for attempt in reversed(attempts):
        if (report.key and attempt.key == report.key) or (
            report.provider_ref and attempt.provider_ref == report.provider_ref
        ):
            return attempt
    return None


def key_of(*, transaction_id: UUID, operation: str, provider: str, again: int = 0) -> str:
    """Return the idempotency key of a leg at a provider: the same for every retry there, another for the next one.

    ``again`` counts what was done there before under the same name and is certainly over: undoing may take several.
    """
    key = f"{ids.render(ids.Prefix.TRANSACTION, transaction_id)}:{operation}:{provider}"
    return f"{key}:{again + 1}" if again else key


_HANDLERS = {
    Stage.ACTION_REQUIRED: _progress,
    Stage.ACCEPTED: _progress,
    Stage.SUBMITTED: _progress,
    Stage.EXECUTED: _progress,
    Stage.SETTLED: endings.settle,
    Stage.DECLINED: _refuse,
    Stage.CANCELED: _refuse,
    Stage.RETURNED: afterwards.take_back,
    Stage.DISPUTED: afterwards.take_back,
    Stage.REINSTATED: afterwards.take_back,
}
