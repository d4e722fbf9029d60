"""Offer a signed transaction to the node, and understand what it says. Offering twice is harmless."""

from __future__ import annotations

from enum import StrEnum
from uuid import UUID

import structlog
from django.db.models import F, Value
from django.db.models.functions import Now

from core.chains.models import Broadcast
from core.chains.node import client
from core.providers import contract

_log = structlog.get_logger(__name__)


class Offer(StrEnum):
    """What became of an offer."""

    TAKEN = "taken"
    UNKNOWN = "unknown"
    NONCE_USED = "nonce_used"
    UNDERPRICED = "underpriced"
    POOR = "poor"
    REFUSED = "refused"
    NOT_SENT = "not_sent"


POOR = "insufficient funds"
_WORDS = (
    ("already known", Offer.TAKEN),
    ("already imported", Offer.TAKEN),
    ("known transaction", Offer.TAKEN),
    ("nonce too low", Offer.NONCE_USED),
    ("underpriced", Offer.UNDERPRICED),
    ("less than block base fee", Offer.UNDERPRICED),
    ("fee cap less than", Offer.UNDERPRICED),
    (POOR, Offer.POOR),
)


def offer(*, chain: str, broadcast_id: UUID) -> Offer:
    """Send one stored, signed transaction to the node and note what it said. Never raises for the node's sake.

    Needs: no open database transaction.
    """
    kept = Broadcast.objects.select_related("transaction__operation").get(pk=broadcast_id)
    found, trouble = _send(chain, kept)
    changes = {"trouble": trouble[:300]}
    if found is Offer.NOT_SENT:
        Broadcast.objects.filter(pk=broadcast_id).update(**changes)
    else:
        Broadcast.objects.filter(pk=broadcast_id).update(
            sent_at=Now(), times_sent=F("times_sent") + Value(1), **changes
        )
    if trouble:
        _log.warning("chains.offer_not_taken", chain=chain, tx_hash=kept.tx_hash, found=found.value, said=trouble)
    return found


def _send(chain: str, kept: Broadcast) -> tuple[Offer, str]:
    try:
        client.of(chain).send(kept.raw, tx_hash=kept.tx_hash, key=kept.transaction.operation.key)
    except client.NodeSays as said:
        found = meaning(said.said)
        return found, "" if found is Offer.TAKEN else said.said
    except contract.OutcomeUnknown as fault:
        return Offer.UNKNOWN, fault.detail
    except contract.Unavailable as fault:
        return Offer.NOT_SENT, fault.detail
    return Offer.TAKEN, ""


def meaning(said: str) -> Offer:
    """Return what a node's refusal means for the transaction."""
    lowered = said.lower()
    return next((found for words, found in _WORDS if words in lowered), Offer.REFUSED)


def is_there(*, chain: str, form: Broadcast) -> bool:
    """Say whether the node has this form. One that was never offered, or was refused, is not asked for.

    Needs: no open database transaction.
    Raises: Unavailable when the node is away.
    """
    if form.sent_at is None or meaning(form.trouble) in {Offer.POOR, Offer.UNDERPRICED}:
        return False
    return client.of(chain).ask("eth_getTransactionByHash", form.tx_hash) is not None
