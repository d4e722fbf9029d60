"""Look after what is in no block yet: sign whose turn has come, send what no node has, pay more for what is stuck."""

from __future__ import annotations

import random
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

import structlog
from django.db import IntegrityError
from django.db.models import Exists, OuterRef
from django.db.models.functions import Now

from core.chains.fees import FeeEstimate
from core.chains.following import bidding
from core.chains.following.bidding import Prices
from core.chains.models import Broadcast, ChainOperation, ChainTransaction, Inclusion, OperationState
from core.chains.models.operation import OPEN
from core.chains.sending import offering, storing
from core.chains.sending.offering import Offer
from core.chains.signing import authorised

_log = structlog.get_logger(__name__)
_AT_ONCE = 200
_rng = random.SystemRandom()
# So long a node is trusted to remember what it was offered.
_REMEMBERED = timedelta(seconds=5)
# A bid that the address could not pay is tried again so much later, where there is a cheaper one meanwhile.
_TOO_DEAR_FOR = timedelta(minutes=1)


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
    prices = Prices(chain=chain)
    signed = _sign_ready(chain, prices)
    firsts, others = _waiting(chain)
    in_order = sorted([*firsts, *others], key=lambda step: (step.wallet_id, step.nonce or 0))
    offered = sum(_offer_again(chain, step) for step in in_order)
    replaced = sum(bidding.replace(chain=chain, step=step, prices=prices) for step in firsts)
    return Attended(signed=signed, offered=offered, replaced=replaced)


def _sign_ready(chain: str, prices: Prices) -> int:
    """Sign the steps that waited for others, where those are in a block now."""
    steps = ChainTransaction.objects.filter(operation=OuterRef("pk"))
    went_well = Inclusion.objects.filter(transaction=OuterRef("pk"), vanished_at=None, succeeded=True)
    found = list(
        ChainOperation.objects.filter(Exists(steps.filter(nonce=None)), chain=chain, state=OperationState.PENDING)
        .exclude(Exists(steps.filter(nonce__isnull=False).exclude(Exists(went_well))))
        .order_by("pk")
        .values_list("pk", flat=True)[:_AT_ONCE]
    )
    price = prices.now() if found else None
    return sum(_sign(operation_id, price) for operation_id in found) if price else 0


def _sign(operation_id: UUID, price: FeeEstimate) -> int:
    try:
        return len(storing.sign_ready(operation_id=operation_id, fees=price.normal))
    except (authorised.NotAuthorised, IntegrityError) as fault:
        _log.error("chains.not_signed", operation=str(operation_id), error=str(fault))
        return 0


def _waiting(chain: str) -> tuple[list[ChainTransaction], list[ChainTransaction]]:
    """Return what has a nonce and stands in no block: the first of each wallet, and others.

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
    return chosen, list(others)


def _offer_again(chain: str, step: ChainTransaction) -> bool:
    """Offer what the node does not have; return whether anything was offered.

    The dearest form goes first, then the next one for as long as the address cannot pay: any form will do, for all
    have the nonce, and one that is too dear must not keep out a cheaper one.
    """
    if Broadcast.objects.filter(transaction=step, sent_at__gt=Now() - _REMEMBERED).exists():
        return False
    offered, known = False, bidding.forms(step)
    for form in known:
        if form != known[-1] and offering.meaning(form.trouble) is Offer.POOR and _was_sent(form, _TOO_DEAR_FOR):
            continue
        if offering.is_there(chain=chain, form=form):
            break
        offered = True
        if offering.offer(chain=chain, broadcast_id=form.pk) is not Offer.POOR:
            break
    return offered


def _was_sent(form: Broadcast, within: timedelta) -> bool:
    return Broadcast.objects.filter(pk=form.pk, sent_at__gt=Now() - within).exists()
