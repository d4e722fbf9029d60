"""The signer that keeps its keys here, derived from the encrypted seed for one signature at a time."""

from __future__ import annotations

from typing import Protocol

from core.chains.families import families
from core.chains.signing import seeds
from core.chains.signing.authorised import Authorised, NotAuthorised
from core.chains.signing.library import Account
from core.chains.signing.signed import Signed


class Signer(Protocol):
    """Whoever holds the keys: the local keystore, a KMS later. There is no way to sign a bare digest."""

    def address(self, *, chain: str, seed: int, number: int) -> str:
        """Return the address of the wallet with this number."""

    def sign(self, wanted: Authorised) -> Signed:
        """Return the transaction signed.

        Raises: NotAuthorised when the key is not the address's.
        """


class Local:
    """The local keystore."""

    def address(self, *, chain: str, seed: int, number: int) -> str:
        """Return the address of the wallet with this number."""
        family = families.of(chain)
        return family.address_of(seeds.key(number=seed, path=family.path(number)))

    def sign(self, wanted: Authorised) -> Signed:
        """Return the transaction signed, of type 2 (EIP-1559)."""
        family = families.of(wanted.chain)
        key = seeds.key(number=wanted.seed, path=family.path(wanted.number))
        if family.address_of(key) != wanted.address:
            raise NotAuthorised(detail="The key of this wallet is another address's.")
        signed = Account.sign_transaction(
            {
                "type": 2,
                "chainId": wanted.chain_id,
                "nonce": wanted.nonce,
                "to": wanted.to,
                "value": wanted.value,
                "data": wanted.data,
                "gas": wanted.gas_limit,
                "maxFeePerGas": wanted.fees.max_fee,
                "maxPriorityFeePerGas": wanted.fees.priority_fee,
            },
            key,
        )
        return Signed(tx_hash="0x" + bytes(signed.hash).hex(), raw="0x" + bytes(signed.raw_transaction).hex())
