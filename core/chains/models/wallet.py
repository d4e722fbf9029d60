"""Seeds and the wallets that grow from them."""

from __future__ import annotations

from typing import Any

from django.db import models

from core.encryption.fields import EncryptedTextField
from core.kernel import ids


def _units(**options: Any) -> models.DecimalField[Any, Any]:
    """A whole number of a coin's smallest units."""
    return models.DecimalField(max_digits=78, decimal_places=0, **options)


class Seed(models.Model):
    """One BIP-39 phrase, encrypted. ``fingerprint`` (BIP-32) proves that it opens to what it was made as.

    Never deleted, never replaced: whoever loses it loses the coins.
    """

    number = models.SmallIntegerField(primary_key=True)
    phrase = EncryptedTextField()
    fingerprint = models.TextField()
    created_at = models.DateTimeField()

    class Meta:
        db_table = "chains_seed"

    def __str__(self) -> str:
        return f"seed {self.number} ({self.fingerprint})"


class Wallet(models.Model):
    """One address of ours: a customer's, or the treasury's or gas account's of a chain.

    ``number`` is its place under the seed. ``next_nonce`` rises only together with a transaction that takes it (the
    database's own trigger). A frozen wallet signs nothing. What was brought here as gas less what gas cost is ours,
    whatever else of the coin lies at the address.
    """

    id = models.UUIDField(primary_key=True, default=ids.uuid7)
    seed = models.ForeignKey("chains.Seed", on_delete=models.PROTECT, related_name="+")
    chain = models.TextField()
    owner = models.TextField()
    customer_id = models.UUIDField(null=True)
    number = models.IntegerField()
    address = models.TextField()
    next_nonce = models.BigIntegerField(default=0)
    gas_received = _units(default=0)
    gas_spent = _units(default=0)
    frozen_at = models.DateTimeField(null=True)
    frozen_reason = models.TextField(blank=True, default="")
    created_at = models.DateTimeField()

    class Meta:
        db_table = "chains_wallet"
        constraints = (
            models.UniqueConstraint(fields=["chain", "owner"], name="chains_wallet_owner"),
            models.UniqueConstraint(fields=["seed", "chain", "number"], name="chains_wallet_number"),
            models.UniqueConstraint(fields=["chain", "address"], name="chains_wallet_address"),
        )

    def __str__(self) -> str:
        return f"{self.owner} on {self.chain}: {self.address}"

    @property
    def gas_left(self) -> int:
        """What is left of the gas that was brought here, in the coin's smallest unit."""
        return int(self.gas_received - self.gas_spent)
