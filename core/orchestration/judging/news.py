"""What a provider's report means for a transaction: the one place where outcomes are judged. Pure but for the change.

Answers, webhooks and polls all come here, in any order and any number. A report that says less than is known already
changes nothing; one that contradicts an ending is never dropped but put before a person.
"""

from __future__ import annotations

from enum import StrEnum
from uuid import UUID

from core.kernel import ids
from core.kernel.money import Money
from core.orchestration import kinds
from core.orchestration.models import Attempt, AttemptState, Category, Transaction
from core.orchestration.states import SETTLED, State
from core.orchestration.steps.changes import Change
from core.providers import registry
from core.providers.contract import Operation, Report, Stage

ACCEPTED = "accepted"
RESERVED = "reserved"
LIMITS = "limits"


class Result(StrEnum):
    """What became of one report."""

    APPLIED = "applied"
    STALE = "stale"
    DUPLICATE = "duplicate"
    UNKNOWN_OPERATION = "unknown_operation"
    BREAK = "break"


_RANK = {
    Stage.UNMAPPED: 0,
    Stage.ACTION_REQUIRED: 1,
    Stage.ACCEPTED: 2,
    Stage.SUBMITTED: 3,
    Stage.EXECUTED: 4,
    Stage.SETTLED: 5,
    Stage.DECLINED: 6,
    Stage.CANCELED: 6,
    Stage.RETURNED: 7,
    Stage.DISPUTED: 7,
    Stage.REINSTATED: 7,
}
_REFUSALS = frozenset({Stage.DECLINED, Stage.CANCELED})
# News of money that had been moved: taken back, or given again. The amount may be a part of what was moved.
_AFTERWARDS = frozenset({Stage.RETURNED, Stage.DISPUTED, Stage.REINSTATED})


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
    return _beyond(change, attempt, report, actor)


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


def decline(*, change: Change, attempt: Attempt, reason: str, actor: str, stage: Stage = Stage.DECLINED) -> None:
    """The provider will not do it: end without effect, or undo what had one."""
    attempt.state = AttemptState.REJECTED
    attempt.error = reason[:60]
    attempt.stage = attempt.stage if attempt.stage and _RANK[Stage(attempt.stage)] >= _RANK[stage] else str(stage)
    change.attempts[attempt.id] = attempt
    end(change=change, reason=reason, actor=actor)


def end(*, change: Change, reason: str, actor: str, expired: bool = False) -> None:
    """End a transaction that will not succeed: FAILED or EXPIRED, or COMPENSATING if something has to be undone."""
    txn = change.transaction
    kind = kinds.of(txn)
    txn.next_action = None
    if ACCEPTED in txn.undo:
        change.walk(State.COMPENSATING, actor=actor, reason=reason)
        change.due_in = 0
        return
    if RESERVED in txn.undo:
        change.deed += kind.release(transaction=txn, expired=expired)
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
    change.deed += kinds.of(txn).complete(transaction=txn, report=report)
    txn.undo = []
    txn.next_action = None
    txn.eta = None
    change.walk(State.COMPLETED, actor=actor)
    change.due_in = None


def _beyond(change: Change, attempt: Attempt, report: Report, actor: str) -> Result:
    """Tell a person when more was taken back than had been moved: it is posted, because it has happened."""
    if report.stage not in _AFTERWARDS or change.transaction.reversed_units <= attempt.units:
        return Result.APPLIED
    change.park(
        source="outcome",
        category=Category.RECOVERABLE,
        error="more_taken_back_than_moved",
        detail=f"{attempt.provider} reports {report.stage} of {report.amount} for {attempt.key}.",
        actor=actor,
    )
    change.due_in = None if change.is_settled else 0
    return Result.BREAK


def _incident(report: Report) -> str:
    return f"{report.stage}:{report.incident}"


def _fits(units: int, asked: int, stage: Stage) -> bool:
    """What came afterwards has an amount of its own, and what we do not understand settles nothing."""
    return units > 0 if stage in _AFTERWARDS else units == asked or stage is Stage.UNMAPPED


