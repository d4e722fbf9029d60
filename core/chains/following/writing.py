"""Write down what a block held, or that blocks vanished: one transaction each, under the row of the chain's cursor."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

import structlog
from django.db import connection, transaction
from django.db.models import Q
from django.db.models.functions import Now

from core.chains.following import settling
from core.chains.following.blocks import Content, Incoming, Ours, Strange
from core.chains.models import Arrival, ArrivalState, Block, Broadcast, ChainTransaction, Cursor, Inclusion, Wallet
from core.chains.node.answers import Header
from core.chains.sending.steps import TOP_UP
from core.kernel import ids

KEEP_BLOCKS = 2_000
_log = structlog.get_logger(__name__)
_GAS_SPENT = """
    UPDATE chains_wallet w SET gas_spent = w.gas_spent + %s * s.gas
      FROM (SELECT t.wallet_id, sum(i.gas_used * i.gas_price) AS gas
              FROM chains_inclusion i JOIN chains_transaction t ON t.id = i.transaction_id
             WHERE i.id = ANY(%s) AND i.broadcast_id IS NOT NULL GROUP BY 1) s
     WHERE w.id = s.wallet_id
"""
_GAS_RECEIVED = """
    UPDATE chains_wallet w SET gas_received = w.gas_received + %s * s.gas
      FROM (SELECT t."to" AS address, sum(t.value) AS gas
              FROM chains_inclusion i JOIN chains_transaction t ON t.id = i.transaction_id
             WHERE i.id = ANY(%s) AND i.broadcast_id IS NOT NULL AND i.succeeded AND t.label = %s GROUP BY 1) s
     WHERE w.chain = %s AND w.address = s.address
"""
_ARRIVAL = """
    INSERT INTO chains_arrival (id, chain, tx_hash, log_index, wallet_id, asset, units, sender, state, block_number,
                                block_hash, seen_at)
    VALUES (%s, %s, %s, %s, %s, %s, %s, %s, 'seen', %s, %s, clock_timestamp())
    ON CONFLICT (chain, tx_hash, log_index) DO UPDATE
       SET state = 'seen', block_number = excluded.block_number, block_hash = excluded.block_hash,
           seen_at = excluded.seen_at, final_at = NULL, vanished_at = NULL
     WHERE chains_arrival.state = 'vanished'
    RETURNING id
