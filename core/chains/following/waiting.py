"""Look after what is in no block yet: sign whose turn has come, send what no node has, pay more for what is stuck."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

import structlog
from django.db import IntegrityError, transaction
from django.db.models import Exists, OuterRef, Q
from django.db.models.functions import Now

from core.chains import config, evm, fees
from core.chains.fees import FeeEstimate, Fees
from core.chains.models import Broadcast, ChainOperation, ChainTransaction, Inclusion, OperationState
from core.chains.models.operation import OPEN
from core.chains.node import client
from core.chains.sending import offering, storing
from core.chains.sending.offering import Offer
from core.chains.signing import authorised

_log = structlog.get_logger(__name__)
_AT_ONCE = 200
_rng = random.SystemRandom()
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
    """Return what has a nonce and stands in no block, in the order of nonces: the first of each wallet, and some more.

    When there is more than can be looked at in one go, chance says which, so that each has its turn.
    """
    stands = Inclusion.objects.filter(transaction=OuterRef("pk"), vanished_at=None)
    waiting = (
        ChainTransaction.objects.filter(operation__chain=chain, operation__state__in=OPEN, nonce__isnull=False)
        .exclude(Exists(stands))
        .select_related("wallet")
    )
    firsts = list(waiting.order_by("wallet_id", "nonce").distinct("wallet_id"))
    chosen = firsts if len(firsts) <= _AT_ONCE else _rng.sample(firsts, _AT_ONCE)
    others = waiting.exclude(pk__in=[step.pk for step in firsts]).order_by("?")[:_AT_ONCE]
    return sorted([*chosen, *others], key=lambda step: (step.wallet_id, step.nonce or 0))


def _first_of_each_wallet(waiting: list[ChainTransaction]) -> list[ChainTransaction]:
    """Return the lowest nonce of each: what is behind it can only wait for it."""
    first: dict[UUID, ChainTransaction] = {}
    for step in waiting:
        first.setdefault(step.wallet_id, step)
    return list(first.values())


def _offer_again(chain: str, step: ChainTransaction) -> bool:
    """Offer the best form if no node was offered it, or if the node has forgotten it."""
    best = _best(_forms(step))
    if best is None:
        return False
    if best.sent_at is not None:
        fresh = Broadcast.objects.filter(pk=best.pk, sent_at__gt=Now() - _REMEMBERED).exists()
        if fresh or client.of(chain).ask("eth_getTransactionByHash", best.tx_hash) is not None:
            return False
    offering.offer(chain=chain, broadcast_id=best.pk)
    return True


def _forms(step: ChainTransaction) -> list[Broadcast]:
    """Return every signed form of a transaction, the newest first."""
    return list(Broadcast.objects.filter(transaction=step).order_by("-pk"))


def _best(forms: Sequence[Broadcast]) -> Broadcast | None:
    """Return the newest form that the address can pay as far as is known; the newest where it can pay none.

    Any form will do, for all have the nonce: one that is too dear for the address must not keep out a cheaper one.
    """
    payable = (each for each in forms if offering.meaning(each.trouble) is not Offer.POOR)
    return next(payable, forms[0] if forms else None)


def _replace_stuck(chain: str, step: ChainTransaction) -> bool:
    """Pay more for a transaction that waits too long, with the same nonce; every hash stays known."""
    given = config.get(chain)
    forms = _forms(step)
    best = _best(forms)
    if best is None or not _is_stuck(best, after=timedelta(seconds=given.stuck_after_s)):
        return False
    offer = _better(best, fees.estimate(chain=chain), cap=min(given.fee_cap, _payable(chain, step)))
    if offer is None:
        return False
    made = _sign_again(step, forms[0].pk, offer)
    if made is None:
        return False
    found = offering.offer(chain=chain, broadcast_id=made.pk)
    _log.warning("chains.replaced", chain=chain, nonce=step.nonce, old=best.tx_hash, new=made.tx_hash, found=found)
    return found in {Offer.TAKEN, Offer.UNKNOWN, Offer.NOT_SENT}


def _payable(chain: str, step: ChainTransaction) -> int:
    """Return the most that the address can pay for one unit of gas beside what the transaction moves."""
    held = evm.balance(chain=chain, address=step.wallet.address)
    return max(held.units - int(step.value), 0) // step.gas_limit


def _is_stuck(best: Broadcast, *, after: timedelta) -> bool:
    """Say whether a higher offer could help: it was offered long ago, or the node wants more."""
    said = offering.meaning(best.trouble)
    if said in {Offer.POOR, Offer.UNDERPRICED}:
        return said is Offer.UNDERPRICED
    lately = Q(signed_at__gt=Now() - after) | Q(sent_at__gt=Now() - after)
    return not Broadcast.objects.filter(lately, pk=best.pk).exists()


def _better(best: Broadcast, price: FeeEstimate, *, cap: int) -> Fees | None:
    """Return what replaces the best: an eighth more, or what is fast now if that is more; None at the cap."""
    raised = Fees(max_fee=int(best.max_fee), priority_fee=int(best.priority_fee)).raised(cap=cap)
    offer = Fees(
        max_fee=min(max(raised.max_fee, price.fast.max_fee), cap),
        priority_fee=min(max(raised.priority_fee, price.fast.priority_fee), cap),
    )
    enough = offer.max_fee * 10 >= int(best.max_fee) * 11 and offer.priority_fee * 10 >= int(best.priority_fee) * 11
    return offer if enough else None


@transaction.atomic
def _sign_again(step: ChainTransaction, newest: UUID, offer: Fees) -> Broadcast | None:
    """Sign the transaction with a better offer, unless a block took it or somebody else was faster.

    An offer that was made before, and was too dear then, is made again with the same signature.
    """
    kept = ChainTransaction.objects.select_for_update().get(pk=step.pk)
    forms = list(Broadcast.objects.filter(transaction=kept).order_by("-pk"))
    if forms[0].pk != newest or Inclusion.objects.filter(transaction=kept, vanished_at=None).exists():
        return None
    for form in forms:
        if (form.max_fee, form.priority_fee) == (offer.max_fee, offer.priority_fee):
            return form
    try:
        return storing.keep(kept, fees=offer)
    except authorised.NotAuthorised as fault:
        _log.error("chains.not_signed", transaction=str(step.pk), error=str(fault))
        return None
