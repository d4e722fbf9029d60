"""News of money that had moved: taken back, given again, or moved when we had given it up. Pure but for the change."""

from __future__ import annotations

from collections.abc import Sequence

from core.kernel import ids
from core.kernel.money import Money
from core.orchestration.judging import endings, legs, stages
from core.orchestration.judging.results import Result
from core.orchestration.models import Attempt, AttemptState, Category
from core.orchestration.states import SETTLED, State
from core.orchestration.steps.changes import Change
from core.providers.contract import Report, Stage


def beyond(change: Change, attempt: Attempt, report: Report, actor: str) -> Result:
    """Tell a person when more was taken back than had been moved: it is posted, because it has happened."""
    if report.stage not in stages.AFTERWARDS or change.transaction.reversed_units <= attempt.units:
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


def incident(report: Report) -> str:
    return f"{report.stage}:{report.incident}"


def take_back(change: Change, attempt: Attempt, report: Report, actor: str) -> None:
    """Money that had moved came back, or went again: a reversal after the end, a compensation before it."""
    txn = change.transaction
    if attempt.state != AttemptState.SUCCEEDED:
        if txn.state in SETTLED or txn.state == State.COMPENSATING or legs.is_elsewhere(change.transaction, attempt):
            only_note(change, report, actor)
            return
        if report.stage is not Stage.RETURNED or (report.amount is not None and report.amount.units < attempt.units):
            # Only what was paid can be taken back in part: the news of the settlement is still on its way.
            endings.settle(change, attempt, report, actor)
    if attempt.state == AttemptState.SUCCEEDED:
        open_reversal(change, attempt, report, news=str(report.stage), actor=actor)
        return
    endings.accept(change)
    attempt.state = AttemptState.REJECTED
    endings.end(change=change, reason=report.reason or str(report.stage), actor=actor)


def only_note(change: Change, report: Report, actor: str) -> None:
    """It changes nothing for the transaction, which goes on with what it was doing."""
    change.log("provider.reported", actor=actor, data={"stage": str(report.stage)})
    change.due_in = None if change.is_settled else 0


def open_reversal(change: Change, attempt: Attempt, report: Report, *, news: str, actor: str) -> None:
    """Start the child transaction that posts what happened after the end."""
    parent = change.transaction
    units = report.amount.units if report.amount is not None else int(attempt.units)
    if report.incident and news != "late":
        known = parent.security.get("incidents", ())
        parent.security = {**parent.security, "incidents": [*known, incident(report)]}
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
            "target_asset": parent.target_asset,
            "side": "source",
            "units": str(units),
            "debit_units": str(units),
            "method": parent.method,
            "provider": attempt.provider,
            "preferences": {},
            "parent_id": parent.id,
            "correlation_id": parent.correlation_id,
            "request_id": "",
            "security": {"news": news, "provider_fee": _fee_units(report), **_moved(report)},
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


def _moved(report: Report) -> dict[str, list[str]]:
    """Return what moved on each side where that are two assets: the asset and its units, as text."""
    sides = {
        "spent": report.spent or _all([fill.paid for fill in report.fills]),
        "received": report.received or _all([fill.received for fill in report.fills]),
    }
    return {side: [money.asset.code, str(money.units)] for side, money in sides.items() if money is not None}


def _all(parts: Sequence[Money]) -> Money | None:
    return sum(parts[1:], parts[0]) if parts else None
