"""DeFi's part of the books: positions are what the ledger says they are."""

from __future__ import annotations

from collections.abc import Iterable

from django.db import connection

from core.audit.books import Break

_CHECKS = {
    # A customer's units of a receipt asset lie at his own address, one account for all of his positions in it.
    "position_differs_from_ledger": """
        SELECT coalesce(p.customer_id, b.customer_id),
               coalesce(p.asset, b.asset) || ': positions ' || coalesce(p.units, 0)
               || ', ledger ' || coalesce(b.units, 0)
        FROM (SELECT p.customer_id, s.receipt_asset AS asset, sum(p.units) AS units
              FROM defi_position p JOIN defi_strategy s ON s.id = p.strategy_id
              GROUP BY p.customer_id, s.receipt_asset) p
        FULL JOIN (SELECT a.customer_id, a.asset, sum(b.posted) AS units
                   FROM ledger_account a JOIN ledger_balance b ON b.account_id = a.id
                   WHERE a.domain = 'defi' AND a.asset IN (SELECT receipt_asset FROM defi_strategy)
                   GROUP BY a.customer_id, a.asset) b
          ON b.customer_id = p.customer_id AND b.asset = p.asset
        WHERE coalesce(p.units, 0) <> coalesce(b.units, 0)
    """,
    "position_differs_from_its_history": """
        SELECT p.id, p.units || ', ' || p.cost_units || ', ' || p.realised_units || ', ' || p.fee_units || ' but '
               || coalesce(h.units, 0) || ', ' || coalesce(h.cost, 0) || ', ' || coalesce(h.realised, 0) || ', '
               || coalesce(h.fees, 0)
        FROM defi_position p
        LEFT JOIN (SELECT position_id, sum(units) AS units, sum(cost_units) AS cost, sum(realised_units) AS realised,
                          sum(fee_units) AS fees
                   FROM defi_positionchange GROUP BY position_id) h ON h.position_id = p.id
        WHERE (p.units, p.cost_units, p.realised_units, p.fee_units) IS DISTINCT FROM
              (coalesce(h.units, 0), coalesce(h.cost, 0), coalesce(h.realised, 0), coalesce(h.fees, 0))
    """,
    "start_and_position_disagree": """
        SELECT p.id, p.state || ' but its start is ' || t.state
        FROM defi_position p JOIN orchestration_transaction t ON t.id = p.opened_by_id
        WHERE (p.state IN ('active', 'closing') AND t.state <> 'YIELD_STRATEGY_ACTIVE')
           OR (p.state = 'closed' AND t.state = 'YIELD_STRATEGY_ACTIVE')
    """,
    "strategy_without_position": """
        SELECT t.id, t.state || ' without an open position'
        FROM orchestration_transaction t
        WHERE t.domain = 'defi' AND t.state = 'YIELD_STRATEGY_ACTIVE'
          AND NOT EXISTS (SELECT FROM defi_position p WHERE p.opened_by_id = t.id AND p.state <> 'closed')
    """,
}


def breaks() -> Iterable[Break]:
    """Return every position of which something that must be true is not, named with what it is."""
    for name, sql in _CHECKS.items():
        with connection.cursor() as cursor:
            cursor.execute(sql)
            for subject, detail in cursor.fetchall():
                yield Break(check=name, subject=f"defi:{subject}", detail=str(detail))