def _is_known(txn: Transaction, attempt: Attempt, report: Report) -> bool:
    """Stages rise only, with two exceptions: one charge may be disputed several times, and what was refused may turn
    out to have been executed, once.
    """
    if report.stage in _AFTERWARDS and report.incident:
        return _incident(report) in txn.security.get("incidents", ())
    if report.stage is Stage.SETTLED and attempt.stage in _REFUSALS:
        return attempt.state == AttemptState.SUCCEEDED
    return bool(attempt.stage) and _RANK[report.stage] <= _RANK[Stage(attempt.stage)]


def _contradicts(change: Change, attempt: Attempt, report: Report) -> bool:
    if attempt.state == AttemptState.SUCCEEDED:
        return report.stage in _REFUSALS
    is_over = change.is_settled or change.transaction.state == State.COMPENSATING
    return (is_over or _is_elsewhere(change, attempt)) and report.stage not in _REFUSALS | {Stage.RETURNED}


def _is_elsewhere(change: Change, attempt: Attempt) -> bool:
    """This attempt was given up and the transaction has gone to another provider since."""
    return attempt.provider != change.transaction.provider


def _contradiction(change: Change, attempt: Attempt, report: Report, actor: str) -> Result:
    """News that our story says cannot be. Money that moved after all is posted as what it is; a person looks at it.

    The transaction goes on with what it was doing: what is posted late is right only if the undoing is finished.
    """
    _note(change, attempt, report)
    txn = change.transaction
    if report.stage is Stage.SETTLED:
        attempt.state = AttemptState.SUCCEEDED
        _open_reversal(change, attempt, report, news="late", actor=actor)
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
    if not attempt.stage or _RANK[report.stage] > _RANK[Stage(attempt.stage)]:
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
    rules = kinds.of(txn).rules
    if report.stage is Stage.ACTION_REQUIRED:
        txn.next_action = dict(report.action)
        txn.security = {**txn.security, "authenticated": True}
        change.set_deadline(rules.window)
    else:
        txn.next_action = None
        # The customer has done his part: from here on it lasts as long as it lasts.
        change.set_deadline(None)
        _accept(change)
    waypoint = rules.waypoints.get(report.stage)
    if waypoint is not None and _lies_ahead(rules, State(txn.state), waypoint):
        change.walk(waypoint, actor=actor, data={"provider_ref": report.provider_ref})
    else:
        change.log("provider.reported", actor=actor, data={"stage": str(report.stage)})
    await_news(change, attempt)


def _settle(change: Change, attempt: Attempt, report: Report, actor: str) -> None:
    attempt.state = AttemptState.SUCCEEDED
    _accept(change)
    waypoint = kinds.of(change.transaction).rules.waypoints[Stage.SETTLED]
    change.walk(waypoint, actor=actor, data={"provider_ref": report.provider_ref})
    complete(change=change, report=report, actor=actor)


def _refuse(change: Change, attempt: Attempt, report: Report, actor: str) -> None:
    txn = change.transaction
    if txn.state in SETTLED or txn.state == State.COMPENSATING or _is_elsewhere(change, attempt):
        attempt.state = AttemptState.REJECTED
        _only_note(change, report, actor)
        return
    asked_to_end = txn.is_overdue or txn.security.get("cancel_requested")
    if report.stage is Stage.CANCELED and asked_to_end:
        attempt.state = AttemptState.NOT_EXECUTED
        asked = txn.security.get("cancel_requested")
        end(change=change, reason=asked or "deadline_passed", actor=actor, expired=not asked)
        return
    decline(change=change, attempt=attempt, reason=report.reason or str(report.stage), actor=actor, stage=report.stage)


def _take_back(change: Change, attempt: Attempt, report: Report, actor: str) -> None:
    """Money that had moved came back, or went again: a reversal after the end, a compensation before it."""
    txn = change.transaction
    if attempt.state != AttemptState.SUCCEEDED:
        if txn.state in SETTLED or txn.state == State.COMPENSATING or _is_elsewhere(change, attempt):
            _only_note(change, report, actor)
            return
        if report.stage is not Stage.RETURNED or (report.amount is not None and report.amount.units < attempt.units):
            # Only what was paid can be taken back in part: the news of the settlement is still on its way.
            _settle(change, attempt, report, actor)
    if attempt.state == AttemptState.SUCCEEDED:
        _open_reversal(change, attempt, report, news=str(report.stage), actor=actor)
        return
    _accept(change)
    attempt.state = AttemptState.REJECTED
    end(change=change, reason=report.reason or str(report.stage), actor=actor)


