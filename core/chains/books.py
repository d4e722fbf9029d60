"""What must be true of wallets, transactions and blocks at every quiet moment. Money is the ledger's to check."""

from __future__ import annotations

from collections.abc import Iterator

from django.db import connection

from core.audit.books import Break
from core.chains.sending.steps import TOP_UP

_NONCES = """
    SELECT w.address, format('the next nonce is %s, and %s were taken up to %s', w.next_nonce, t.taken, t.last)
      FROM chains_wallet w
      JOIN (SELECT wallet_id, count(nonce) AS taken, max(nonce) AS last FROM chains_transaction GROUP BY 1) t
        ON t.wallet_id = w.id
     WHERE w.next_nonce <> t.taken OR (t.taken > 0 AND t.last <> t.taken - 1)
    UNION ALL
    SELECT w.address, format('the next nonce is %s, and nothing was signed', w.next_nonce)
      FROM chains_wallet w
     WHERE w.next_nonce > 0 AND NOT EXISTS (SELECT FROM chains_transaction t WHERE t.wallet_id = w.id)
"""
_UNSIGNED = """
    SELECT t.id::text, format('has nonce %s and was never signed', t.nonce)
      FROM chains_transaction t
     WHERE t.nonce IS NOT NULL AND NOT EXISTS (SELECT FROM chains_broadcast b WHERE b.transaction_id = t.id)
"""
_GAS = """
    WITH stands AS (
      SELECT w.chain, t.wallet_id, t."to", t.label, t.value, i.succeeded, i.gas_used * i.gas_price AS gas
        FROM chains_inclusion i JOIN chains_transaction t ON t.id = i.transaction_id
        JOIN chains_wallet w ON w.id = t.wallet_id
       WHERE i.vanished_at IS NULL AND i.broadcast_id IS NOT NULL),
    spent AS (SELECT wallet_id, sum(gas) AS gas FROM stands GROUP BY 1),
    brought AS (SELECT chain, "to" AS address, sum(value) AS gas FROM stands
                 WHERE succeeded AND label = %s GROUP BY 1, 2)
    SELECT w.address, format('counts %%s gas spent and %%s received; its blocks say %%s and %%s',
                             w.gas_spent, w.gas_received, coalesce(s.gas, 0), coalesce(b.gas, 0))
      FROM chains_wallet w
      LEFT JOIN spent s ON s.wallet_id = w.id
      LEFT JOIN brought b ON b.chain = w.chain AND b.address = w.address
     WHERE w.gas_spent <> coalesce(s.gas, 0) OR w.gas_received <> coalesce(b.gas, 0)
"""
_STATES = """
    SELECT o.key, format('is %s; of %s steps %s are in blocks, %s refused', o.state, n.steps, n.stand, n.refused)
      FROM chains_operation o
      JOIN (SELECT t.operation_id, count(*) AS steps, count(i.id) AS stand, count(i.id) FILTER (WHERE NOT i.succeeded)
                   AS refused
              FROM chains_transaction t
              LEFT JOIN chains_inclusion i ON i.transaction_id = t.id AND i.vanished_at IS NULL
             GROUP BY 1) n ON n.operation_id = o.id
     WHERE (o.state IN ('mined', 'final') AND (n.stand <> n.steps OR n.refused > 0))
        OR (o.state IN ('reverting', 'reverted') AND n.refused = 0)
"""
_BLOCKS = """
    SELECT b.chain || ' ' || b.number, 'does not follow the block before it'
      FROM chains_block b JOIN chains_block p ON p.chain = b.chain AND p.number = b.number - 1
     WHERE b.parent_hash <> p.block_hash
    UNION ALL
    SELECT c.chain, format('is read up to block %s, and the newest that is remembered is %s', c.number, max(b.number))
      FROM chains_cursor c JOIN chains_block b ON b.chain = c.chain
     GROUP BY c.chain, c.number HAVING max(b.number) <> c.number
"""
_FROZEN = "SELECT address, frozen_reason FROM chains_wallet WHERE frozen_at IS NOT NULL"
_CHECKS: tuple[tuple[str, str, list[str] | None], ...] = (
    ("nonces", _NONCES, None),
    ("signatures", _UNSIGNED, None),
    ("gas", _GAS, [TOP_UP]),
    ("operations", _STATES, None),
    ("blocks", _BLOCKS, None),
    ("wallets", _FROZEN, None),
)


def breaks() -> Iterator[Break]:
    """Yield holes in nonces, unsigned nonces, miscounted gas, states that no block bears out, and frozen wallets."""
    with connection.cursor() as cursor:
        for name, sql, params in _CHECKS:
            cursor.execute(sql, params)
            for subject, detail in cursor.fetchall():
                yield Break(check=f"chains {name}", subject=subject, detail=detail)
