"""How banking sets money aside: a hold for what goes out, an expectation for what comes in."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

from banking import postings
from core.kernel import errors
from core.ledger.movements import (
    DropExpectation,
    Expect,
    PlaceHold,
    ReleaseHold,
)
from core.orchestration.kinds import Deed
from core.orchestration.models import Transaction

LEGAL = "legal"


def reservation_of(transaction: Transaction) -> UUID:
    """Return the id of the hold or expectation. Raises: ProcessingFault if nothing was reserved."""
    if transaction.reservation_id is None:
        raise errors.ProcessingFault(code="not_reserved", detail=f"{transaction.public_id} has no reservation.")
    return transaction.reservation_id


def hold(*, transaction: Transaction, lifetime: timedelta | None, kind: str = "reservation") -> Deed:
    """Hold the whole debit of money that goes out."""
    debit = transaction.debit
    if debit is None:
        raise errors.ProcessingFault(code="not_priced", detail=f"{transaction.public_id} has no price.")
    return Deed(
        operations=(
            PlaceHold(
                hold_id=reservation_of(transaction),
                account=postings.balance_of(customer_id=transaction.customer_id, asset=transaction.asset),
                units=debit.units,
                lifetime=lifetime,
                kind=kind,
                leaves=True,
            ),
        )
    )


def free(*, transaction: Transaction, expired: bool) -> Deed:
    """Give the held money back to the customer's disposal."""
    outcome = "expired" if expired else "released"
    return Deed(operations=(ReleaseHold(hold_id=reservation_of(transaction), outcome=outcome),))


def expect(*, transaction: Transaction, lifetime: timedelta | None) -> Deed:
    """Write down what will come in after fees."""
    receive = transaction.receive
    if receive is None:
        raise errors.ProcessingFault(code="not_priced", detail=f"{transaction.public_id} has no price.")
    return Deed(
        operations=(
            Expect(
                expectation_id=reservation_of(transaction),
                account=postings.balance_of(customer_id=transaction.customer_id, asset=transaction.asset),
                units=receive.units,
                lifetime=lifetime,
            ),
        )
    )


def drop(*, transaction: Transaction) -> Deed:
    """It will not come in."""
    return Deed(operations=(DropExpectation(expectation_id=reservation_of(transaction)),))
