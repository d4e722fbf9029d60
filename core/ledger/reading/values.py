"""What queries answer with: frozen values, no database."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from core.kernel.money import Money


@dataclass(frozen=True, slots=True, kw_only=True)
class BalanceView:
    """What one account of a customer holds at one moment. ``custody`` is empty for receivable and blocked accounts."""

    account_id: int
    code: str
    kind: str
    customer_id: UUID
    domain: str
    custody: str
    asset: str
    posted: Money
    held: Money
    incoming: Money
    reversible: Money
    version: int
    updated_at: datetime

    @property
    def available(self) -> Money:
        """What can be spent inside the platform."""
        return self.posted - self.held

    @property
    def withdrawable(self) -> Money:
        """What may leave: never less than zero, never money that can still be taken back."""
        return max(self.available - self.reversible, Money.zero(self.posted.asset))


@dataclass(frozen=True, slots=True, kw_only=True)
class StatementLine:
    """One line of a customer's statement and the balance right after it."""

    seq: int
    entry_id: UUID
    entry_key: str
    kind: str
    transaction_id: UUID | None
    account: str
    domain: str
    asset: str
    amount: Money
    balance: Money
    posted_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class StatementPage:
    """Lines, newest first. ``next_before`` asks for the page after this one; None: there is none."""

    lines: list[StatementLine]
    next_before: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class TrialRow:
    """One line of the trial balance: a system account, or all customers' accounts of one name together."""

    kind: str
    name: str
    asset: str
    accounts: int
    total: Money


@dataclass(frozen=True, slots=True, kw_only=True)
class Proof:
    """All journal lines of one asset: what was credited, what was debited; equal, or the books are broken."""

    asset: str
    lines: int
    credits: Money
    debits: Money

    @property
    def balances(self) -> bool:
        return self.credits == self.debits


@dataclass(frozen=True, slots=True, kw_only=True)
class HoldView:
    """One hold. ``outcome`` is empty while it is open; ``deadline`` None is a pinned or legal one."""

    id: UUID
    transaction_id: UUID | None
    account: str
    kind: str
    amount: Money
    captured: Money
    deadline: datetime | None
    outcome: str
    placed_at: datetime
    resolved_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ExpectationView:
    """One expected inflow."""

    id: UUID
    transaction_id: UUID | None
    account: str
    amount: Money
    state: str
    deadline: datetime | None
    written_at: datetime
    resolved_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class LotView:
    """One reversible inflow and how much of it is still open."""

    id: UUID
    transaction_id: UUID | None
    account: str
    amount: Money
    open_amount: Money
    opened_at: datetime
    release_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class EntryLineView:
    """One line of an entry."""

    line_no: int
    account: str
    amount: Money


@dataclass(frozen=True, slots=True, kw_only=True)
class EntryView:
    """One journal entry with its lines in order."""

    id: UUID
    key: str
    kind: str
    transaction_id: UUID | None
    posted_at: datetime
    lines: tuple[EntryLineView, ...]
