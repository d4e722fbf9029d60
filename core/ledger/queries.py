"""Reads of the ledger. Each public function is one statement, so what it returns is of one moment."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from itertools import groupby
from typing import Any, Final, NamedTuple
from uuid import UUID

from django.db import connection

from core.kernel import assets
from core.kernel.money import Money
from core.ledger import accounts
from core.ledger.accounts import AccountRef
from core.ledger.models import AccountKind
from core.ledger.readings import (
    BalanceView,
    EntryLineView,
    EntryView,
    ExpectationView,
    HoldView,
    LotView,
    Proof,
    StatementLine,
    StatementPage,
    TrialRow,
)

MAX_LINES: Final = 1000

_BALANCES: Final = """
SELECT a.id, a.code, a.kind, a.customer_id, a.domain, a.asset, b.posted, b.held, b.incoming, b.reversible, b.version,
       b.updated_at
  FROM ledger_account a JOIN ledger_balance b ON b.account_id = a.id
 WHERE a.customer_id = ANY (%s) ORDER BY a.customer_id, a.id
"""
_AVAILABLE: Final = """
SELECT b.posted - b.held FROM ledger_account a JOIN ledger_balance b ON b.account_id = a.id
 WHERE a.code = %s AND a.asset = %s
"""
_BALANCES_AT: Final = """
SELECT a.code, a.asset, COALESCE((SELECT sum(l.units) FROM ledger_line l JOIN ledger_entry e ON e.id = l.entry_id
                                   WHERE l.account_id = a.id AND e.posted_at <= %s), 0)
  FROM ledger_account a WHERE a.customer_id = %s ORDER BY a.id
"""
# A page is the newest lines of each account, merged. The balance after the newest of them is what is posted now less
# everything later; the others follow by subtraction.
_STATEMENT: Final = """
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
_SYSTEM_BALANCE: Final = """
SELECT s.posted + COALESCE((SELECT sum(d.units) FROM ledger_system_delta d WHERE d.account_id = s.account_id), 0)
  FROM ledger_account a JOIN ledger_system_balance s ON s.account_id = a.id WHERE a.code = %s AND a.asset = %s
"""
_TRIAL_BALANCE: Final = """
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
_PROOF: Final = """
SELECT a.asset, count(*), COALESCE(sum(l.units) FILTER (WHERE l.units > 0), 0),
       COALESCE(-sum(l.units) FILTER (WHERE l.units < 0), 0)
  FROM ledger_line l JOIN ledger_account a ON a.id = l.account_id GROUP BY a.asset ORDER BY a.asset
"""
_HOLD_COLUMNS: Final = """
SELECT h.id, h.transaction_id, a.code, a.asset, h.kind, h.units, h.captured, h.deadline, h.outcome, h.placed_at,
       h.resolved_at FROM ledger_hold h JOIN ledger_account a ON a.id = h.account_id
"""
_HOLDS_FOR: Final = _HOLD_COLUMNS + " WHERE h.transaction_id = ANY (%s) ORDER BY h.placed_at, h.id"
_OVERDUE_HOLDS: Final = (
    _HOLD_COLUMNS + " WHERE h.outcome = '' AND h.deadline <= (SELECT clock_timestamp()) ORDER BY h.deadline LIMIT %s"
)
_EXPECTATIONS_FOR: Final = """
SELECT x.id, x.transaction_id, a.code, a.asset, x.units, x.state, x.deadline, x.written_at, x.resolved_at
  FROM ledger_expectation x JOIN ledger_account a ON a.id = x.account_id
 WHERE x.transaction_id = ANY (%s) ORDER BY x.written_at, x.id
"""
_LOTS_FOR: Final = """
SELECT t.id, t.transaction_id, a.code, a.asset, t.units, t.open_units, t.opened_at, t.release_at
  FROM ledger_lot t JOIN ledger_account a ON a.id = t.account_id
 WHERE t.transaction_id = ANY (%s) ORDER BY t.opened_at, t.id
