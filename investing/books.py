"""Investing's part in proving the books: holdings are the sum of their changes, and of the journal's trades."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from django.db import connection

from core.audit.books import Break

# Each statement answers (subject, detail) for every break, and nothing when the promise is kept.
CHECKS: Final[dict[str, str]] = {
    "investing.holding_is_sum_of_changes": """
        SELECT 'holding ' || h.id,
               h.quantity || '/' || h.cost || '/' || h.profit || ' after ' || h.changes || ' changes, which sum to '
               || COALESCE(c.quantity, 0) || '/' || COALESCE(c.cost, 0) || '/' || COALESCE(c.profit, 0)
               || ' in ' || COALESCE(c.changes, 0)
          FROM investing_holding h
          LEFT JOIN (SELECT holding_id, sum(quantity) AS quantity, sum(cost) AS cost, sum(profit) AS profit,
                            count(*) AS changes
                       FROM investing_holdingchange GROUP BY holding_id) c ON c.holding_id = h.id
         WHERE (h.quantity, h.cost, h.profit, h.changes) IS DISTINCT FROM
               (COALESCE(c.quantity, 0), COALESCE(c.cost, 0), COALESCE(c.profit, 0), COALESCE(c.changes, 0)::int)
    """,
    "investing.change_follows_the_one_before": """
        SELECT 'change ' || s.number || ' of holding ' || s.holding_id,
               'after it ' || s.quantity_after || '/' || s.cost_after || '/' || s.profit_after
          FROM (SELECT c.*, lag(c.number, 1, 0) OVER w AS number_before,
                       lag(c.quantity_after, 1, 0) OVER w AS quantity_before,
                       lag(c.cost_after, 1, 0) OVER w AS cost_before,
                       lag(c.profit_after, 1, 0) OVER w AS profit_before
                  FROM investing_holdingchange c WINDOW w AS (PARTITION BY c.holding_id ORDER BY c.number)) s
         WHERE s.number <> s.number_before + 1 OR s.quantity_after <> s.quantity_before + s.quantity
            OR s.cost_after <> s.cost_before + s.cost OR s.profit_after <> s.profit_before + s.profit
    """,
    "investing.holding_equals_trades": """
        SELECT 'customer ' || COALESCE(h.customer_id, j.customer_id) || ' ' || COALESCE(h.asset, j.asset),
               'held ' || COALESCE(h.units, 0) || ', the journal''s trades sum to ' || COALESCE(j.units, 0)
          FROM (SELECT h.customer_id, h.asset, sum(c.quantity - c.untracked) AS units
                  FROM investing_holding h JOIN investing_holdingchange c ON c.holding_id = h.id
                 GROUP BY h.customer_id, h.asset) h
          FULL JOIN (SELECT a.customer_id, a.asset, sum(l.units) AS units
                       FROM ledger_account a JOIN ledger_line l ON l.account_id = a.id
                       JOIN ledger_entry e ON e.id = l.entry_id
                      WHERE a.domain = 'investing' AND e.kind IN ('buy_fill', 'sell_fill', 'late_trade')
                      GROUP BY a.customer_id, a.asset) j
            ON j.customer_id = h.customer_id AND j.asset = h.asset
         WHERE COALESCE(h.units, 0) <> COALESCE(j.units, 0)
    """,
    "investing.fill_is_posted": """
        SELECT 'fill ' || f.trade_id || ' of transaction ' || f.transaction_id, 'there is no entry of it'
          FROM investing_investingfill f
         WHERE NOT EXISTS (SELECT FROM ledger_entry e WHERE e.key IN
                 (f.transaction_id || ':fill:' || f.trade_id, f.transaction_id || ':reversal'))
    """,
    "investing.order_is_sum_of_fills": """
        SELECT 'order of transaction ' || d.transaction_id,
               'spent ' || d.spent || ' and received ' || d.received || ', its fills sum to '
               || COALESCE(f.spent, 0) || ' and ' || COALESCE(f.received, 0)
          FROM investing_investingdetail d
          LEFT JOIN (SELECT transaction_id, sum(paid + our_fee) AS spent, sum(received) AS received
                       FROM investing_investingfill GROUP BY transaction_id) f ON f.transaction_id = d.transaction_id
         WHERE d.received <> COALESCE(f.received, 0) OR d.spent > COALESCE(f.spent, 0)
    """,
}


def breaks() -> Iterator[Break]:
    """Yield every break of investing's promises, check by check. Reads only; safe beside live traffic."""
    for check, statement in CHECKS.items():
        with connection.cursor() as cursor:
            cursor.execute(statement)
            for subject, detail in cursor.fetchall():
                yield Break(check=check, subject=subject, detail=detail)