def _only_note(change: Change, report: Report, actor: str) -> None:
    """It changes nothing for the transaction, which goes on with what it was doing."""
    change.log("provider.reported", actor=actor, data={"stage": str(report.stage)})
    change.due_in = None if change.is_settled else 0


def _accept(change: Change) -> None:
    """Post once that the provider has it, and register how that is undone before anything follows."""
    txn = change.transaction
    if ACCEPTED in txn.undo:
        return
    deed = kinds.of(txn).accepted(transaction=txn)
    if deed:
        change.deed += deed
        txn.undo = [*txn.undo, ACCEPTED]


def _open_reversal(change: Change, attempt: Attempt, report: Report, *, news: str, actor: str) -> None:
    """Start the child transaction that posts what happened after the end."""
    parent = change.transaction
    units = report.amount.units if report.amount is not None else int(attempt.units)
    if report.incident and news != "late":
        known = parent.security.get("incidents", ())
        parent.security = {**parent.security, "incidents": [*known, _incident(report)]}
    child_id = ids.uuid7()
    change.children.append(
        {
            "id": child_id,
            "event_id": ids.uuid7(),
            "customer_id": parent.customer_id,
            "domain": parent.domain,
            "kind": "reversal",
            "reason": (report.reason or news)[:60],
            "asset": parent.asset,
            "side": "source",
            "units": str(units),
            "debit_units": str(units),
            "method": parent.method,
            "provider": attempt.provider,
            "preferences": {},
            "parent_id": parent.id,
            "correlation_id": parent.correlation_id,
            "request_id": "",
            "security": {"news": news, "provider_fee": _fee_units(report)},
            "actor": actor,
        }
    )
    if news == Stage.REINSTATED:
        parent.reversed_units = max(int(parent.reversed_units) - units, 0)
    elif news != "late":
        parent.reversed_units = int(parent.reversed_units) + units
    public = ids.render(ids.Prefix.TRANSACTION, child_id)
    change.log("transaction.reversal_opened", actor=actor, reason=news, data={"reversal_id": public})


def _fee_units(report: Report) -> str | None:
    """Return what the provider kept of the same asset, as text: other assets are for the reconciliation."""
    fee = report.provider_fee
    return None if not fee or report.amount is None or fee.asset != report.amount.asset else str(fee.units)


def await_news(change: Change, attempt: Attempt) -> None:
    """Say when to ask, should nobody tell us: the provider's own interval, doubled with every silent answer."""
    if change.transaction.state in SETTLED:
        return
    capability = registry.capability(
        code=attempt.provider, operation=Operation(attempt.operation), method=attempt.method
    )
    change.due_in = min(capability.poll_after_s * 2 ** min(attempt.asks, 10), 3600.0)


def _lies_ahead(rules: kinds.Rules, state: State, target: State) -> bool:
    return state in rules.path and rules.path.index(target) > rules.path.index(state)


def find(attempts: list[Attempt], report: Report) -> Attempt | None:
    """Return the attempt that a report is about: by our key, else by the provider's own id."""
    for attempt in reversed(attempts):
        if (report.key and attempt.key == report.key) or (
            report.provider_ref and attempt.provider_ref == report.provider_ref
        ):
            return attempt
    return None


def key_of(*, transaction_id: UUID, operation: str, provider: str) -> str:
    """Return the idempotency key of a leg at a provider: the same for every retry there, another for the next one."""
    return f"{ids.render(ids.Prefix.TRANSACTION, transaction_id)}:{operation}:{provider}"


_HANDLERS = {
    Stage.ACTION_REQUIRED: _progress,
    Stage.ACCEPTED: _progress,
    Stage.SUBMITTED: _progress,
    Stage.EXECUTED: _progress,
    Stage.SETTLED: _settle,
    Stage.DECLINED: _refuse,
    Stage.CANCELED: _refuse,
    Stage.RETURNED: _take_back,
    Stage.DISPUTED: _take_back,
    Stage.REINSTATED: _take_back,
}
