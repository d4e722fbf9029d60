"""The allow-list: which strategies customers may start, and through which pools may be swapped."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.db.models.functions import Now

from core.kernel import ids


class Strategy(models.Model):
    """One way to earn: an asset supplied to one contract of one protocol.

    ``contract`` is its name among the chain's configured addresses. ``receipt_asset`` is what is held for it, in units
    that do not rebase. ``maximum_units`` is per position, ``cap_units`` what all customers together may have in it;
    ``max_network_fee_bps`` is how much of the amount the chain may cost at most.
    """

    id = models.UUIDField(primary_key=True, default=ids.uuid7, editable=False)
    code = models.CharField(max_length=40, unique=True)
    name = models.CharField(max_length=80)
    chain = models.CharField(max_length=20)
    protocol = models.CharField(max_length=20)
    contract = models.CharField(max_length=40)
    asset = models.CharField(max_length=30)
    receipt_asset = models.CharField(max_length=30)
    is_enabled = models.BooleanField(default=True)
    reason = models.CharField(max_length=200, blank=True, default="")
    minimum_units = models.DecimalField(max_digits=78, decimal_places=0)
    maximum_units = models.DecimalField(max_digits=78, decimal_places=0)
    cap_units = models.DecimalField(max_digits=78, decimal_places=0)
    max_network_fee_bps = models.PositiveIntegerField()
    version = models.IntegerField(default=1)
    created_at = models.DateTimeField(db_default=Now())

    class Meta:
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.CheckConstraint(
                name="defi_strategy_amounts_sensible",
                condition=models.Q(minimum_units__gt=0) & models.Q(maximum_units__gte=models.F("minimum_units")),
            ),
        ]

    def __str__(self) -> str:
        return self.name


class Reading(models.Model):
    """What the contract of a strategy said last: for display, with its age. Whoever moves money asks the contract.

    Units: ``index`` and ``rate`` (simple, a year) are rays, with 27 decimals; the others are units of the asset.
    """

    strategy = models.OneToOneField("defi.Strategy", models.PROTECT, primary_key=True, related_name="+")
    index = models.DecimalField(max_digits=78, decimal_places=0)
    rounding = models.CharField(max_length=10)
    rate = models.DecimalField(max_digits=78, decimal_places=0)
    available_units = models.DecimalField(max_digits=78, decimal_places=0)
    room_units = models.DecimalField(max_digits=78, decimal_places=0, null=True)
    is_open = models.BooleanField()
    block_time = models.DateTimeField()
    observed_at = models.DateTimeField()

    def __str__(self) -> str:
        return f"{self.strategy_id} at {self.observed_at:%Y-%m-%d %H:%M:%S}"


class Venue(models.Model):
    """One pool through which customers may swap, both ways. ``fee`` is the pool's own, in hundredths of a basis point.

    ``max_impact_bps`` is by how much a swap may move the pool's price against itself at most; ``max_network_fee_bps``
    how much of the amount the chain may cost at most.
    """

    id = models.UUIDField(primary_key=True, default=ids.uuid7, editable=False)
    code = models.CharField(max_length=40, unique=True)
    chain = models.CharField(max_length=20)
    protocol = models.CharField(max_length=20)
    one_asset = models.CharField(max_length=30)
    other_asset = models.CharField(max_length=30)
    fee = models.PositiveIntegerField()
    is_enabled = models.BooleanField(default=True)
    reason = models.CharField(max_length=200, blank=True, default="")
    max_impact_bps = models.PositiveIntegerField()
    max_network_fee_bps = models.PositiveIntegerField()
    version = models.IntegerField(default=1)
    created_at = models.DateTimeField(db_default=Now())

    class Meta:
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(
                name="defi_venue_once", fields=["chain", "protocol", "one_asset", "other_asset", "fee"]
            ),
            models.CheckConstraint(
                name="defi_venue_two_assets", condition=~models.Q(one_asset=models.F("other_asset"))
            ),
        ]

    def __str__(self) -> str:
        return self.code
