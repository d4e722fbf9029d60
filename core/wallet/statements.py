"""The statement as a file: CSV that a spreadsheet reads, newest line first."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from core.kernel.clock import rfc3339
from core.kernel.ids import Prefix, render
from core.ledger import queries
from core.ledger.reading.values import StatementLine
from core.wallet import shapes

COLUMNS = (
    "at", "entry_id", "kind", "transaction_id", "account", "asset", "chain", "direction", "amount", "balance",
)  # fmt: skip
MAX_LINES = 20_000
_PAGE = 1000


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """Which lines: of one asset instance or domain (empty: all), of a period."""

    customer_id: UUID
    asset: str = ""
    domain: str = ""
    period: queries.Period = queries.ALWAYS

    @property
    def filters(self) -> Mapping[str, Any]:
        return {"customer_id": self.customer_id, "asset": self.asset, "domain": self.domain, "period": self.period}


def lines(wish: Wish) -> Iterator[StatementLine]:
    """Yield the newest lines, page by page, at most 20,000: ask for a period to get older ones."""
    before = None
    left = MAX_LINES
    while left > 0:
        page = queries.statement(before=before, limit=min(_PAGE, left), **wish.filters)
        yield from page.lines
        if page.next_before is None:
            return
        before, left = page.next_before, left - len(page.lines)


def as_csv(wish: Wish) -> Iterator[str]:
    """Yield the file in pieces: the header, then one line per journal line."""
    yield _row(COLUMNS)
    for line in lines(wish):
        asset = line.amount.asset
        yield _row(
            (
                rfc3339(line.posted_at),
                render(Prefix.ENTRY, line.entry_id),
                line.kind,
                shapes.transaction_id(line) or "",
                shapes.account_name(line),
                asset.symbol,
                asset.chain or "",
                "debit" if line.amount.units < 0 else "credit",
                line.amount.text.removeprefix("-"),
                line.balance.text,
            )
        )


def _row(values: tuple[str, ...]) -> str:
    out = io.StringIO()
    csv.writer(out).writerow(values)
    return out.getvalue()
