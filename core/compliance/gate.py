"""The review of a set of transactions: which may pass, which wait for a person. Reads only, few queries per set."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from uuid import UUID

from django.db import connection

from core.compliance import models, rules
from core.compliance.models import HoldRule
from core.kernel import held
from core.orchestration.gates import PASSED, Finding, Subject, Verdict
from core.orchestration.states import State

# One row per question: how many transactions of this kind and size did the customer reserve within the window?
_COUNT = """
    SELECT q.n, count(*) FROM jsonb_to_recordset(%s::jsonb)
        AS q(n integer, ref uuid, customer uuid, kind text, asset text, least numeric, most numeric, window_s float8)
    JOIN compliance_limitclaim c ON c.customer_id = q.customer AND c.kind = q.kind
        AND c.taken_at > clock_timestamp() - make_interval(secs => q.window_s)
        AND c.asset = q.asset AND c.units >= q.least AND (q.most IS NULL OR c.units <= q.most)
        AND c.ref <> q.ref
    GROUP BY q.n
"""
Question = tuple[UUID, int]


def review(subjects: Sequence[Subject]) -> Mapping[UUID, Finding]:
    """Return a finding for each subject: the first rule, in the order of the lifecycle, that holds it up, or a pass.

    An approved stage (``subject.cleared``) is not looked at again. Nobody is refused here by a machine: what is found
    is for a person to decide.
    """
    active = _held.get()
    asked = [(rule, subject) for subject in subjects for rule in active if rules.applies(rule=rule, subject=subject)]
    counted = _count([(rule, subject) for rule, subject in asked if rules.counts(rule=rule)])
    found: dict[UUID, Finding] = {subject.transaction_id: PASSED for subject in subjects}
    for rule, subject in asked:
        if found[subject.transaction_id] is not PASSED:
            continue
        evidence = rules.judge(rule=rule, subject=subject, counted=counted.get((subject.transaction_id, rule.pk), 0))
        if evidence is not None:
            found[subject.transaction_id] = Finding(
                verdict=Verdict.HOLD, stage=State(rule.stage), code=rule.code, evidence=evidence
            )
    return found


def _count(asked: Sequence[tuple[HoldRule, Subject]]) -> dict[Question, int]:
    """Answer all questions of the set in one query; none if there are none."""
    if not asked:
        return {}
    questions = [_question(number, rule, subject) for number, (rule, subject) in enumerate(asked)]
    with connection.cursor() as cursor:
        cursor.execute(_COUNT, [json.dumps(questions)])
        answers = dict(cursor.fetchall())
    return {(subject.transaction_id, rule.pk): answers.get(number, 0) for number, (rule, subject) in enumerate(asked)}


def _question(number: int, rule: HoldRule, subject: Subject) -> dict[str, object]:
    least, most = rules.band(rule)
    return {
        "n": number,
        "ref": str(subject.transaction_id),
        "customer": str(subject.customer.customer_id),
        "kind": subject.kind,
        "asset": subject.amount.asset.code,
        "least": least,
        "most": most,
        "window_s": rule.window_s,
    }


def _load() -> list[HoldRule]:
    """The active rules: identity before compliance, then by code."""
    rows = models.HoldRule.objects.filter(is_active=True)
    return sorted(rows, key=lambda rule: (rule.stage != State.KYC_VERIFICATION, rule.code))


_held = held.Held(_load)
