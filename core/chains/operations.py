"""Operations on a chain: submitted once under a key, and followed to their end by the watcher."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from time import monotonic as _now_s

from core.chains import fees, views, wallets
from core.chains.models import Broadcast, ChainOperation, ChainTransaction
from core.chains.models.operation import OPEN
from core.chains.sending import estimates, offering, storing
from core.chains.sending import steps as asked
from core.chains.sending.steps import Step
from core.chains.views import OperationView
from core.kernel import errors
from core.providers import contract, durable

__all__ = ["PROVEN_AFTER_S", "OperationView", "Step", "is_busy", "status", "submit"]

# An operation begins to be stored within so many seconds after it was asked for, or not at all, and the database ends a
# transaction that stands still after 60 s; so much later its absence from our own table proves that it never will be.
_STORE_WITHIN_S = 30.0
PROVEN_AFTER_S = 120.0


@dataclass(frozen=True, slots=True, kw_only=True)
class _Wanted:
    key: str
    chain: str
    steps: Sequence[Step]
    reference: str
    speed: fees.Speed


def submit(
    *, key: str, chain: str, steps: Sequence[Step], reference: str = "", speed: fees.Speed = "normal"
) -> OperationView:
    """Simulate, store, sign and send an operation; the same key again returns the first one, however it was built.

    Once it is stored nothing is raised for the node's sake: the watcher sends what was not sent.
    Needs: no open database transaction.
    Raises, and then nothing is stored: Rejected with plain words for what the chain would refuse; Unavailable (node
    away, too little for gas, gas too expensive), RateLimited; Refused (``chain_unavailable``, ``wallet_frozen``);
    InvalidInput; Conflict when the key is another chain's.
    """
    durable.require()
    started = _now_s()
    found = _find(key)
    if found is None:
        plan = _plan(_Wanted(key=key, chain=chain, steps=steps, reference=reference, speed=speed))
        if _now_s() - started > _STORE_WITHIN_S:
            raise contract.Unavailable(code="node_slow", detail="The node took too long; nothing was stored.")
        storing.store(plan)
        found = ChainOperation.objects.get(key=key)
    if found.chain != chain:
        raise errors.Conflict(code="operation_key_reused", detail=f"The key {key!r} belongs to {found.chain}.")
    _send(found)
    return views.of([found])[0]


def status(*, key: str) -> OperationView | None:
    """Return how far an operation is, from the database alone; None if there is none under the key."""
    found = _find(key)
    return None if found is None else views.of([found])[0]


def is_busy(*, owner: wallets.Owner, chain: str) -> bool:
    """Return whether anything that an address signs is not at its end: what is read of it now may change before."""
    steps = ChainTransaction.objects.filter(wallet__chain=chain, wallet__owner=wallets.owner_text(owner))
    return steps.filter(operation__state__in=OPEN).exists()


def _find(key: str) -> ChainOperation | None:
    return ChainOperation.objects.filter(key=key).first()


def _plan(order: _Wanted) -> storing.Plan:
    """Find out outside what has to be known: what would be refused, how much gas, at what price."""
    placed = asked.place(chain=order.chain, steps=order.steps)
    limits = estimates.gas_limits(chain=order.chain, placed=placed)
    price = fees.estimate(chain=order.chain)
    offer = price.offer(order.speed)
    estimates.require_cover(chain=order.chain, placed=placed, limits=limits, fees=offer)
    return storing.Plan(
        key=order.key,
        chain=order.chain,
        reference=order.reference,
        placed=placed,
        gas_limits=limits,
        fees=offer,
        from_block=price.block_number,
    )


def _send(operation: ChainOperation) -> None:
    """Offer the node what it was never offered, in order."""
    unsent = Broadcast.objects.filter(transaction__operation=operation, sent_at=None).order_by("transaction__position")
    for broadcast_id in list(unsent.values_list("pk", flat=True)):
        offering.offer(chain=operation.chain, broadcast_id=broadcast_id)