"""
_ENTRIES_FOR: Final = """
SELECT e.id, e.key, e.kind, e.transaction_id, e.posted_at, l.line_no, a.code, a.asset, l.units
  FROM ledger_entry e JOIN ledger_line l ON l.entry_id = e.id JOIN ledger_account a ON a.id = l.account_id
 WHERE e.transaction_id = ANY (%s) ORDER BY e.posted_at, e.id, l.line_no
"""


def balances(*, customer_id: UUID) -> list[BalanceView]:
    """Return every balance of a customer, in the order in which the accounts were opened."""
    return balances_of(customer_ids=[customer_id])


def balances_of(*, customer_ids: Sequence[UUID]) -> list[BalanceView]:
    """Return every balance of several customers, by customer and then in the order of opening."""
    return [_balance(row) for row in _rows(_BALANCES, [list(customer_ids)])]


def available(*, customer_id: UUID, domain: str, asset: str) -> int:
    """Return what a customer can spend of one asset in one domain, pooled. Units: smallest of the asset."""
    code = accounts.customer(customer_id, domain, asset).code
    rows = _rows(_AVAILABLE, [code, asset])
    return int(rows[0][0]) if rows else 0


def balances_at(*, customer_id: UUID, at: datetime) -> list[tuple[str, Money]]:
    """Return what the customer's accounts held at a moment, from the journal. Shape: (account code, money)."""
    rows = _rows(_BALANCES_AT, [at, customer_id])
    return [(code, _money(units, asset)) for code, asset, units in rows]


class Period(NamedTuple):
    """From ``since`` on, before ``until``; None is open."""

    since: datetime | None = None
    until: datetime | None = None


ALWAYS: Final = Period()


def statement(
    *,
    customer_id: UUID,
    before: int | None = None,
    limit: int = 25,
    asset: str = "",
    domain: str = "",
    period: Period = ALWAYS,
) -> StatementPage:
    """Return a page of a customer's journal lines, newest first, each with the balance of its account after it.

    Shape: at most ``limit`` lines, no more than 1000; ``before`` is the previous page's ``next_before``.
    """
    size = max(1, min(limit, MAX_LINES))
    rows = _rows(
        _STATEMENT,
        {
            "customer": customer_id,
            "asset": asset,
            "domain": domain,
            "before": 2**63 - 1 if before is None else before,
            "since": period.since,
            "until": period.until,
            "limit": size + 1,
        },
    )
    lines = [_statement_line(row) for row in rows[:size]]
    return StatementPage(lines=lines, next_before=lines[-1].seq if len(rows) > size else None)


def system_balance(*, account: AccountRef) -> Money:
    """Return the balance of a system account: its folded row and its deltas. Zero if it was never used."""
    rows = _rows(_SYSTEM_BALANCE, [account.code, account.asset])
    return _money(rows[0][0] if rows else 0, account.asset)


def cover(*, provider: str, asset: str, role: str = "available") -> Money:
    """Return what a provider holds of ours in one of its accounts, as a positive amount."""
    return -system_balance(account=accounts.external(provider, role, asset))


def trial_balance() -> list[TrialRow]:
    """Return the balances of all system accounts, and of customers' accounts added up by name, per asset."""
    return [
        TrialRow(kind=kind, name=name, asset=asset, accounts=count, total=_money(total, asset))
        for kind, name, asset, count, total in _rows(_TRIAL_BALANCE, [])
    ]


def proof() -> list[Proof]:
    """Return the journal's credits and debits per asset, summed from the lines themselves."""
    return [
        Proof(asset=asset, lines=count, credits=_money(plus, asset), debits=_money(minus, asset))
        for asset, count, plus, minus in _rows(_PROOF, [])
    ]


def holds_for(*, transaction_ids: Sequence[UUID]) -> list[HoldView]:
    """Return the holds of some transactions, oldest first."""
    return [_hold(row) for row in _rows(_HOLDS_FOR, [list(transaction_ids)])]


