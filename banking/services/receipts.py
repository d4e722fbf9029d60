"""Coins that arrived unasked become transactions, once each, as soon as the chain calls them final."""

from __future__ import annotations

from collections.abc import Sequence

import structlog

from banking.kinds.receive import RULES
from core.chains import arrivals
from core.chains.arrivals import ArrivalView
from core.chains.models import ArrivalState
from core.orchestration import forced

ACTOR = "system:chain"
_LIMIT = 200
_log = structlog.get_logger(__name__)


def take(seen: Sequence[ArrivalView]) -> int:
    """Take on what is final, a customer's, and more than dust; return how many were new."""
    return sum(_take(arrival) for arrival in seen)


def catch_up() -> int:
    """Take on what nobody told us of: the watcher's word may be lost, its table is not."""
    seen = arrivals.final(limit=_LIMIT)
    known = forced.known([arrival.id for arrival in seen])
    return take([arrival for arrival in seen if arrival.id not in known])


def _take(arrival: ArrivalView) -> bool:
    least = RULES.minimum_units.get(arrival.amount.asset.code)
    if arrival.state is not ArrivalState.FINAL or arrival.customer_id is None:
        return False
    if least is None or arrival.amount.units < least:
        _log.info("receipts.dust", arrival=str(arrival.id), amount=str(arrival.amount))
        return False
    happened = forced.Happened(
        transaction_id=arrival.id,
        customer_id=arrival.customer_id,
        domain="banking",
        kind="receive",
        method=arrival.chain,
        amount=arrival.amount,
        actor=ACTOR,
        facts={
            "arrival": f"arrival:{arrival.chain}:{arrival.tx_hash}:{arrival.log_index}",
            "sender": arrival.sender,
            "tx_hash": arrival.tx_hash,
        },
    )
    return forced.take(happened)
