"""What follows in the same commit: domains keep their own tables true, and what a transaction closes ends."""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Sequence
from uuid import UUID

from django.db import OperationalError, connection, transaction

from core.kernel import errors
from core.orchestration import kinds
from core.orchestration.engine import claims
from core.orchestration.kinds import Posted
from core.orchestration.states import State
from core.orchestration.steps import changes as stepping
from core.orchestration.steps.changes import Change
from core.resilience import retry

ACTOR = "system:engine"
CLOSED = "position_closed"
Write = Callable[[Sequence[Change]], dict[UUID, str]]
_TRIES = 5
_rng = random.SystemRandom()


def concerns(changes: Sequence[Change]) -> bool:
    """Whether any of these has something to say to its domain or brings another transaction to its end."""
    return any(
        change.deed.settles or ((change.deed or change.deed.notes) and _projector(change) is not None)
        for change in changes
    )


def write(changes: Sequence[Change], plainly: Write) -> dict[UUID, str]:
    """Write a set and all that follows from it in one commit; return what was refused, by transaction.

    Raises: OperationalError after bounded retries of deadlocks and lock timeouts.
    """
    for tries in range(1, _TRIES):
        try:
            return _once(changes, plainly)
        except OperationalError as error:
            if connection.in_atomic_block or not retry.lost_race(error=error):
                raise
            time.sleep(_rng.uniform(0, 0.01 * 2**tries))
    return _once(changes, plainly)


def _once(changes: Sequence[Change], plainly: Write) -> dict[UUID, str]:
    with transaction.atomic():
        refused = plainly(changes)
        written = [change for change in changes if change.transaction.id not in refused]
        for domain in kinds.domains():
            posted = [
                Posted(transaction=change.transaction, deed=change.deed)
                for change in written
                if change.transaction.domain == domain.code and (change.deed or change.deed.notes)
            ]
            if posted and domain.projector is not None:
                domain.projector.project(posted=posted)
        _settle({other for change in written for other in change.deed.settles}, plainly)
    return refused


def _settle(transaction_ids: set[UUID], plainly: Write) -> None:
    """End what was done and waited for this, such as the start of a strategy whose position is closed now."""
    if not transaction_ids:
        return
    closing = []
    for txn in claims.load(transaction_ids):
        if txn.state != State.COMPLETED:
            change = stepping.begin(txn)
            change.walk(State.COMPLETED, actor=ACTOR, reason=CLOSED)
            closing.append(change)
    if plainly(closing):
        raise errors.ProcessingFault(code="closing_refused", detail="What is closed was changed at the same moment.")


def _projector(change: Change) -> kinds.Projector | None:
    return kinds.domain(change.transaction.domain).projector
