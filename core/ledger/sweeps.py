"""What beat has done from time to time: frees lots whose time has passed, folds the deltas of system accounts."""

from __future__ import annotations

from uuid import UUID

from django.db import connection, transaction

from core.kernel import assets
from core.ledger import queries
from core.ledger.reading.values import HoldView
from core.outbox import streams
from core.outbox.streams import StreamEntry


def close_lots(*, limit: int) -> int:
    """Free up to ``limit`` reversible lots that are due by the database's clock, and tell their owners' streams.

    Returns how many balances changed; zero when nothing is due.
    """
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SELECT customer, domain, asset FROM ledger_close_lots(%s)", [limit])
        changed = cursor.fetchall()
        if changed:
            streams.append(rows=[_news(*row) for row in changed])
    return len(changed)


def roll_up(*, limit: int) -> int:
    """Fold up to ``limit`` deltas into the balances of their system accounts. Returns how many were folded."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SELECT ledger_roll_up(%s)", [limit])
        return int(cursor.fetchone()[0])


def overdue_holds(*, limit: int) -> list[HoldView]:
    """Return open holds past their deadline. Whether one may expire is for orchestration to decide."""
    return queries.overdue_holds(limit=limit)


def _news(customer_id: UUID, domain: str, code: str) -> StreamEntry:
    asset = assets.get(code)
    data = {"domain": domain, "asset": asset.symbol, "chain": asset.chain}
    return StreamEntry(customer_id=customer_id, channel="balances", type="balance.changed", data=data)
