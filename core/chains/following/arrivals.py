"""Arrivals as listeners and screens see them, and their becoming final."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

import structlog

from core.chains.following import blocks, listeners, writing
from core.chains.following.listeners import ArrivalView
from core.chains.models import Arrival, ArrivalState, Cursor
from core.chains.node import client
from core.kernel.money import Money

_log = structlog.get_logger(__name__)


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
    the one whose blocks we follow. Then nothing becomes final, and the trouble is noted.
    Needs: no open database transaction.
    Raises: Unavailable.
    """
    try:
        final = blocks.header(chain=chain, which="finalized")
    except client.NodeSays:  # a young chain has none yet
        return 0
    if final is None:
        return 0
    done = writing.finalise(chain=chain, final=final)
    if done is None:
        trouble = f"The node calls a block {final.number} final that is not ours: {final.block_hash}."
        _log.error("chains.other_final_block", chain=chain, number=final.number, block_hash=final.block_hash)
        Cursor.objects.filter(chain=chain).update(trouble=trouble)
        return 0
    listeners.tell_arrivals(views(ids=done))
    return len(done)