"""


@transaction.atomic
def start(*, chain: str, headers: Sequence[Header], node_number: int) -> None:
    """Begin to follow a chain after the last of these blocks. Of several callers one wins."""
    last = headers[-1]
    Cursor.objects.bulk_create(
        [
            Cursor(
                chain=chain, number=last.number, block_hash=last.block_hash, node_number=node_number, checked_at=Now()
            )
        ],
        ignore_conflicts=True,
    )
    if Cursor.objects.select_for_update().get(chain=chain).block_hash == last.block_hash:
        Block.objects.bulk_create([_block(chain, each) for each in headers], ignore_conflicts=True)


@transaction.atomic
def append(*, chain: str, content: Content) -> list[UUID] | None:
    """Write one block, if it follows the last one; return the arrivals it brought, None if somebody else was faster."""
    cursor = Cursor.objects.select_for_update().get(chain=chain)
    head = content.header
    if cursor.number + 1 != head.number or cursor.block_hash != head.parent_hash:
        return None
    Block.objects.bulk_create([_block(chain, head)])
    Block.objects.filter(chain=chain, number__lte=head.number - KEEP_BLOCKS).delete()
    _count_gas(chain, [_include(chain, ours) for ours in content.ours], sign=1)
    for strange in content.strange:
        _freeze(chain, strange)
    arrivals = [found for each in content.incoming if (found := _arrive(chain, content, each)) is not None]
    Cursor.objects.filter(chain=chain).update(number=head.number, block_hash=head.block_hash)
    return arrivals


@transaction.atomic
def retract(*, chain: str, ancestor: int, ancestor_hash: str, head_hash: str) -> tuple[list[str], list[UUID]] | None:
    """Take back everything after a block that still stands.

    Returns the keys of the operations that went back to waiting and the arrivals that vanished; None if somebody else
    moved on meanwhile.
    """
    cursor = Cursor.objects.select_for_update().get(chain=chain)
    if cursor.block_hash != head_hash:
        return None
    lost = list(
        Inclusion.objects.select_related("transaction").filter(chain=chain, block_number__gt=ancestor, vanished_at=None)
    )
    Inclusion.objects.filter(pk__in=[each.pk for each in lost]).update(vanished_at=Now())
    Broadcast.objects.filter(tx_hash__in=[each.tx_hash for each in lost]).update(sent_at=None)
    gone = Arrival.objects.filter(chain=chain, block_number__gt=ancestor).exclude(state=ArrivalState.VANISHED)
    arrivals = list(gone.values_list("pk", flat=True))
    Arrival.objects.filter(pk__in=arrivals).update(state=ArrivalState.VANISHED, vanished_at=Now(), final_at=None)
    Block.objects.filter(chain=chain, number__gt=ancestor).delete()
    Cursor.objects.filter(chain=chain).update(number=ancestor, block_hash=ancestor_hash)
    steps = [each.transaction_id for each in lost]
    keys = settling.settle(chain=chain, operations=ChainTransaction.objects.filter(pk__in=steps).values("operation_id"))
    _count_gas(chain, lost, sign=-1)  # after the operations: whoever signs locks them in that order
    return keys, arrivals


def _block(chain: str, head: Header) -> Block:
    return Block(chain=chain, number=head.number, block_hash=head.block_hash, parent_hash=head.parent_hash, at=head.at)


def _count_gas(chain: str, included: Sequence[Inclusion], *, sign: int) -> None:
    """Count what gas cost and what was brought as gas, or take it back; wallets are locked in order."""
    if not included:
        return
    places = {each.transaction.wallet_id for each in included}
    brought = {each.transaction.to for each in included if each.transaction.label == TOP_UP}
    touched = Wallet.objects.filter(Q(pk__in=places) | Q(chain=chain, address__in=brought))
    list(touched.select_for_update().order_by("pk").values_list("pk"))
    keys = [each.pk for each in included]
    with connection.cursor() as cursor:
        cursor.execute(_GAS_SPENT, [sign, keys])
        if brought:
            cursor.execute(_GAS_RECEIVED, [sign, keys, TOP_UP, chain])


def _include(chain: str, ours: Ours) -> Inclusion:
    """Note that a block took one of our transactions."""
    told = ours.receipt
    return Inclusion.objects.create(
        transaction=ours.broadcast.transaction,
        broadcast=ours.broadcast,
        chain=chain,
        tx_hash=told.tx_hash,
        block_number=told.block_number,
        block_hash=told.block_hash,
        succeeded=told.succeeded,
        gas_used=told.gas_used,
        gas_price=told.gas_price,
        logs=[log.stored() for log in told.logs],
        reason_code=ours.reason.code if ours.reason else "",
        reason=ours.reason.detail if ours.reason else "",
        seen_at=Now(),
    )


def _freeze(chain: str, strange: Strange) -> None:
    """Freeze a wallet that something left which we never signed, and note which of our transactions lost its nonce."""
    told = strange.receipt
    reason = f"{told.tx_hash} left this address in block {told.block_number} and is none of ours."
    _log.critical("chains.strange_transaction", chain=chain, address=strange.wallet.address, tx_hash=told.tx_hash)
    Wallet.objects.filter(pk=strange.wallet.pk, frozen_at=None).update(frozen_at=Now(), frozen_reason=reason)
    step = ChainTransaction.objects.filter(wallet=strange.wallet, nonce=strange.nonce).first()
    if step is not None:
        Inclusion.objects.create(
            transaction=step,
            chain=chain,
            tx_hash=told.tx_hash,
            block_number=told.block_number,
            block_hash=told.block_hash,
            succeeded=False,
            gas_used=told.gas_used,
            gas_price=told.gas_price,
            reason_code="nonce_taken",
            reason="Another transaction, which we did not sign, took the place of this one.",
            seen_at=Now(),
        )


def _arrive(chain: str, content: Content, incoming: Incoming) -> UUID | None:
    head = content.header
    with connection.cursor() as cursor:
        cursor.execute(
            _ARRIVAL,
            [
                ids.uuid7(),
                chain,
                incoming.tx_hash,
                incoming.log_index,
                incoming.wallet.pk,
                incoming.asset.code,
                incoming.units,
                incoming.sender,
                head.number,
                head.block_hash,
            ],
        )
        found = cursor.fetchone()
    return None if found is None else found[0]


@transaction.atomic
def finalise(*, chain: str, final: Header) -> Sequence[UUID] | None:
    """Mark what arrived up to a block that the chain calls final; return it, None if that is no block of ours.

    The cursor's row is held meanwhile, so nobody steps back between the comparison and the mark.
    """
    cursor = Cursor.objects.select_for_update().get(chain=chain)
    if final.number > cursor.number:  # not read yet: whether it will be ours, nobody knows
        return []
    known = Block.objects.filter(chain=chain, number=final.number).first()
    if known is not None and known.block_hash != final.block_hash:
        return None
    Cursor.objects.filter(chain=chain).update(finalized_number=final.number, checked_at=Now())
    ripe = Arrival.objects.filter(chain=chain, state=ArrivalState.SEEN, block_number__lte=final.number)
    found = list(ripe.select_for_update().values_list("pk", flat=True))
    Arrival.objects.filter(pk__in=found).update(state=ArrivalState.FINAL, final_at=Now())
    return found
