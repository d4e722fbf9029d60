"""Money that reached one of our addresses without our doing."""

from __future__ import annotations

from django.db import models
from django.db.models import Q

from core.kernel import ids

NATIVE = -1


class ArrivalState(models.TextChoices):
    """How sure an arrival is."""

    SEEN = "seen", "In a block that may still vanish"
    FINAL = "final", "In a block that the chain calls final"
    VANISHED = "vanished", "Its block fell out of the chain"


class Arrival(models.Model):
    """One incoming transfer. ``log_index`` is -1 for the chain's own coin. What came and from where never changes."""

    id = models.UUIDField(primary_key=True, default=ids.uuid7)
    chain = models.TextField()
    tx_hash = models.TextField()
    log_index = models.IntegerField()
    wallet = models.ForeignKey("chains.Wallet", on_delete=models.PROTECT, related_name="+")
    asset = models.TextField()
    units = models.DecimalField(max_digits=78, decimal_places=0)
    sender = models.TextField()
    state = models.TextField(choices=ArrivalState)
    block_number = models.BigIntegerField()
    block_hash = models.TextField()
    seen_at = models.DateTimeField()
    final_at = models.DateTimeField(null=True)
    vanished_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "chains_arrival"
        constraints = (
            models.UniqueConstraint(fields=["chain", "tx_hash", "log_index"], name="chains_arrival_once"),
            models.CheckConstraint(condition=Q(units__gt=0), name="chains_arrival_units_positive"),
        )
        indexes = (
            models.Index(
                fields=["chain", "block_number"], condition=Q(state=ArrivalState.SEEN), name="chains_arrival_seen"
            ),
            models.Index(fields=["final_at"], name="chains_arrival_final"),
        )

    def __str__(self) -> str:
        return f"{self.units} {self.asset} in {self.tx_hash}"
