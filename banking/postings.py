"""The journal entries of banking, as money.md works them out. Pure: no database.

Signs are credit-positive: plus is what we owe, minus is what we own.
"""

from __future__ import annotations

from uuid import UUID

from core.fees.sheets import FeeSheet
from core.kernel.money import Money
from core.ledger import accounts
from core.ledger.accounts import AccountRef
from core.ledger.movements import Entry, Line
from core.orchestration.parts import onchain

DOMAIN = "banking"


def balance_of(*, customer_id: UUID, asset: str) -> AccountRef:
    """Return the account that holds what a customer has in banking."""
    return accounts.customer(customer_id=customer_id, domain=DOMAIN, asset=asset)


def deposit(*, key: str, customer_id: UUID, sheet: FeeSheet, provider: str) -> Entry:
    """The provider took ``debit`` from the card: the customer gets what is left after fees."""
    asset = sheet.debit.asset
    return Entry(
        key=key,
        kind="deposit",
        lines=(
            Line(account=accounts.external(provider, "pending", asset), units=-sheet.debit.units),
            Line(account=balance_of(customer_id=customer_id, asset=asset.code), units=sheet.receive.units),
            *_fees(sheet),
        ),
    )


def provider_cost(*, key: str, provider: str, fee: Money) -> Entry:
    """The provider kept its own fee out of what it holds for us."""
    return Entry(
        key=key,
        kind="provider_cost",
        lines=(
            Line(account=accounts.external(provider, "pending", fee.asset), units=fee.units),
            Line(account=accounts.cost("provider", fee.asset), units=-fee.units),
        ),
    )


def dispute_cost(*, key: str, provider: str, fee: Money) -> Entry:
    """The provider took its fee for a dispute, which is ours to bear."""
    return Entry(
        key=key,
        kind="dispute_cost",
        lines=(
            Line(account=accounts.external(provider, "available", fee.asset), units=fee.units),
            Line(account=accounts.cost("dispute", fee.asset), units=-fee.units),
        ),
    )


def payout_accepted(*, key: str, provider: str, amount: Money) -> Entry:
    """The bank has the payout: it is no longer at our disposal there, and not yet gone."""
    return _between(
        key=key, kind="payout_accepted", provider=provider, amount=amount, roles=("available", "in_transit")
    )


def payout_undone(*, key: str, provider: str, amount: Money) -> Entry:
    """The bank gave an accepted payout up before it settled."""
    return _between(key=key, kind="payout_undone", provider=provider, amount=amount, roles=("in_transit", "available"))


def payout_settled(*, key: str, customer_id: UUID, sheet: FeeSheet, provider: str) -> Entry:
    """The payout is gone: the customer pays it and its fees."""
    asset = sheet.debit.asset
    return Entry(
        key=key,
        kind="withdrawal",
        lines=(
            Line(account=balance_of(customer_id=customer_id, asset=asset.code), units=-sheet.debit.units),
            Line(account=accounts.external(provider, "in_transit", asset), units=sheet.receive.units),
            *_fees(sheet),
        ),
    )


def payout_returned(*, key: str, customer_id: UUID, amount: Money, provider: str) -> Entry:
    """A settled payout came back: it is at our disposal again and the customer has it again. Fees stay paid."""
    return _given(key, "payout_returned", customer_id, amount, provider)


def dispute_won(*, key: str, customer_id: UUID, amount: Money, provider: str) -> Entry:
    """A charge-back was reversed: the inverse of what it took. What the customer came to owe is repaid from it."""
    return _given(key, "dispute_won", customer_id, amount, provider)


def deposit_disputed(*, key: str, customer_id: UUID, amount: Money, covered: Money, provider: str) -> Entry:
    """A deposit was charged back: the customer gives what he still has free, and owes us the rest."""
    return _taken(key, "deposit_disputed", customer_id, amount, covered, provider)


def payout_paid_late(*, key: str, customer_id: UUID, amount: Money, covered: Money, provider: str) -> Entry:
    """A payout that we had given up was paid: the customer has it, so he gives what is free, and owes us the rest."""
    return _taken(key, "payout_paid_late", customer_id, amount, covered, provider)


def transfer(*, key: str, sender_id: UUID, recipient_id: UUID, sheet: FeeSheet) -> Entry:
    """Money goes from one customer to another inside our books."""
    asset = sheet.debit.asset.code
    return Entry(
        key=key,
        kind="transfer",
        lines=(
            Line(account=balance_of(customer_id=sender_id, asset=asset), units=-sheet.debit.units),
            Line(account=balance_of(customer_id=recipient_id, asset=asset), units=sheet.receive.units),
            *_fees(sheet),
        ),
    )


def _given(key: str, kind: str, customer_id: UUID, amount: Money, provider: str) -> Entry:
    return Entry(
        key=key,
        kind=kind,
        lines=(
            Line(account=accounts.external(provider, "available", amount.asset), units=-amount.units),
            Line(account=balance_of(customer_id=customer_id, asset=amount.asset.code), units=amount.units),
        ),
    )


def _taken(key: str, kind: str, customer_id: UUID, amount: Money, covered: Money, provider: str) -> Entry:
    owed = amount - covered
    lines = (
        Line(account=accounts.external(provider, "available", amount.asset), units=amount.units),
        Line(account=balance_of(customer_id=customer_id, asset=amount.asset.code), units=-covered.units),
        Line(account=accounts.receivable(customer_id=customer_id, asset=amount.asset), units=-owed.units),
    )
    return Entry(key=key, kind=kind, lines=tuple(line for line in lines if line.units))


def _fees(sheet: FeeSheet) -> list[Line]:
    """One line for each tier that is not zero."""
    return [
        Line(account=accounts.fee(tier, amount.asset), units=amount.units)
        for tier, amount in sheet.by_tier.items()
        if amount
    ]


def _between(*, key: str, kind: str, provider: str, amount: Money, roles: tuple[str, str]) -> Entry:
    source, target = roles
    return Entry(
        key=key,
        kind=kind,
        lines=(
            Line(account=accounts.external(provider, source, amount.asset), units=amount.units),
            Line(account=accounts.external(provider, target, amount.asset), units=-amount.units),
        ),
    )


def arrived(*, key: str, customer_id: UUID, amount: Money) -> Entry:
    """Coins arrived at the customer's own address: they are his, and lie there."""
    return Entry(
        key=key,
        kind="arrived",
        lines=(
            Line(account=accounts.own_address(customer_id, amount.asset), units=-amount.units),
            Line(account=onchain.at_own_address(customer_id=customer_id, asset=amount.asset), units=amount.units),
        ),
    )


def arrived_blocked(*, key: str, customer_id: UUID, amount: Money) -> Entry:
    """Coins arrived that the customer may not have: they lie at his address and are blocked."""
    return Entry(
        key=key,
        kind="arrived_blocked",
        lines=(
            Line(account=accounts.own_address(customer_id, amount.asset), units=-amount.units),
            Line(account=accounts.blocked(customer_id, amount.asset), units=amount.units),
        ),
    )
