"""Which leg of a transaction is at work, and which comes next. Pure."""

from __future__ import annotations

from collections.abc import Sequence

from core.kernel import errors
from core.orchestration import kinds
from core.orchestration.kinds import Leg
from core.orchestration.models import Attempt, AttemptState, Transaction
from core.orchestration.states import AT_PROVIDER, State

# An attempt that takes a done leg back has a name of its own, and so has what is registered to be undone.
UNDO = "undo:"
DONE = "leg:"


def at_work(transaction: Transaction) -> Leg:
    """Return the leg that is being done: the first one until a transaction says otherwise.

    Raises: ProcessingFault (``no_such_leg``) for a kind without legs, or one that has lost this leg since.
    """
    legs = kinds.of(transaction).legs
    if not transaction.leg and legs:
        return legs[0]
    return named(transaction, transaction.leg)


def named(transaction: Transaction, name: str) -> Leg:
    """Return a leg of the transaction's kind. Raises: ProcessingFault (``no_such_leg``)."""
    for leg in kinds.of(transaction).legs:
        if leg.name == name:
            return leg
    raise errors.ProcessingFault(code="no_such_leg", detail=f"{transaction.public_id} has no leg {name!r}.")


def after(transaction: Transaction, leg: Leg) -> Leg | None:
    """Return the leg that follows, or None after the last."""
    legs = kinds.of(transaction).legs
    place = legs.index(leg) + 1
    return legs[place] if place < len(legs) else None


def is_undo(attempt: Attempt) -> bool:
    """Whether an attempt takes back what another one did."""
    return attempt.leg.startswith(UNDO)


def to_undo(transaction: Transaction) -> Leg | None:
    """Return the done leg that has to be taken back next, or None if something else comes first or nothing is left."""
    if not transaction.undo or not transaction.undo[-1].startswith(DONE):
        return None
    return named(transaction, transaction.undo[-1].removeprefix(DONE))


def attempts_of(attempts: Sequence[Attempt], name: str) -> list[Attempt]:
    """Return the attempts of one leg, oldest first."""
    return [attempt for attempt in attempts if attempt.leg == name]


def is_given_up(attempt: Attempt) -> bool:
    """Whether an attempt is over without having done anything."""
    return attempt.state in (AttemptState.NOT_EXECUTED, AttemptState.REJECTED)


def is_elsewhere(transaction: Transaction, attempt: Attempt) -> bool:
    """Whether an attempt was given up and the transaction has gone to another provider, or another leg, since."""
    return attempt.provider != transaction.provider or (bool(transaction.leg) and attempt.leg != transaction.leg)


def lies_ahead(transaction: Transaction, target: State) -> bool:
    """Whether a state is still to come on the kind's path."""
    path = kinds.of(transaction).rules.path
    return transaction.state in path and path.index(target) > path.index(State(transaction.state))


def may_be_cancelled(transaction: Transaction) -> bool:
    """Whether a provider that has it may be asked to cancel: it waits for the customer, or for a market."""
    return transaction.next_action is not None or at_work(transaction).cancel_after is not None


def is_past_the_pivot(transaction: Transaction) -> bool:
    """Whether a leg is at work after which there is no way back."""
    return bool(transaction.leg) and transaction.state in AT_PROVIDER and at_work(transaction).must_succeed
