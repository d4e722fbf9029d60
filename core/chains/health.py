"""Whether the chains are followed: for health, from the database alone."""

from __future__ import annotations

from datetime import timedelta

from django.db.models import Exists, OuterRef, QuerySet
from django.db.models.functions import Now

from core.chains import config, watch
from core.chains.models import Broadcast, ChainTransaction, Cursor, Inclusion, Wallet
from core.chains.models.operation import OPEN
from core.chains.sending import offering
from core.kernel import errors
from core.resilience import heartbeats

_SILENT_AFTER = timedelta(seconds=90)
_STUCK_AFTER = timedelta(minutes=15)
_POOR_AFTER = timedelta(minutes=5)
_FAR_BEHIND = 50


class Ill(errors.SystemFault):
    """A chain is not followed as it should be, something waits too long on it, or a wallet is frozen."""

    default_code = "chain_ill"


def condition() -> str:
    """Tell how far every chain is read.

    Raises: Ill; heartbeats.Silent when the watcher has not been heard of.
    """
    chains = config.configured()
    if not chains:
        return "no chain is set up"
    frozen = list(Wallet.objects.filter(frozen_at__isnull=False).values_list("address", flat=True)[:5])
    if frozen:
        raise Ill(detail=f"Frozen wallets: {', '.join(frozen)}.")
    return "; ".join(f"{chain} {_condition(chain)}" for chain in chains)


def _condition(chain: str) -> str:
    cursor = Cursor.objects.filter(chain=chain).first()
    if cursor is None:
        raise heartbeats.Silent(detail=f"{chain} was never looked at.")
    if cursor.trouble:
        raise Ill(detail=f"{chain} is not followed: {cursor.trouble}")
    heartbeats.check(name=watch.heartbeat_name(chain), within=_SILENT_AFTER)
    behind = cursor.node_number - cursor.number
    if behind > _FAR_BEHIND:
        raise Ill(detail=f"{chain} is read up to block {cursor.number}, {behind} behind.")
    _check_waiting(chain)
    return f"at block {cursor.number}, {behind} behind"


def _check_waiting(chain: str) -> None:
    """Return if nothing waits long for a block. Raises: Ill."""
    poor = _signed_before(chain, _POOR_AFTER)
    payable = Broadcast.objects.filter(transaction=OuterRef("pk")).exclude(trouble__icontains=offering.POOR)
    addresses = sorted(set(poor.exclude(Exists(payable)).values_list("wallet__address", flat=True)))
    if addresses:
        raise Ill(detail=f"On {chain} these cannot pay for what they signed: {', '.join(addresses[:5])}.")
    stuck = _signed_before(chain, _STUCK_AFTER).count()
    if stuck:
        minutes = int(_STUCK_AFTER.total_seconds() // 60)
        raise Ill(detail=f"{stuck} transactions wait for a block of {chain} for more than {minutes} minutes.")


def _signed_before(chain: str, age: timedelta) -> QuerySet[ChainTransaction, ChainTransaction]:
    """Return what was signed so long ago and stands in no block."""
    stands = Inclusion.objects.filter(transaction=OuterRef("pk"), vanished_at=None)
    old = Broadcast.objects.filter(transaction=OuterRef("pk"), signed_at__lt=Now() - age)
    signed = ChainTransaction.objects.filter(operation__chain=chain, operation__state__in=OPEN, nonce__isnull=False)
    return signed.filter(Exists(old)).exclude(Exists(stands))
