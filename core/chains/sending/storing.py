"""Store an operation, take nonces and sign: one database transaction, so that none of it is ever there alone."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from django.db import connection, transaction
from django.db.models.functions import Now

from core.chains import keystore
from core.chains.fees import Fees
from core.chains.models import Broadcast, ChainOperation, ChainTransaction, Inclusion, OperationState, Wallet
from core.chains.sending.steps import Placed
from core.kernel import ids

_INSERT = """
    INSERT INTO chains_operation (id, key, chain, reference, state, reason_code, reason, version, from_block,
                                  created_at, changed_at)
    VALUES (%s, %s, %s, %s, 'pending', '', '', 0, %s, clock_timestamp(), clock_timestamp())
    ON CONFLICT (key) DO NOTHING
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """Everything that is known before an operation is stored."""

    key: str
    chain: str
    reference: str
    placed: Sequence[Placed]
    gas_limits: Sequence[int]
    fees: Fees
    from_block: int


@transaction.atomic
def store(plan: Plan) -> bool:
    """Store the operation with its steps and sign those that need not wait. Returns False if the key was taken."""
    operation_id = ids.uuid7()
    with connection.cursor() as cursor:
        cursor.execute(_INSERT, [operation_id, plan.key, plan.chain, plan.reference, plan.from_block])
        if not cursor.rowcount:
            return False
    ChainTransaction.objects.bulk_create(
        ChainTransaction(
            operation_id=operation_id,
            position=position,
            wallet=each.wallet,
            to=each.to,
            value=each.step.value,
            data="0x" + each.step.data.hex() if each.step.data else "",
            label=each.step.label,
            gas_limit=limit,
            waits=each.step.waits,
        )
        for position, (each, limit) in enumerate(zip(plan.placed, plan.gas_limits, strict=True))
    )
    sign_ready(operation_id=operation_id, fees=plan.fees)
    return True


@transaction.atomic
def sign_ready(*, operation_id: UUID, fees: Fees) -> list[Broadcast]:
    """Take nonces for the steps whose turn it is and sign them; return what was signed.

    The operation's row is locked first and the wallets in the order of their ids, so callers queue up.
    Raises: NotAuthorised, and IntegrityError from the database, when a wallet is frozen; nothing is stored then.
    """
    operation = ChainOperation.objects.select_for_update().get(pk=operation_id)
    ready = _ready(operation)
    wallets = {
        wallet.pk: wallet
        for wallet in Wallet.objects.select_for_update()
        .filter(pk__in={step.wallet_id for step in ready})
        .order_by("pk")
    }
    return [_sign(step, wallets[step.wallet_id], fees) for step in ready]


def _ready(operation: ChainOperation) -> list[ChainTransaction]:
    """Return the unsigned steps up to the first that has to wait."""
    if operation.state != OperationState.PENDING:
        return []
    steps = list(ChainTransaction.objects.filter(operation=operation).order_by("position"))
    done = set(
        Inclusion.objects.filter(transaction__in=steps, vanished_at=None, succeeded=True).values_list(
            "transaction_id", flat=True
        )
    )
    ready: list[ChainTransaction] = []
    for place, step in enumerate(steps):
        if step.waits and any(before.pk not in done for before in steps[:place]):
            break
        if step.nonce is None:
            ready.append(step)
    return ready


def _sign(step: ChainTransaction, wallet: Wallet, fees: Fees) -> Broadcast:
    step.nonce = wallet.next_nonce
    wallet.next_nonce += 1
    ChainTransaction.objects.filter(pk=step.pk).update(nonce=step.nonce)  # the trigger moves the wallet's own
    return keep(step, fees=fees)


def keep(step: ChainTransaction, *, fees: Fees) -> Broadcast:
    """Sign a transaction that has its nonce and store the signed form, before any node is offered it.

    Needs: an open transaction.
    """
    signed = keystore.sign(step, fees=fees)
    return Broadcast.objects.create(
        transaction=step,
        tx_hash=signed.tx_hash,
        raw=signed.raw,
        max_fee=fees.max_fee,
        priority_fee=fees.priority_fee,
        signed_at=Now(),
    )
