"""The ledger's part in proving the books: each promise as one set-based statement that names the rows that break it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from django.db import connection

from core.audit.books import Break

# Each statement answers (subject, detail) for every break, and nothing when the promise is kept.
CHECKS: Final[dict[str, str]] = {
    "ledger.entry_sums_to_zero": """
        SELECT 'entry ' || s.entry_id, 'its ' || s.asset || ' lines sum to ' || s.total
          FROM (SELECT l.entry_id, a.asset, sum(l.units) AS total FROM ledger_line l
                  JOIN ledger_account a ON a.id = l.account_id GROUP BY l.entry_id, a.asset) s WHERE s.total <> 0
    """,
    "ledger.asset_sums_to_zero": """
        SELECT 'asset ' || a.asset, 'all lines sum to ' || sum(l.units)
          FROM ledger_line l JOIN ledger_account a ON a.id = l.account_id GROUP BY a.asset HAVING sum(l.units) <> 0
    """,
    "ledger.entry_is_whole": """
        SELECT 'entry ' || COALESCE(e.id, l.entry_id),
               COALESCE(l.lines, 0) || ' lines, announced ' || COALESCE(e.line_count::text, 'by no entry')
          FROM ledger_entry e
          FULL JOIN (SELECT entry_id, count(*) AS lines FROM ledger_line GROUP BY entry_id) l ON l.entry_id = e.id
         WHERE l.lines IS DISTINCT FROM e.line_count
    """,
    "ledger.line_has_account": """
        SELECT 'line ' || l.entry_id || '/' || l.line_no, 'there is no account ' || l.account_id
          FROM ledger_line l LEFT JOIN ledger_account a ON a.id = l.account_id WHERE a.id IS NULL
    """,
    "ledger.account_has_balance": """
        SELECT 'account ' || a.code || ' ' || a.asset, 'it has no balance row of its bound'
          FROM ledger_account a LEFT JOIN ledger_balance b ON b.account_id = a.id AND b.bound = a.bound
          LEFT JOIN ledger_system_balance s ON s.account_id = a.id
         WHERE (a.bound <> 'none') <> (b.account_id IS NOT NULL) OR (a.bound = 'none') <> (s.account_id IS NOT NULL)
    """,
    "ledger.posted_equals_replay": """
        SELECT 'account ' || a.code || ' ' || a.asset,
               'posted ' || b.posted || ', its lines sum to ' || COALESCE(l.units, 0)
          FROM ledger_balance b JOIN ledger_account a ON a.id = b.account_id
          LEFT JOIN (SELECT account_id, sum(units) AS units FROM ledger_line GROUP BY account_id) l
            ON l.account_id = b.account_id
         WHERE b.posted <> COALESCE(l.units, 0)
    """,
    "ledger.system_equals_replay": """
        SELECT 'account ' || a.code || ' ' || a.asset,
               'row and deltas ' || s.posted + COALESCE(d.units, 0) || ', its lines sum to ' || COALESCE(l.units, 0)
          FROM ledger_system_balance s JOIN ledger_account a ON a.id = s.account_id
          LEFT JOIN (SELECT account_id, sum(units) AS units FROM ledger_system_delta GROUP BY account_id) d
            ON d.account_id = s.account_id
          LEFT JOIN (SELECT account_id, sum(units) AS units FROM ledger_line GROUP BY account_id) l
            ON l.account_id = s.account_id
         WHERE s.posted + COALESCE(d.units, 0) <> COALESCE(l.units, 0)
    """,
    "ledger.delta_has_account": """
        SELECT 'delta ' || d.id, 'there is no system account ' || d.account_id
          FROM ledger_system_delta d LEFT JOIN ledger_system_balance s ON s.account_id = d.account_id
         WHERE s.account_id IS NULL
    """,
    "ledger.held_equals_open_holds": """
        SELECT 'account ' || a.code || ' ' || a.asset,
               'held ' || b.held || ', open holds sum to ' || COALESCE(h.units, 0)
          FROM ledger_balance b JOIN ledger_account a ON a.id = b.account_id
          LEFT JOIN (SELECT account_id, sum(units) AS units FROM ledger_hold WHERE outcome = '' GROUP BY account_id) h
            ON h.account_id = b.account_id
         WHERE b.held <> COALESCE(h.units, 0)
    """,
    "ledger.incoming_equals_announced": """
        SELECT 'account ' || a.code || ' ' || a.asset,
               'incoming ' || b.incoming || ', announced expectations sum to ' || COALESCE(x.units, 0)
          FROM ledger_balance b JOIN ledger_account a ON a.id = b.account_id
          LEFT JOIN (SELECT account_id, sum(units) AS units FROM ledger_expectation WHERE state = 'announced'
                      GROUP BY account_id) x ON x.account_id = b.account_id
         WHERE b.incoming <> COALESCE(x.units, 0)
    """,
    "ledger.reversible_equals_open_lots": """
        SELECT 'account ' || a.code || ' ' || a.asset,
               'reversible ' || b.reversible || ', open lots sum to ' || COALESCE(t.units, 0)
          FROM ledger_balance b JOIN ledger_account a ON a.id = b.account_id
          LEFT JOIN (SELECT account_id, sum(open_units) AS units FROM ledger_lot WHERE open_units > 0
                      GROUP BY account_id) t ON t.account_id = b.account_id
         WHERE b.reversible <> COALESCE(t.units, 0)
    """,
    "ledger.balance_within_bound": """
        SELECT 'account ' || a.code || ' ' || a.asset,
               'posted ' || b.posted || ', held ' || b.held || ', incoming ' || b.incoming
          FROM ledger_balance b JOIN ledger_account a ON a.id = b.account_id
         WHERE (b.bound = 'credit' AND b.posted - b.held < 0) OR (b.bound = 'debt' AND b.posted > 0)
            OR b.held < 0 OR b.incoming < 0 OR b.reversible < 0
    """,
    "ledger.hold_resolved_once": """
        SELECT 'hold ' || h.id, 'outcome ' || quote_literal(h.outcome) || ', captured ' || h.captured
          FROM ledger_hold h
         WHERE (h.outcome = '') <> (h.resolved_at IS NULL) OR (h.outcome = 'captured') <> (h.captured > 0)
            OR h.captured > h.units
    """,
}


def breaks() -> Iterator[Break]:
    """Yield every break of the ledger's promises, check by check. Reads only; safe beside live traffic."""
    for check, statement in CHECKS.items():
        with connection.cursor() as cursor:
            cursor.execute(statement)
            for subject, detail in cursor.fetchall():
                yield Break(check=check, subject=subject, detail=detail)
