"""What may be signed: a transaction that diBoaS stored, with a nonce of its own, and nothing else."""

from __future__ import annotations

from dataclasses import dataclass

from core.chains import config
from core.chains.fees import Fees
from core.chains.models import ChainTransaction
from core.kernel import errors


class NotAuthorised(errors.SystemFault):
    """Something was to be signed that is no stored transaction, or whose wallet is frozen. A defect, or an attack."""

    default_code = "not_authorised"


@dataclass(frozen=True, slots=True, kw_only=True)
class Authorised:
    """One transaction as it will be signed. Only ``of`` makes one, from what the database holds."""

    chain: str
    chain_id: int
    seed: int
    number: int
    address: str
    nonce: int
    to: str
    value: int
    data: str
    gas_limit: int
    fees: Fees


def of(step: ChainTransaction, *, fees: Fees) -> Authorised:
    """Read the transaction from the database again and return what may be signed.

    Raises: NotAuthorised: not stored, no nonce, a frozen wallet, or a fee above the cap of the settings.
    """
    kept = ChainTransaction.objects.select_related("wallet").filter(pk=step.pk).first()
    if kept is None or kept.nonce is None or kept.wallet.frozen_at is not None:
        raise NotAuthorised(detail="Only a stored transaction with a nonce, of a wallet that is not frozen, is signed.")
    given = config.get(kept.wallet.chain)
    if not 0 < fees.priority_fee <= fees.max_fee <= given.fee_cap:
        raise NotAuthorised(detail=f"A fee of {fees.max_fee} per gas is outside what the settings allow.")
    return Authorised(
        chain=given.code,
        chain_id=given.chain_id,
        seed=kept.wallet.seed_id,
        number=kept.wallet.number,
        address=kept.wallet.address,
        nonce=kept.nonce,
        to=kept.to,
        value=int(kept.value),
        data=kept.data or "0x",
        gas_limit=kept.gas_limit,
        fees=fees,
    )
