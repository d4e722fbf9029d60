"""What we do on a chain: an operation, its transactions, every hash ever sent for them, every block that took them.

A transaction is address and nonce; its hashes come and go with its fees, and its blocks with reorganisations.
"""

from __future__ import annotations

from typing import Any

from django.db import models
from django.db.models import Q

from core.kernel import ids


def _units(**options: Any) -> models.DecimalField[Any, Any]:
    """A whole number of a coin's smallest units."""
    return models.DecimalField(max_digits=78, decimal_places=0, **options)


class OperationState(models.TextChoices):
    """How far an operation is."""

    PENDING = "pending", "Stored; not all of it is in a block"
    MINED = "mined", "All of it is in blocks that may still vanish"
    FINAL = "final", "Done, with enough blocks on top"
    REVERTING = "reverting", "A part was refused in a block that may still vanish"
    REVERTED = "reverted", "Refused, with enough blocks on top"


OPEN = (OperationState.PENDING, OperationState.MINED, OperationState.REVERTING)


class ChainOperation(models.Model):
    """One thing to do, under the key of whoever wants it. ``from_block`` is the newest block when it was stored."""

    id = models.UUIDField(primary_key=True, default=ids.uuid7)
    key = models.TextField()
    chain = models.TextField()
    reference = models.TextField(blank=True)
    state = models.TextField(choices=OperationState, default=OperationState.PENDING)
    reason_code = models.TextField(blank=True, default="")
    reason = models.TextField(blank=True, default="")
    version = models.IntegerField(default=0)
    from_block = models.BigIntegerField()
    created_at = models.DateTimeField()
    changed_at = models.DateTimeField()

    class Meta:
        db_table = "chains_operation"
        constraints = (models.UniqueConstraint(fields=["key"], name="chains_operation_key"),)
        indexes = (
            models.Index(fields=["reference"], condition=~Q(reference=""), name="chains_operation_reference"),
            models.Index(
                fields=["chain"], condition=Q(state__in=[state.value for state in OPEN]), name="chains_operation_open"
            ),
        )

    def __str__(self) -> str:
        return self.key


class ChainTransaction(models.Model):
    """One step of an operation. Its nonce is taken when it is signed, and never changes; nor does anything else."""

    id = models.UUIDField(primary_key=True, default=ids.uuid7)
    operation = models.ForeignKey("chains.ChainOperation", on_delete=models.PROTECT, related_name="+")
    position = models.SmallIntegerField()
    wallet = models.ForeignKey("chains.Wallet", on_delete=models.PROTECT, related_name="+")
    nonce = models.BigIntegerField(null=True)
    to = models.TextField()
    value = _units(default=0)
    data = models.TextField(blank=True)
    label = models.TextField()
    gas_limit = models.BigIntegerField()
    waits = models.BooleanField(default=False)

    class Meta:
        db_table = "chains_transaction"
        constraints = (
            models.UniqueConstraint(fields=["operation", "position"], name="chains_transaction_position"),
            models.UniqueConstraint(fields=["wallet", "nonce"], name="chains_transaction_nonce"),
            models.CheckConstraint(condition=Q(value__gte=0, gas_limit__gte=21_000), name="chains_transaction_sane"),
        )

    def __str__(self) -> str:
        return f"{self.label}, nonce {self.nonce}"


class Broadcast(models.Model):
    """One signed form of a transaction. ``sent_at`` is empty until a node was offered it."""

    id = models.UUIDField(primary_key=True, default=ids.uuid7)
    transaction = models.ForeignKey("chains.ChainTransaction", on_delete=models.PROTECT, related_name="+")
    tx_hash = models.TextField()
    raw = models.TextField()
    max_fee = _units()
    priority_fee = _units()
    signed_at = models.DateTimeField()
    sent_at = models.DateTimeField(null=True)
    times_sent = models.IntegerField(default=0)
    trouble = models.TextField(blank=True, default="")

    class Meta:
        db_table = "chains_broadcast"
        constraints = (models.UniqueConstraint(fields=["tx_hash"], name="chains_broadcast_hash"),)

    def __str__(self) -> str:
        return self.tx_hash


class Inclusion(models.Model):
    """One block that took a transaction's nonce: with one of our hashes, or (``broadcast`` empty) with somebody else's.

    ``vanished_at`` is written once, when the block fell out of the chain. At most one inclusion stands.
    """

    id = models.UUIDField(primary_key=True, default=ids.uuid7)
    transaction = models.ForeignKey("chains.ChainTransaction", on_delete=models.PROTECT, related_name="+")
    broadcast = models.ForeignKey("chains.Broadcast", null=True, on_delete=models.PROTECT, related_name="+")
    chain = models.TextField()
    tx_hash = models.TextField()
    block_number = models.BigIntegerField()
    block_hash = models.TextField()
    succeeded = models.BooleanField()
    gas_used = models.BigIntegerField()
    gas_price = _units()
    logs = models.JSONField(default=list)
    reason_code = models.TextField(blank=True, default="")
    reason = models.TextField(blank=True, default="")
    seen_at = models.DateTimeField()
    vanished_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "chains_inclusion"
        constraints = (
            models.UniqueConstraint(
                fields=["transaction"], condition=Q(vanished_at=None), name="chains_inclusion_stands"
            ),
        )
        indexes = (
            models.Index(
                fields=["chain", "block_number"], condition=Q(vanished_at=None), name="chains_inclusion_block"
            ),
            models.Index(fields=["transaction"], name="chains_inclusion_transaction"),
        )

    def __str__(self) -> str:
        return f"{self.tx_hash} in block {self.block_number}"
