"""What customers have in strategies, and every change of it."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.db.models.functions import Now

from core.kernel import ids


class PositionState(models.TextChoices):
    """The life of a position, which is longer than that of the transaction that opened it."""

    OPENING = "opening", "money is on its way into the strategy"
    ACTIVE = "active", "it earns"
    CLOSING = "closing", "it is being brought home"
    CLOSED = "closed", "it is over"


class Position(models.Model):
    """One customer's part in one strategy; he has one open position in each at most, for they share his address.

    ``units`` do not rebase (Aave: scaled balance) and equal the ledger's balance of the receipt asset. ``cost_units``,
    ``realised_units`` and ``fee_units`` count the strategy's asset: what is in it, what it earned so far before fees,
    and what we took of it; ``owed_units`` is management fee that is due and not collected. Rates are those of the day
    on which it was opened. ``managed_from`` is the chain's time up to which the management fee is settled. ``work`` is
    the transaction that works on it: one at a time.
    """

    id = models.UUIDField(primary_key=True, default=ids.uuid7, editable=False)
    customer_id = models.UUIDField()
    strategy = models.ForeignKey("defi.Strategy", models.PROTECT, related_name="+")
    opened_by = models.ForeignKey("orchestration.Transaction", models.PROTECT, related_name="+")
    work = models.ForeignKey("orchestration.Transaction", models.PROTECT, null=True, related_name="+")
    state = models.CharField(max_length=10, choices=PositionState.choices, default=PositionState.OPENING)
    chain = models.CharField(max_length=20)
    units = models.DecimalField(max_digits=78, decimal_places=0, default=0)
    cost_units = models.DecimalField(max_digits=78, decimal_places=0, default=0)
    realised_units = models.DecimalField(max_digits=78, decimal_places=0, default=0)
    fee_units = models.DecimalField(max_digits=78, decimal_places=0, default=0)
    owed_units = models.DecimalField(max_digits=78, decimal_places=0, default=0)
    management_rate = models.DecimalField(max_digits=12, decimal_places=10)
    performance_rate = models.DecimalField(max_digits=12, decimal_places=10)
    managed_from = models.DateTimeField(null=True)
    opened_at = models.DateTimeField(null=True)
    closed_at = models.DateTimeField(null=True)
    version = models.IntegerField(default=1)
    created_at = models.DateTimeField(db_default=Now())

    class Meta:
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(
                fields=["customer_id", "strategy"], name="defi_position_once", condition=~models.Q(state="closed")
            ),
            models.CheckConstraint(
                name="defi_position_units_sensible",
                condition=models.Q(units__gte=0)
                & models.Q(cost_units__gte=0)
                & models.Q(fee_units__gte=0)
                & (~models.Q(state="closed") | models.Q(units=0)),
            ),
        ]
        indexes: ClassVar[list[models.Index]] = [
            models.Index(fields=["customer_id", "-id"], name="defi_positions"),
        ]

    def __str__(self) -> str:
        return self.public_id

    @property
    def public_id(self) -> str:
        return ids.render(ids.Prefix.POSITION, self.id)


class PositionChange(models.Model):
    """One thing that happened to a position: rows are added and stay for ever. Units are differences."""

    id = models.BigAutoField(primary_key=True)
    position = models.ForeignKey("defi.Position", models.PROTECT, related_name="+")
    transaction = models.ForeignKey("orchestration.Transaction", models.PROTECT, related_name="+")
    event = models.CharField(max_length=20)
    units = models.DecimalField(max_digits=78, decimal_places=0, default=0)
    cost_units = models.DecimalField(max_digits=78, decimal_places=0, default=0)
    realised_units = models.DecimalField(max_digits=78, decimal_places=0, default=0)
    fee_units = models.DecimalField(max_digits=78, decimal_places=0, default=0)
    index = models.DecimalField(max_digits=78, decimal_places=0, null=True)
    created_at = models.DateTimeField(db_default=Now())

    class Meta:
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(fields=["transaction", "event"], name="defi_position_change_once"),
        ]

    def __str__(self) -> str:
        return f"{self.event} {self.units}"
