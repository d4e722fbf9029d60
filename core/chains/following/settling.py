"""Decide what an operation's state is, from what stands in blocks. The same facts always give the same state."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.db import transaction
from django.db.models import F, QuerySet
from django.db.models.functions import Now

from core.chains import config
from core.chains.models import ChainOperation, ChainTransaction, Cursor, Inclusion, OperationState
from core.chains.models.operation import OPEN

# From where to where in one go; anything else goes over PENDING, as the database's arrows do.
_DIRECT = frozenset(
    {
        (OperationState.PENDING, OperationState.MINED),
        (OperationState.PENDING, OperationState.REVERTING),
        (OperationState.MINED, OperationState.FINAL),
        (OperationState.REVERTING, OperationState.REVERTED),
    }
)
_VIA = {OperationState.FINAL: OperationState.MINED, OperationState.REVERTED: OperationState.REVERTING}


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """What an operation is now, and why where it was refused."""

    state: OperationState
    reason_code: str = ""
    reason: str = ""


def open_operations(*, chain: str) -> QuerySet[Any, Any]:
    """Return the operations of a chain that are not at an end, as a subquery."""
    return ChainOperation.objects.filter(chain=chain, state__in=OPEN).values("pk")


@transaction.atomic
def settle(*, chain: str, operations: QuerySet[Any, Any]) -> list[str]:
    """Bring operations to the state that the blocks say; return the keys of those that changed.

    Their rows are locked in the order of their ids.
    """
    found = list(ChainOperation.objects.select_for_update().filter(pk__in=operations).order_by("pk"))
    steps: dict[UUID, list[ChainTransaction]] = defaultdict(list)
    for step in ChainTransaction.objects.filter(operation__in=found).order_by("position"):
        steps[step.operation_id].append(step)
    stands = {
        inclusion.transaction_id: inclusion
        for inclusion in Inclusion.objects.filter(transaction__operation__in=found, vanished_at=None)
    }
    cursor = Cursor.objects.filter(chain=chain).first()
    ripe = (cursor.number if cursor else 0) - config.get(chain).confirmations + 1
    changed = []
    for operation in found:
        verdict = judge(steps[operation.pk], stands, ripe=ripe)
        if operation.state != verdict.state:
            _walk(operation, verdict)
            changed.append(operation.key)
    return changed


def judge(steps: Sequence[ChainTransaction], stands: dict[UUID, Inclusion], *, ripe: int) -> Verdict:
    """Return the state of an operation: ``ripe`` is the newest block with enough confirmations.

    A refused step ends it, once everything that was signed is in a block: what is signed cannot be called back.
    """
    signed = [step for step in steps if step.nonce is not None]
    taken = [stands[step.pk] for step in signed if step.pk in stands]
    is_ripe = len(taken) == len(signed) and all(each.block_number <= ripe for each in taken)
    refused = next((each for each in taken if not each.succeeded), None)
    if refused is not None:
        state = OperationState.REVERTED if is_ripe else OperationState.REVERTING
        return Verdict(state=state, reason_code=refused.reason_code, reason=refused.reason)
    if len(taken) < len(steps):
        return Verdict(state=OperationState.PENDING)
    return Verdict(state=OperationState.FINAL if is_ripe else OperationState.MINED)


def _walk(operation: ChainOperation, verdict: Verdict) -> None:
    """Write the state, one arrow at a time."""
    now, goal = OperationState(operation.state), verdict.state
    way = [goal]
    while (now, way[0]) not in _DIRECT and way[0] is not OperationState.PENDING:
        way.insert(0, _VIA.get(way[0], OperationState.PENDING))
    for state in way:
        ChainOperation.objects.filter(pk=operation.pk).update(
            state=state,
            reason_code=verdict.reason_code,
            reason=verdict.reason,
            version=F("version") + 1,
            changed_at=Now(),
        )
