"""Arrivals as listeners and screens see them, and their becoming final."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from django.db.models.functions import Now

from core.chains.following import blocks, listeners, writing
from core.chains.following.listeners import ArrivalView
from core.chains.models import Arrival, ArrivalState, Block, Cursor
from core.chains.node import client
from core.chains.node.answers import Header
from core.kernel.money import Money


def views(*, ids: Sequence[UUID]) -> list[ArrivalView]:
    """Return these arrivals, oldest first."""
    found = Arrival.objects.select_related("wallet").filter(pk__in=ids).order_by("pk") if ids else []
    return [
        ArrivalView(
            id=each.pk,
            chain=each.chain,
            tx_hash=each.tx_hash,
            log_index=each.log_index,
            owner=each.wallet.owner,
            customer_id=each.wallet.customer_id,
            amount=Money.of(int(each.units), each.asset),
            sender=each.sender,
            state=ArrivalState(each.state),
            block_number=each.block_number,
        )
        for each in found
    ]


def ripen(*, chain: str) -> int:
    """Ask which block is final and make final what arrived up to it; return how many.

    Only if that block is one of those that we have read: the node that answers may have another view of the chain than
    the one whose blocks we follow.
    Needs: no open database transaction.
    Raises: Unavailable.
    """
    try:
        final = blocks.header(chain=chain, which="finalized")
    except client.NodeSays:  # a young chain has none yet
        return 0
    if final is None or not _is_ours(chain, final):
        return 0
    Cursor.objects.filter(chain=chain).update(finalized_number=final.number, checked_at=Now())
    done = writing.finalise(chain=chain, number=final.number)
    listeners.tell_arrivals(views(ids=done))
    return len(done)


def _is_ours(chain: str, final: Header) -> bool:
    """Say whether a final block is on the chain that we read. Before our memory begins nothing has arrived."""
    known = Block.objects.filter(chain=chain, number=final.number).first()
    if known is not None:
        return known.block_hash == final.block_hash
    return final.number < Cursor.objects.get(chain=chain).number
