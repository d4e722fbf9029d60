"""Look after what is in no block yet: sign whose turn has come, send what no node has, pay more for what is stuck."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

import structlog
from django.db import IntegrityError, transaction
from django.db.models import Exists, OuterRef, Q
from django.db.models.functions import Now

from core.chains import config, fees
from core.chains.fees import FeeEstimate, Fees
from core.chains.models import Broadcast, ChainOperation, ChainTransaction, Inclusion, OperationState
from core.chains.models.operation import OPEN
from core.chains.node import client
from core.chains.sending import offering, storing
from core.chains.sending.offering import Offer
from core.chains.signing import authorised

_log = structlog.get_logger(__name__)
_AT_ONCE = 200
# So long a node is trusted to remember what it was offered.
_REMEMBERED = timedelta(seconds=5)


@dataclass(frozen=True, slots=True, kw_only=True)
class Attended:
    """What one look did: forms signed for steps whose turn came, forms offered, transactions replaced."""

    signed: int
    offered: int
    replaced: int


def attend(*, chain: str) -> Attended:
    """Bring everything that waits a step further.

    Needs: no open database transaction.
    Raises: Unavailable when the node is away.
    """
    signed = _sign_ready(chain)
    waiting = _waiting(chain)
    offered = sum(_offer_again(chain, step) for step in waiting)
    replaced = sum(_replace_stuck(chain, step) for step in _first_of_each_wallet(waiting))
    return Attended(signed=signed, offered=offered, replaced=replaced)


def _sign_ready(chain: str) -> int:
    """Sign the steps that waited for others, where those are in a block now."""
    unsigned = ChainTransaction.objects.filter(operation=OuterRef("pk"), nonce=None)
    found = list(
        ChainOperation.objects.filter(chain=chain, state=OperationState.PENDING)
        .filter(Exists(unsigned))
        .order_by("pk")
        .values_list("pk", flat=True)[:_AT_ONCE]
    )
    if not found:
        return 0
    price = fees.estimate(chain=chain)
    return sum(_sign(operation_id, price) for operation_id in found)


def _sign(operation_id: UUID, price: FeeEstimate) -> int:
    try:
        return len(storing.sign_ready(operation_id=operation_id, fees=price.normal))
    except (authorised.NotAuthorised, IntegrityError) as fault:
        _log.error("chains.not_signed", operation=str(operation_id), error=str(fault))
        return 0


def _waiting(chain: str) -> list[ChainTransaction]:
    """Return what has a nonce and stands in no block, in the order of nonces."""
    stands = Inclusion.objects.filter(transaction=OuterRef("pk"), vanished_at=None)
    return list(
        ChainTransaction.objects.filter(operation__chain=chain, operation__state__in=OPEN, nonce__isnull=False)
        .exclude(Exists(stands))
        .order_by("wallet_id", "nonce")[:_AT_ONCE]
    )


def _first_of_each_wallet(waiting: list[ChainTransaction]) -> list[ChainTransaction]:
    """Return the lowest nonce of each: what is behind it can only wait for it."""
    first: dict[UUID, ChainTransaction] = {}
    for step in waiting:
        first.setdefault(step.wallet_id, step)
    return list(first.values())


def _offer_again(chain: str, step: ChainTransaction) -> bool:
    """Offer the newest form if no node was offered it, or if the node has forgotten it."""
    newest = Broadcast.objects.filter(transaction=step).order_by("pk").last()
    if newest is None:
        return False
    if newest.sent_at is not None:
        fresh = Broadcast.objects.filter(pk=newest.pk, sent_at__gt=Now() - _REMEMBERED).exists()
        if fresh or client.of(chain).ask("eth_getTransactionByHash", newest.tx_hash) is not None:
            return False
    offering.offer(chain=chain, broadcast_id=newest.pk)
    return True


def _replace_stuck(chain: str, step: ChainTransaction) -> bool:
    """Pay more for a transaction that waits too long, with the same nonce; every hash stays known."""
    given = config.get(chain)
    newest = Broadcast.objects.filter(transaction=step).order_by("pk").last()
    if newest is None or not _is_stuck(newest, after=timedelta(seconds=given.stuck_after_s)):
        return False
    offer = _better(newest, fees.estimate(chain=chain), cap=given.fee_cap)
    if offer is None:
        return False
    made = _sign_again(step, newest, offer)
    if made is None:
        return False
    found = offering.offer(chain=chain, broadcast_id=made.pk)
    _log.warning("chains.replaced", chain=chain, nonce=step.nonce, old=newest.tx_hash, new=made.tx_hash, found=found)
    return found in {Offer.TAKEN, Offer.UNKNOWN, Offer.NOT_SENT}


def _is_stuck(newest: Broadcast, *, after: timedelta) -> bool:
    """Say whether a higher offer could help: it was offered long ago, or the node wants more."""
    said = offering.meaning(newest.trouble)
    if said in {Offer.POOR, Offer.UNDERPRICED}:
        return said is Offer.UNDERPRICED
    lately = Q(signed_at__gt=Now() - after) | Q(sent_at__gt=Now() - after)
    return not Broadcast.objects.filter(lately, pk=newest.pk).exists()


def _better(newest: Broadcast, price: FeeEstimate, *, cap: int) -> Fees | None:
    """Return what replaces the newest: an eighth more, or what is fast now if that is more; None at the cap."""
    raised = Fees(max_fee=int(newest.max_fee), priority_fee=int(newest.priority_fee)).raised(cap=cap)
    offer = Fees(
        max_fee=max(raised.max_fee, price.fast.max_fee), priority_fee=max(raised.priority_fee, price.fast.priority_fee)
    )
    enough = offer.max_fee * 10 >= int(newest.max_fee) * 11 and offer.priority_fee * 10 >= int(newest.priority_fee) * 11
    return offer if enough else None


@transaction.atomic
def _sign_again(step: ChainTransaction, newest: Broadcast, offer: Fees) -> Broadcast | None:
    """Sign the transaction with a better offer, unless a block took it or somebody else was faster."""
    kept = ChainTransaction.objects.select_for_update().get(pk=step.pk)
    last = Broadcast.objects.filter(transaction=kept).order_by("pk").last()
    if last is None or last.pk != newest.pk or Inclusion.objects.filter(transaction=kept, vanished_at=None).exists():
        return None
    try:
        return storing.keep(kept, fees=offer)
    except authorised.NotAuthorised as fault:
        _log.error("chains.not_signed", transaction=str(step.pk), error=str(fault))
        return None
