"""Cases: opened with the hold-up, decided once by a person, closed when nothing is left to decide."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from django.db import connection, transaction

from core.api import context
from core.audit import audit
from core.compliance import models
from core.compliance.models import CaseKind, CaseStatus
from core.kernel import errors, ids
from core.orchestration.gates import Finding, Subject
from core.orchestration.hands import holdups
from core.orchestration.states import State

SYSTEM = "system:compliance"
# All that the transaction itself learns: its timeline is read by the customer.
_TOLD = "decided_by_review"
_OPEN = """
    INSERT INTO compliance_case
        (id, transaction_id, customer_id, kind, stage, rule, evidence, status, opened_at, decided_by, reason)
    SELECT r.id, r.transaction_id, r.customer_id, r.kind, r.stage, r.rule, r.evidence, 'open', clock_timestamp(), '', ''
    FROM jsonb_to_recordset(%s::jsonb) AS r(
        id uuid, transaction_id uuid, customer_id uuid, kind text, stage text, rule text, evidence jsonb)
    ON CONFLICT (transaction_id) WHERE status = 'open' DO NOTHING
"""
_MOOT = """
    UPDATE compliance_case c SET status = 'closed', decided_by = %s, reason = %s, decided_at = clock_timestamp()
    WHERE c.id IN (
        SELECT o.id FROM compliance_case o JOIN orchestration_transaction t ON t.id = o.transaction_id
        WHERE o.status = 'open' AND t.state NOT IN ('KYC_VERIFICATION', 'COMPLIANCE_CHECK')
        ORDER BY o.opened_at LIMIT %s FOR UPDATE OF o SKIP LOCKED)
"""


class Decision(StrEnum):
    """What a person can decide."""

    APPROVE = "approve"
    REFUSE = "refuse"


class CaseNotFound(errors.NotFound):
    """There is no such case."""

    default_code = "case_not_found"


class CaseDecided(errors.Conflict):
    """Somebody decided it already, or the transaction ended by itself."""

    default_code = "case_decided"


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseView:
    """A case as staff read it. ``evidence`` is what the rule found, as it was then."""

    id: UUID
    transaction_id: UUID
    customer_id: UUID
    kind: str
    stage: str
    rule: str
    evidence: dict[str, Any]
    status: str
    opened_at: datetime
    decided_by: str
    reason: str
    decided_at: datetime | None


def open_many(held: Sequence[tuple[Subject, Finding]]) -> None:
    """Open a case for each held-up transaction that has none open; one statement for all.

    Needs: the open database transaction that writes the hold-up, so that neither is without the other.
    """
    rows = [
        {
            "id": str(ids.uuid7()),
            "transaction_id": str(subject.transaction_id),
            "customer_id": str(subject.customer.customer_id),
            "kind": CaseKind.KYC if finding.stage == State.KYC_VERIFICATION else CaseKind.COMPLIANCE,
            "stage": str(finding.stage),
            "rule": finding.code,
            "evidence": dict(finding.evidence),
        }
        for subject, finding in held
    ]
    with connection.cursor() as cursor:
        cursor.execute(_OPEN, [json.dumps(rows)])


def decide(*, case_id: UUID, decision: Decision, reason: str, actor: str) -> CaseView:
    """Decide a case: the transaction goes on or ends, the decision and its reason are kept, all in one commit.

    Raises: InvalidInput (``reason_required``); CaseNotFound; CaseDecided; Conflict (``not_held_up``,
        ``state_changed``) when the transaction was moved meanwhile.
    """
    reason = reason.strip()
    if not reason:
        raise errors.InvalidInput(code="reason_required", detail="A decision needs a reason.", pointer="/reason")
    with transaction.atomic():
        # The transaction is locked before its case, like everywhere; the case is then looked at again.
        _tell_engine(_undecided(_find(case_id)), decision, actor)
        case = _lock(case_id)
        before = {"status": str(case.status)}
        if decision is Decision.APPROVE:
            case.approve(actor=actor, reason=reason)
        else:
            case.refuse(actor=actor, reason=reason)
        case.save(update_fields=["status", "decided_by", "reason", "decided_at"])
        audit.record(
            actor=actor,
            action=f"compliance.case_{decision.value}",
            target=ids.render(ids.Prefix.CASE, case.id),
            reason=reason,
            before=before,
            after={"status": str(case.status), "transaction": ids.render(ids.Prefix.TRANSACTION, case.transaction_id)},
            request_id=context.current().request_id,
        )
    return get(case_id)


def close_moot(*, limit: int) -> int:
    """Close open cases whose transactions wait no longer, such as cancelled ones; return how many."""
    with connection.cursor() as cursor:
        cursor.execute(_MOOT, [SYSTEM, "The transaction ended before a decision.", limit])
        return int(cursor.rowcount)


def get(case_id: UUID) -> CaseView:
    """Return one case. Raises: CaseNotFound."""
    return _view(_find(case_id))


def for_transaction(transaction_id: UUID) -> list[CaseView]:
    """Return the cases of a transaction, oldest first. For staff only."""
    return [_view(one) for one in models.Case.objects.filter(transaction_id=transaction_id).order_by("id")]


def _find(case_id: UUID) -> models.Case:
    case = models.Case.objects.filter(id=case_id).first()
    if case is None:
        raise CaseNotFound(detail="There is no such case.")
    return case


def _lock(case_id: UUID) -> models.Case:
    return _undecided(models.Case.objects.select_for_update().get(id=case_id))


def _undecided(case: models.Case) -> models.Case:
    if case.status != CaseStatus.OPEN:
        raise CaseDecided(detail="This case was decided already.")
    return case


def _tell_engine(case: models.Case, decision: Decision, actor: str) -> None:
    if decision is Decision.APPROVE:
        holdups.release(transaction_id=case.transaction_id, stage=State(case.stage), actor=actor, reason=_TOLD)
    else:
        holdups.refuse(transaction_id=case.transaction_id, actor=actor, reason=_TOLD)


def _view(case: models.Case) -> CaseView:
    return CaseView(
        id=case.id,
        transaction_id=case.transaction_id,
        customer_id=case.customer_id,
        kind=case.kind,
        stage=case.stage,
        rule=case.rule,
        evidence=case.evidence,
        status=str(case.status),
        opened_at=case.opened_at,
        decided_by=case.decided_by,
        reason=case.reason,
        decided_at=case.decided_at,
    )
