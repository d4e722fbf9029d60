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
from core.ledger.reading import statements
from core.ledger.reading.values import (
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
from core.resilience import statements as prepared

MAX_LINES: Final = 1000


def balances(*, customer_id: UUID) -> list[BalanceView]:
    """Return every balance of a customer, in the order in which the accounts were opened."""
    return balances_of(customer_ids=[customer_id])


def balances_of(*, customer_ids: Sequence[UUID]) -> list[BalanceView]:
    """Return every balance of several customers, by customer and then in the order of opening."""
    return [_balance(row) for row in prepared.fetch(statements.BALANCES, [list(customer_ids)])]


def available(*, customer_id: UUID, domain: str, asset: str) -> int:
    """Return what a customer can spend of one asset in one domain, pooled. Units: smallest of the asset."""
    code = accounts.customer(customer_id, domain, asset).code
    rows = _rows(statements.AVAILABLE, [code, asset])
    return int(rows[0][0]) if rows else 0


def owed(*, customer_ids: Sequence[UUID]) -> dict[tuple[UUID, str], Money]:
    """Return what customers owe us, by customer and asset; who owes nothing is not in it."""
    rows = prepared.fetch(statements.OWED, [list(customer_ids)])
    return {(customer_id, asset): _money(units, asset) for customer_id, asset, units in rows}


def balances_at(*, customer_id: UUID, at: datetime) -> list[tuple[str, Money]]:
    """Return what the customer's accounts held at a moment, from the journal. Shape: (account code, money)."""
    rows = _rows(statements.BALANCES_AT, [at, customer_id])
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
        statements.STATEMENT,
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
    rows = _rows(statements.SYSTEM_BALANCE, [account.code, account.asset])
    return _money(rows[0][0] if rows else 0, account.asset)


def cover(*, provider: str, asset: str, role: str = "available") -> Money:
    """Return what a provider holds of ours in one of its accounts, as a positive amount."""
    return -system_balance(account=accounts.external(provider, role, asset))


def trial_balance() -> list[TrialRow]:
    """Return the balances of all system accounts, and of customers' accounts added up by name, per asset."""
    return [
        TrialRow(kind=kind, name=name, asset=asset, accounts=count, total=_money(total, asset))
        for kind, name, asset, count, total in _rows(statements.TRIAL_BALANCE, [])
    ]


def proof() -> list[Proof]:
    """Return the journal's credits and debits per asset, summed from the lines themselves."""
    return [
        Proof(asset=asset, lines=count, credits=_money(plus, asset), debits=_money(minus, asset))
        for asset, count, plus, minus in _rows(statements.PROOF, [])
    ]


def holds_for(*, transaction_ids: Sequence[UUID]) -> list[HoldView]:
    """Return the holds of some transactions, oldest first."""
    return [_hold(row) for row in _rows(statements.HOLDS_FOR, [list(transaction_ids)])]


def overdue_holds(*, limit: int) -> list[HoldView]:
    """Return open holds whose deadline has passed by the database's clock, the oldest first."""
    return [_hold(row) for row in _rows(statements.OVERDUE_HOLDS, [limit])]


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
        for row in _rows(statements.EXPECTATIONS_FOR, [list(transaction_ids)])
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
        for row in _rows(statements.LOTS_FOR, [list(transaction_ids)])
    ]


def entries_for(*, transaction_ids: Sequence[UUID]) -> list[EntryView]:
    """Return the journal entries of some transactions with their lines, oldest first."""
    rows = _rows(statements.ENTRIES_FOR, [list(transaction_ids)])
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
