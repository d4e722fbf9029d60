"""Pay more for what is stuck, within the cap and within what its address can pay; every form that was signed is kept.

One nonce has one effect, whichever of its forms gets into a block, so any of them may be offered at any time.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

import structlog
from django.db import transaction
from django.db.models import Q
from django.db.models.functions import Now

from core.chains import config, evm, fees
from core.chains.fees import FeeEstimate, Fees
from core.chains.models import Broadcast, ChainTransaction, Inclusion
from core.chains.sending import offering, storing
from core.chains.sending.offering import Offer
from core.chains.signing import authorised
from core.providers import contract

_log = structlog.get_logger(__name__)


class Prices:
    """What gas costs during one look: asked for once, and only if anybody wants to know."""

    def __init__(self, *, chain: str) -> None:
        self._chain = chain
        self._asked = False
        self._found: FeeEstimate | None = None

    def now(self) -> FeeEstimate | None:
        """Return the price; None while gas costs more than we ever pay: nothing is signed then.

        Raises: Unavailable when the node is away.
        """
        if not self._asked:
            self._found = self._ask()
            self._asked = True
        return self._found

    def _ask(self) -> FeeEstimate | None:
        try:
            return fees.estimate(chain=self._chain)
        except contract.Unavailable as fault:
            if fault.code != fees.TOO_EXPENSIVE:
                raise
            _log.warning("chains.gas_too_expensive", chain=self._chain, said=fault.detail)
            return None


def forms(step: ChainTransaction) -> list[Broadcast]:
    """Return every signed form of a transaction, dearest first."""
    return list(Broadcast.objects.filter(transaction=step).order_by("-max_fee", "-pk"))


def replace(*, chain: str, step: ChainTransaction, prices: Prices) -> bool:
    """Sign and offer a better form of a transaction that waits too long; say whether that went well.

    ``step`` is the first that waits of its wallet, so all that lies at the address is there for it.
    Needs: no open database transaction.
    Raises: Unavailable when the node is away.
    """
    known = forms(step)
    offer = _wanted(chain, step, known, prices)
    if offer is None:
        return False
    newest = max(known, key=lambda form: form.pk)
    made = _sign_again(step, newest, offer)
    if made is None:
        return False
    found = offering.offer(chain=chain, broadcast_id=made.pk)
    _log.warning("chains.replaced", chain=chain, nonce=step.nonce, old=newest.tx_hash, new=made.tx_hash, found=found)
    return found in {Offer.TAKEN, Offer.UNKNOWN, Offer.NOT_SENT}


def _wanted(chain: str, step: ChainTransaction, known: Sequence[Broadcast], prices: Prices) -> Fees | None:
    """Return what to bid now; None where the forms that there are do, or where nothing better can be paid."""
    given = config.get(chain)
    after = timedelta(seconds=given.stuck_after_s)
    said = {offering.meaning(form.trouble) for form in known if form.trouble}
    if not known or (not said & {Offer.POOR, Offer.UNDERPRICED} and _lately(known[0], after)):
        return None
    price = prices.now()
    if price is None:
        return None
    held = evm.balance(chain=chain, address=step.wallet.address).units
    most = min((held - int(step.value)) // step.gas_limit, given.fee_cap)
    best = next((form for form in known if form.max_fee <= most), None)
    if best is None:
        is_there = any(offering.is_there(chain=chain, form=form) for form in known)
        return None if is_there else _less(price, most=most)
    if offering.meaning(best.trouble) is not Offer.UNDERPRICED and _lately(best, after):
        return None
    return _better(best, price, most=most)


def _lately(form: Broadcast, within: timedelta) -> bool:
    """Say whether it was signed or offered so short a time ago that it still has its chance."""
    lately = Q(signed_at__gt=Now() - within) | Q(sent_at__gt=Now() - within)
    return Broadcast.objects.filter(lately, pk=form.pk).exists()


def _better(best: Broadcast, price: FeeEstimate, *, most: int) -> Fees | None:
    """Return what replaces the best that can be paid: an eighth more, or what is fast now if that is more.

    None where ``most`` leaves less than the tenth that nodes ask for.
    """
    raised = Fees(max_fee=int(best.max_fee), priority_fee=int(best.priority_fee)).raised(cap=most)
    offer = Fees(
        max_fee=min(max(raised.max_fee, price.fast.max_fee), most),
        priority_fee=min(max(raised.priority_fee, price.fast.priority_fee), most),
    )
    enough = offer.max_fee * 10 >= int(best.max_fee) * 11 and offer.priority_fee * 10 >= int(best.priority_fee) * 11
    return offer if enough else None


def _less(price: FeeEstimate, *, most: int) -> Fees | None:
    """Return a bid that can be paid where none of those that were signed can; None if no block would take it."""
    if most <= price.base_fee:
        return None
    bid = min(price.fast.max_fee, most)
    return Fees(max_fee=bid, priority_fee=min(price.fast.priority_fee, bid))


@transaction.atomic
def _sign_again(step: ChainTransaction, newest: Broadcast, offer: Fees) -> Broadcast | None:
    """Sign the transaction with another offer, unless a block took it or somebody else was faster."""
    kept = ChainTransaction.objects.select_for_update().get(pk=step.pk)
    last = Broadcast.objects.filter(transaction=kept).order_by("pk").last()
    if last is None or last.pk != newest.pk or Inclusion.objects.filter(transaction=kept, vanished_at=None).exists():
        return None
    try:
        return storing.keep(kept, fees=offer)
    except authorised.NotAuthorised as fault:
        _log.error("chains.not_signed", transaction=str(step.pk), error=str(fault))
        return None