def overdue_holds(*, limit: int) -> list[HoldView]:
    """Return open holds whose deadline has passed by the database's clock, the longest overdue first."""
    return [_hold(row) for row in _rows(_OVERDUE_HOLDS, [limit])]


def expectations_for(*, transaction_ids: Sequence[UUID]) -> list[ExpectationView]:
    """Return the expected inflows of some transactions, oldest first."""
    return [
        ExpectationView(
            id=row[0],
            transaction_id=row[1],
            account=row[2],
            amount=_money(row[4], row[3]),
            state=row[5],
            deadline=row[6],
            written_at=row[7],
            resolved_at=row[8],
        )
        for row in _rows(_EXPECTATIONS_FOR, [list(transaction_ids)])
    ]


def lots_for(*, transaction_ids: Sequence[UUID]) -> list[LotView]:
    """Return the reversible lots of some transactions, oldest first."""
    return [
        LotView(
            id=row[0],
            transaction_id=row[1],
            account=row[2],
            amount=_money(row[4], row[3]),
            open_amount=_money(row[5], row[3]),
            opened_at=row[6],
            release_at=row[7],
        )
        for row in _rows(_LOTS_FOR, [list(transaction_ids)])
    ]


def entries_for(*, transaction_ids: Sequence[UUID]) -> list[EntryView]:
    """Return the journal entries of some transactions with their lines, oldest first."""
    rows = _rows(_ENTRIES_FOR, [list(transaction_ids)])
    return [_entry(list(group)) for _, group in groupby(rows, key=lambda row: row[0])]


def _rows(sql: str, params: Sequence[Any] | dict[str, Any]) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(sql, params)
        rows: list[tuple[Any, ...]] = cursor.fetchall()
    return rows


def _money(units: Any, asset: str) -> Money:
    return Money(int(units), assets.get(asset))


def _balance(row: tuple[Any, ...]) -> BalanceView:
    account_id, code, kind, customer_id, domain, asset, posted, held, incoming, reversible, version, updated_at = row
    return BalanceView(
        account_id=account_id,
        code=code,
        kind=kind,
        customer_id=customer_id,
        domain=domain,
        custody=code.rpartition(":")[2] if kind == AccountKind.CUSTOMER else "",
        asset=asset,
        posted=_money(posted, asset),
        held=_money(held, asset),
        incoming=_money(incoming, asset),
        reversible=_money(reversible, asset),
        version=version,
        updated_at=updated_at,
    )


def _statement_line(row: tuple[Any, ...]) -> StatementLine:
    seq, entry_id, key, kind, transaction_id, code, domain, asset, units, balance, posted_at = row
    return StatementLine(
        seq=seq,
        entry_id=entry_id,
        entry_key=key,
        kind=kind,
        transaction_id=transaction_id,
        account=code,
        domain=domain,
        asset=asset,
        amount=_money(units, asset),
        balance=_money(balance, asset),
        posted_at=posted_at,
    )


def _hold(row: tuple[Any, ...]) -> HoldView:
    hold_id, transaction_id, code, asset, kind, units, captured, deadline, outcome, placed_at, resolved_at = row
    return HoldView(
        id=hold_id,
        transaction_id=transaction_id,
        account=code,
        kind=kind,
        amount=_money(units, asset),
        captured=_money(captured, asset),
        deadline=deadline,
        outcome=outcome,
        placed_at=placed_at,
        resolved_at=resolved_at,
    )


def _entry(rows: list[tuple[Any, ...]]) -> EntryView:
    entry_id, key, kind, transaction_id, posted_at = rows[0][:5]
    lines = tuple(
        EntryLineView(line_no=number, account=code, amount=_money(units, asset))
        for *_, number, code, asset, units in rows
    )
    return EntryView(id=entry_id, key=key, kind=kind, transaction_id=transaction_id, posted_at=posted_at, lines=lines)
