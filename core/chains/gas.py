"""Gas at the addresses that sign: brought from the gas wallet where too little is left."""

from __future__ import annotations

from core.chains import evm, wallets
from core.chains.fees import FeeEstimate
from core.chains.sending.steps import TOP_UP, Step


def top_up(*, owner: wallets.Owner, chain: str, price: FeeEstimate, gas: int, times: int = 2) -> list[Step]:
    """Return the step that brings gas to an owner's address, where less than ``gas`` units of it are left; else none.

    It brings ``times`` what is needed at the fast price. The steps that it is for must wait for it (``Step.waits``).
    Only what was brought as gas counts: the coin that customers own may lie at the same address.
    Needs: no open database transaction.
    Raises: Unavailable, RateLimited; Refused (``chain_unavailable``).
    """
    wallet = wallets.ensure(owner=owner, chain=chain)
    needed = price.ceiling(gas=gas, speed="fast").units
    left = max(min(wallet.gas_left, evm.balance(chain=chain, address=wallet.address).units), 0)
    if left >= needed:
        return []
    return [Step(sender=wallets.GAS, to=wallet.address, value=times * needed - left, label=TOP_UP)]
