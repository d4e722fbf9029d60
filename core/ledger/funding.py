"""How our own money comes in: cover at a provider, and demo money for a customer. Ordinary entries against equity."""

from __future__ import annotations

from uuid import UUID

from core.kernel import errors, ids
from core.kernel.money import Money
from core.ledger import accounts, posting
from core.ledger.accounts import AccountRef
from core.ledger.movements import Entry, Line, Movement, Ruling


class NotFunded(errors.SystemFault):
    """An entry against equity was refused, which only a defect can bring about."""

    default_code = "not_funded"


def open(*, provider: str, amount: Money, role: str = "available", key: str = "") -> bool:  # noqa: A001 - read funding.open
    """Record that ``amount`` of our own lies with a provider. Returns False if this was recorded before.

    ``key`` tells one opening from another; by default a provider, role and asset has one.
    """
    there = accounts.external(provider, role, amount.asset)
    return _post(key or f"opening:{there.code}:{amount.asset.code}", "opening", there, -amount)


def open_on_chain(*, role: str, amount: Money) -> bool:
    """Record that ``amount`` of our own lies at an address of ours. Returns False if this was recorded before."""
    there = accounts.on_chain(role, amount.asset)
    return _post(f"opening:{there.code}:{amount.asset.code}", "opening", there, -amount)


def grant(*, customer_id: UUID, amount: Money, key: str, domain: str = "banking") -> bool:
    """Give a customer ``amount`` of our own, once per ``key``. Returns False if that was done before."""
    return _post(key, "grant", accounts.customer(customer_id, domain, amount.asset), amount)


def _post(key: str, kind: str, account: AccountRef, amount: Money) -> bool:
    equity = accounts.system("equity", amount.asset)
    lines = (Line(account=account, units=amount.units), Line(account=equity, units=-amount.units))
    movement = Movement(ref=ids.uuid7(), entries=(Entry(key=key, kind=kind, lines=lines),))
    verdict = posting.post(movements=[movement])[movement.ref]
    if verdict.ruling not in {Ruling.OK, Ruling.DUPLICATE}:
        raise NotFunded(detail=f"{key}: {verdict.ruling} {verdict.detail}")
    return verdict.is_ok
