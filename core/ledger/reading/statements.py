"""The SQL of the ledger's reads, one statement per question."""

from __future__ import annotations

from typing import Final

BALANCES: Final = """
SELECT a.id, a.code, a.kind, a.customer_id, a.domain, a.asset, b.posted, b.held, b.incoming, b.reversible, b.version,
       b.updated_at
  FROM ledger_account a JOIN ledger_balance b ON b.account_id = a.id
 WHERE a.customer_id = ANY (%s::uuid[]) ORDER BY a.customer_id, a.id
"""
AVAILABLE: Final = """
SELECT b.posted - b.held FROM ledger_account a JOIN ledger_balance b ON b.account_id = a.id
 WHERE a.code = %s AND a.asset = %s
"""
OWED: Final = """
SELECT a.customer_id, a.asset, -b.posted FROM ledger_account a JOIN ledger_balance b ON b.account_id = a.id
 WHERE a.customer_id = ANY (%s::uuid[]) AND a.kind = 'receivable' AND b.posted < 0
"""
BALANCES_AT: Final = """
SELECT a.code, a.asset, COALESCE((SELECT sum(l.units) FROM ledger_line l JOIN ledger_entry e ON e.id = l.entry_id
                                   WHERE l.account_id = a.id AND e.posted_at <= %s), 0)
  FROM ledger_account a WHERE a.customer_id = %s ORDER BY a.id
"""
# A page is the newest lines of each account, merged. The balance after the newest of them is what is posted now less
# everything later; the others follow by subtraction.
STATEMENT: Final = """
WITH acct AS (
  SELECT a.id, a.code, a.domain, a.asset, b.posted
    FROM ledger_account a JOIN ledger_balance b ON b.account_id = a.id
   WHERE a.customer_id = %(customer)s AND (%(asset)s = '' OR a.asset = %(asset)s)
     AND (%(domain)s = '' OR a.domain = %(domain)s)
), page AS (
  SELECT a.id, a.code, a.domain, a.asset, a.posted, l.seq, l.units, l.entry_id, l.key, l.kind, l.transaction_id,
         l.posted_at
    FROM acct a CROSS JOIN LATERAL (
      SELECT l.seq, l.units, l.entry_id, e.key, e.kind, e.transaction_id, e.posted_at
        FROM ledger_line l JOIN ledger_entry e ON e.id = l.entry_id
       WHERE l.account_id = a.id AND l.seq < %(before)s
         AND (%(since)s::timestamptz IS NULL OR e.posted_at >= %(since)s)
         AND (%(until)s::timestamptz IS NULL OR e.posted_at < %(until)s)
       ORDER BY l.seq DESC LIMIT %(limit)s) l
   ORDER BY l.seq DESC LIMIT %(limit)s
), later AS (
  SELECT p.id, p.top, COALESCE((SELECT sum(l.units) FROM ledger_line l
                                 WHERE l.account_id = p.id AND l.seq > p.top), 0) AS units
    FROM (SELECT id, max(seq) AS top FROM page GROUP BY id) p
)
SELECT p.seq, p.entry_id, p.key, p.kind, p.transaction_id, p.code, p.domain, p.asset, p.units,
       p.posted - later.units - COALESCE(sum(p.units) OVER (PARTITION BY p.id ORDER BY p.seq DESC
                                                             ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING), 0),
       p.posted_at
  FROM page p JOIN later ON later.id = p.id ORDER BY p.seq DESC
"""
SYSTEM_BALANCE: Final = """
SELECT s.posted + COALESCE((SELECT sum(d.units) FROM ledger_system_delta d WHERE d.account_id = s.account_id), 0)
  FROM ledger_account a JOIN ledger_system_balance s ON s.account_id = a.id WHERE a.code = %s AND a.asset = %s
"""
TRIAL_BALANCE: Final = """
SELECT s.kind, s.name, s.asset, count(*), sum(s.units) FROM (
  SELECT a.kind, 'customers:' || regexp_replace(a.code, '^cust:[0-9a-f]+:', '') AS name, a.asset, b.posted AS units
    FROM ledger_account a JOIN ledger_balance b ON b.account_id = a.id
  UNION ALL
  SELECT a.kind, a.code, a.asset, s.posted + COALESCE(d.units, 0)
    FROM ledger_account a JOIN ledger_system_balance s ON s.account_id = a.id
    LEFT JOIN (SELECT account_id, sum(units) AS units FROM ledger_system_delta GROUP BY account_id) d
      ON d.account_id = a.id) s
 GROUP BY s.kind, s.name, s.asset ORDER BY s.asset, s.kind, s.name
"""
PROOF: Final = """
SELECT a.asset, count(*), COALESCE(sum(l.units) FILTER (WHERE l.units > 0), 0),
       COALESCE(-sum(l.units) FILTER (WHERE l.units < 0), 0)
  FROM ledger_line l JOIN ledger_account a ON a.id = l.account_id GROUP BY a.asset ORDER BY a.asset
"""
HOLD_COLUMNS: Final = """
SELECT h.id, h.transaction_id, a.code, a.asset, h.kind, h.units, h.captured, h.deadline, h.outcome, h.placed_at,
       h.resolved_at FROM ledger_hold h JOIN ledger_account a ON a.id = h.account_id
"""
HOLDS_FOR: Final = HOLD_COLUMNS + " WHERE h.transaction_id = ANY (%s) ORDER BY h.placed_at, h.id"
OVERDUE_HOLDS: Final = (
    HOLD_COLUMNS + " WHERE h.outcome = '' AND h.deadline <= (SELECT clock_timestamp()) ORDER BY h.placed_at LIMIT %s"
)
EXPECTATIONS_FOR: Final = """
SELECT x.id, x.transaction_id, a.code, a.asset, x.units, x.state, x.deadline, x.written_at, x.resolved_at
  FROM ledger_expectation x JOIN ledger_account a ON a.id = x.account_id
 WHERE x.transaction_id = ANY (%s) ORDER BY x.written_at, x.id
"""
LOTS_FOR: Final = """
SELECT t.id, t.transaction_id, a.code, a.asset, t.units, t.open_units, t.opened_at, t.release_at
  FROM ledger_lot t JOIN ledger_account a ON a.id = t.account_id
 WHERE t.transaction_id = ANY (%s) ORDER BY t.opened_at, t.id
"""
ENTRIES_FOR: Final = """
SELECT e.id, e.key, e.kind, e.transaction_id, e.posted_at, l.line_no, a.code, a.asset, l.units
  FROM ledger_entry e JOIN ledger_line l ON l.entry_id = e.id JOIN ledger_account a ON a.id = l.account_id
 WHERE e.transaction_id = ANY (%s) ORDER BY e.posted_at, e.id, l.line_no
"""
