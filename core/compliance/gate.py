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
    is for a person to decide. What passes counts for those after it in the set, although it is not reserved yet.
    """
    active = _held.get()
    asked = {
        subject.transaction_id: [rule for rule in active if rules.applies(rule=rule, subject=subject)]
        for subject in subjects
    }
    counted = _count(
        [(rule, subject) for subject in subjects for rule in asked[subject.transaction_id] if rules.counts(rule=rule)]
    )
    found: dict[UUID, Finding] = {}
    passed: dict[tuple[UUID, str, str], list[int]] = {}
    for subject in subjects:
        before = passed.setdefault((subject.customer.customer_id, subject.kind, subject.amount.asset.code), [])
        found[subject.transaction_id] = _finding(subject, asked[subject.transaction_id], counted, before)
        if found[subject.transaction_id] is PASSED:
            before.append(subject.amount.units)
    return found


def _finding(
    subject: Subject, asked: Sequence[HoldRule], counted: Mapping[Question, int], before: Sequence[int]
) -> Finding:
    """Return the first rule that holds a subject up, or a pass; ``before`` is what passed in the same set."""
    for rule in asked:
        number = 0
        if rules.counts(rule=rule):
            least, most = rules.band(rule)
            number = counted.get((subject.transaction_id, rule.pk), 0)
            number += sum(units >= least and (most is None or units <= most) for units in before)
        evidence = rules.judge(rule=rule, subject=subject, counted=number)
        if evidence is not None:
            return Finding(verdict=Verdict.HOLD, stage=State(rule.stage), code=rule.code, evidence=evidence)
    return PASSED


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
