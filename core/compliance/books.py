"""Compliance's part of the books: limits are used as claimed, and every case has what it is about."""

from __future__ import annotations

from collections.abc import Iterable

from django.db import connection

from core.audit.books import Break

_CHECKS = {
    "limit_use_differs": """
        SELECT u.customer_id || ' ' || u.kind || ' ' || u.asset,
            'used ' || u.day_units || ' on the day and ' || u.month_units || ' in the month, claimed '
            || c.day_units || ' and ' || c.month_units
        FROM compliance_limituse u
        CROSS JOIN LATERAL (
            SELECT coalesce(sum(units) FILTER (WHERE (taken_at AT TIME ZONE 'UTC')::date = u.day), 0) AS day_units,
                coalesce(sum(units) FILTER (
                    WHERE date_trunc('month', taken_at AT TIME ZONE 'UTC')::date = u.month), 0) AS month_units
            FROM compliance_limitclaim
            WHERE customer_id = u.customer_id AND kind = u.kind AND asset = u.asset AND released_at IS NULL) c
        WHERE (u.day_units, u.month_units) IS DISTINCT FROM (c.day_units, c.month_units)
    """,
    "ended_with_limits_taken": """
        SELECT 'transaction ' || t.id, t.state || ' but still counts against the limits'
        FROM compliance_limitclaim c JOIN orchestration_transaction t ON t.id = c.ref
        WHERE c.released_at IS NULL AND t.state IN ('FAILED', 'EXPIRED', 'COMPENSATED')
    """,
    "held_up_without_case": """
        SELECT 'transaction ' || t.id, 'waits at ' || t.state || ' and no case is open'
        FROM orchestration_transaction t
        WHERE t.state IN ('KYC_VERIFICATION', 'COMPLIANCE_CHECK') AND t.due_at IS NULL
          AND NOT EXISTS (SELECT FROM compliance_case c WHERE c.transaction_id = t.id AND c.status = 'open')
    """,
}


def breaks() -> Iterable[Break]:
    """Yield what does not add up, named with the check that found it."""
    for name, statement in _CHECKS.items():
        with connection.cursor() as cursor:
            cursor.execute(statement)
            found = cursor.fetchall()
        for subject, detail in found:
            yield Break(check=name, subject=str(subject), detail=str(detail))
