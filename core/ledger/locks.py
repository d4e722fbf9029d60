"""The one place, besides ``ledger_apply``, that locks balances: for callers who must decide on what they read."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from django.db import connection

from core.kernel import assets, errors
from core.kernel.money import Money
from core.ledger import accounts
from core.ledger.accounts import AccountRef
from core.ledger.models import Bound


class NoTransaction(errors.SystemFault):
    """A lock was asked for outside of a transaction, where it would be gone at once. A defect of the caller."""

    default_code = "no_transaction"


@dataclass(frozen=True, slots=True, kw_only=True)
class LockedBalance:
    """What an account holds, and will hold until this transaction ends."""

    posted: Money
    held: Money
    incoming: Money
    reversible: Money
    version: int

    @property
    def available(self) -> Money:
        return self.posted - self.held


def lock(*, refs: Iterable[AccountRef]) -> dict[AccountRef, LockedBalance]:
    """Lock customers' balances in account order, all at once, and return what they hold.

    Creates accounts that do not exist yet.
    Needs: an open transaction in which no balance was locked before; transaction rows are locked earlier.
    Raises: NoTransaction; UnknownAccount for a system account, which has no balance to lock.
    """
    if not connection.in_atomic_block:
        raise NoTransaction(detail="Balances are locked inside a transaction.")
    by_id = {pk: ref for ref, pk in accounts.ensure(refs).items()}
    unbounded = [ref.code for ref in by_id.values() if ref.bound is Bound.NONE]
    if unbounded:
        raise accounts.UnknownAccount(detail=f"System accounts are never locked: {', '.join(unbounded)}.")
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT account_id, posted, held, incoming, reversible, version FROM ledger_balance"
            " WHERE account_id = ANY (%s) ORDER BY account_id FOR UPDATE",
            [sorted(by_id)],
        )
        rows = cursor.fetchall()
    return {by_id[pk]: _locked(by_id[pk], [int(part) for part in parts]) for pk, *parts in rows}


def _locked(ref: AccountRef, parts: list[int]) -> LockedBalance:
    asset = assets.get(ref.asset)
    posted, held, incoming, reversible, version = parts
    return LockedBalance(
        posted=Money(posted, asset),
        held=Money(held, asset),
        incoming=Money(incoming, asset),
        reversible=Money(reversible, asset),
        version=version,
    )
