"""How money is set aside: a hold for what goes out, an expectation for what comes in.

A coin or currency lies pooled in the home domain of its asset, whichever domain asks for it.
"""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

from core.kernel import assets, errors
from core.kernel.money import Money
from core.ledger import accounts
from core.ledger.accounts import AccountRef
from core.ledger.movements import (
    DropExpectation,
    Expect,
    PlaceHold,
    ReleaseHold,
)
from core.orchestration.kinds import Deed
from core.orchestration.models import Transaction

LEGAL = "legal"


def account_of(transaction: Transaction) -> AccountRef:
    """Return where the money that a transaction gives lies."""
    return pooled(customer_id=transaction.customer_id, asset=transaction.asset)


def pooled(*, customer_id: UUID, asset: str) -> AccountRef:
    """Return the account that holds what a customer has of an asset with us."""
    return accounts.customer(customer_id=customer_id, domain=assets.get(asset).home_domain, asset=asset)


def reservation_of(transaction: Transaction) -> UUID:
    """Return the id of the hold or expectation. Raises: ProcessingFault if nothing was reserved."""
    if transaction.reservation_id is None:
        raise errors.ProcessingFault(code="not_reserved", detail=f"{transaction.public_id} has no reservation.")
    return transaction.reservation_id


def hold(
    *, transaction: Transaction, lifetime: timedelta | None, kind: str = "reservation", leaves: bool = True
) -> Deed:
    """Hold the whole debit. ``leaves`` marks money that goes out of our reach, where reversible money may not go."""
    return Deed(
        operations=(
            PlaceHold(
                hold_id=reservation_of(transaction),
                account=account_of(transaction),
                units=_priced(transaction, transaction.debit).units,
                lifetime=lifetime,
                kind=kind,
                leaves=leaves,
            ),
        )
    )


def free(*, transaction: Transaction, expired: bool) -> Deed:
    """Give the held money back to the customer's disposal."""
    outcome = "expired" if expired else "released"
    return Deed(operations=(ReleaseHold(hold_id=reservation_of(transaction), outcome=outcome),))


def expect(*, transaction: Transaction, lifetime: timedelta | None) -> Deed:
    """Write down what will come in after fees."""
    return Deed(
        operations=(
            Expect(
                expectation_id=reservation_of(transaction),
                account=account_of(transaction),
                units=_priced(transaction, transaction.receive).units,
                lifetime=lifetime,
            ),
        )
    )


def drop(*, transaction: Transaction) -> Deed:
    """It will not come in."""
    return Deed(operations=(DropExpectation(expectation_id=reservation_of(transaction)),))


def _priced(transaction: Transaction, amount: Money | None) -> Money:
    if amount is None:
        raise errors.ProcessingFault(code="not_priced", detail=f"{transaction.public_id} has no price.")
    return amount
