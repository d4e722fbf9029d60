"""The engine's part of the books: what must be true of every transaction at a quiet moment."""

from __future__ import annotations

from collections.abc import Iterable

from django.db import connection

from core.audit.books import Break
from core.orchestration.states import SETTLED_SQL

_CHECKS = {
    "timeline_has_gap": """
        SELECT e.transaction_id, 'events 1 to ' || max(e.seq) || ' are ' || count(*)
        FROM orchestration_event e GROUP BY e.transaction_id HAVING count(*) <> max(e.seq) OR min(e.seq) <> 1
    """,
    "timeline_disagrees": """
        SELECT t.id, t.state || ' but the last step went to ' || l.to_state
        FROM orchestration_transaction t
        JOIN LATERAL (SELECT e.to_state FROM orchestration_event e
                      WHERE e.transaction_id = t.id AND e.to_state <> '' ORDER BY e.seq DESC LIMIT 1) l ON true
        WHERE l.to_state <> t.state
    """,
    "timeline_broken": """
        SELECT s.transaction_id, 'step ' || s.seq || ' starts at ' || s.from_state || ' after ' || s.before
        FROM (SELECT e.transaction_id, e.seq, e.from_state,
                     lag(e.to_state) OVER (PARTITION BY e.transaction_id ORDER BY e.seq) AS before
              FROM orchestration_event e WHERE e.to_state <> '') s
        WHERE s.before IS NOT NULL AND s.before <> s.from_state
    """,
    "settled_with_open_hold": f"""
        SELECT t.id, t.state || ' with open hold ' || h.id
        FROM ledger_hold h JOIN orchestration_transaction t ON t.id = h.transaction_id
        WHERE h.outcome = '' AND t.state IN ({SETTLED_SQL})
    """,  # noqa: S608 - the states are constants of ours
    "settled_with_open_expectation": f"""
        SELECT t.id, t.state || ' with open expectation ' || x.id
        FROM ledger_expectation x JOIN orchestration_transaction t ON t.id = x.transaction_id
        WHERE x.resolved_at IS NULL AND t.state IN ({SETTLED_SQL})
    """,  # noqa: S608 - the states are constants of ours
    "nobody_will_come": f"""
        SELECT t.id, t.state || ' has no schedule and is in nobody''s hands'
        FROM orchestration_transaction t
        WHERE t.state NOT IN ({SETTLED_SQL}) AND t.due_at IS NULL
          AND t.state NOT IN ('KYC_VERIFICATION', 'COMPLIANCE_CHECK')
          AND NOT EXISTS (SELECT FROM orchestration_deadletter d WHERE d.transaction_id = t.id AND d.state = 'OPEN')
    """,  # noqa: S608 - the states are constants of ours
    "two_attempts_executed": """
        SELECT a.transaction_id, count(*) || ' attempts of ' || a.leg || ' succeeded'
        FROM orchestration_attempt a WHERE a.state = 'SUCCEEDED' GROUP BY a.transaction_id, a.leg HAVING count(*) > 1
    """,
    "two_attempts_outstanding": """
        SELECT a.transaction_id, count(*) || ' attempts of ' || a.leg || ' may be executed'
        FROM orchestration_attempt a WHERE a.state IN ('SENT', 'UNKNOWN', 'SUCCEEDED')
        GROUP BY a.transaction_id, a.leg HAVING count(*) > 1
    """,
}


def breaks() -> Iterable[Break]:
    """Return every transaction of which something that must be true is not, named with what it is."""
    for name, sql in _CHECKS.items():
        with connection.cursor() as cursor:
            cursor.execute(sql)
            for subject, detail in cursor.fetchall():
                yield Break(check=name, subject=f"transaction:{subject}", detail=str(detail))
