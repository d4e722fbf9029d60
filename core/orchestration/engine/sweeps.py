"""What beat runs so that nothing is ever stuck: deadlines, reservations past theirs, rows that lost their schedule."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from django.db import connection

from core.ledger import sweeps as ledger_sweeps
from core.orchestration import kinds, outcomes
from core.orchestration.states import SETTLED_SQL
from core.resilience import connections, locks

_LOCK_TTL_S = 28.0

# A row that is not settled, not due and not claimed must be in a person's hands; a gate's hold-up and a parked one are.
_ORPHANS = f"""
    UPDATE orchestration_transaction t SET due_at = clock_timestamp()
    WHERE t.id IN (
        SELECT o.id FROM orchestration_transaction o
        WHERE o.state NOT IN ({SETTLED_SQL}) AND o.due_at IS NULL
          AND o.state NOT IN ('KYC_VERIFICATION', 'COMPLIANCE_CHECK')
          AND o.updated_at < (SELECT clock_timestamp()) - interval '1 minute'
          AND NOT EXISTS (SELECT FROM orchestration_deadletter d WHERE d.transaction_id = o.id AND d.state = 'OPEN')
        LIMIT %s FOR NO KEY UPDATE SKIP LOCKED)
    RETURNING t.domain
"""  # noqa: S608 - the states are constants of ours
_OVERDUE = f"""
    UPDATE orchestration_transaction t SET due_at = clock_timestamp()
    WHERE t.id IN (
        SELECT o.id FROM orchestration_transaction o
        WHERE o.state NOT IN ({SETTLED_SQL})
          AND o.deadline_at < (SELECT clock_timestamp()) AND o.due_at > clock_timestamp()
        LIMIT %s FOR NO KEY UPDATE SKIP LOCKED)
    RETURNING t.domain
"""  # noqa: S608 - the states are constants of ours
_FOR_HOLDS = """
    UPDATE orchestration_transaction t SET due_at = clock_timestamp()
    WHERE t.id IN (
        SELECT o.id FROM orchestration_transaction o WHERE o.id = ANY(%s) AND o.state = 'BALANCE_RESERVED'
        FOR NO KEY UPDATE SKIP LOCKED)
    RETURNING t.domain
"""


def alone(*, limit: int) -> bool:
    """Run all sweeps unless another process is at it; return whether they ran. Without Redis they run all the same."""
    try:
        with locks.hold("orchestration.sweep", ttl_s=_LOCK_TTL_S, wait_s=0):
            _all(limit)
    except locks.Busy:
        return False
    except connections.Unavailable:
        _all(limit)
    return True


def _all(limit: int) -> None:
    deadlines(limit=limit)
    reservations(limit=limit)
    orphans(limit=limit)


def deadlines(*, limit: int) -> int:
    """Make due what is past its deadline; return how many. The engine decides under its lock what that means."""
    return _wake(_run(_OVERDUE, [limit]))


def reservations(*, limit: int) -> int:
    """Make due what still has a hold past its deadline; return how many.

    A hold is never expired behind its transaction's back: what was sent has no deadline, and the rest ends here.
    """
    overdue = ledger_sweeps.overdue_holds(limit=limit)
    owners: list[UUID] = [hold.transaction_id for hold in overdue if hold.transaction_id is not None]
    return _wake(_run(_FOR_HOLDS, [owners])) if owners else 0


def orphans(*, limit: int) -> int:
    """Give a schedule back to what has lost it; return how many. There should be none."""
    return _wake(_run(_ORPHANS, [limit]))


def _run(sql: str, params: list[int] | list[list[UUID]]) -> list[str]:
    with connection.cursor() as cursor:
        cursor.execute(sql, params)
        return [row[0] for row in cursor.fetchall()]


def _wake(domains: Sequence[str]) -> int:
    known = {domain.code for domain in kinds.domains()}
    outcomes.wake(sorted(known.intersection(domains)))
    return len(domains)
