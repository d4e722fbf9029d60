"""The pairs that customers may trade."""

from __future__ import annotations

from django.db import models

from core.kernel import assets
from core.kernel.assets import Asset

_DIGITS = 78


class Pair(models.Model):
    """One pair: what of it is ours to say (band, maximum, whether it is offered), and what the exchange said last.

    Units: ``minimum`` of the base asset; ``minimum_cost`` and ``maximum_cost`` of the quote asset. ``band_bps`` is how
    much worse than the price at acceptance an order may be executed. ``listed_at`` is when the exchange was asked.
    """

    code = models.CharField(max_length=20, primary_key=True)
    base = models.CharField(max_length=30)
    quote = models.CharField(max_length=30)
    is_offered = models.BooleanField(default=True)
    band_bps = models.PositiveIntegerField(default=100)
    maximum_cost = models.DecimalField(max_digits=_DIGITS, decimal_places=0)
    is_open = models.BooleanField(default=True)
    minimum = models.DecimalField(max_digits=_DIGITS, decimal_places=0)
    minimum_cost = models.DecimalField(max_digits=_DIGITS, decimal_places=0)
    price_decimals = models.PositiveSmallIntegerField()
    lot_decimals = models.PositiveSmallIntegerField()
    taker_fee = models.DecimalField(max_digits=12, decimal_places=10)
    listed_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["base", "quote"], name="investing_pair_once"),
            models.CheckConstraint(
                condition=models.Q(band_bps__gt=0, band_bps__lt=5_000), name="investing_pair_band_is_sane"
            ),
        ]

    def __str__(self) -> str:
        return self.code

    @property
    def base_asset(self) -> Asset:
        return assets.get(self.base)

    @property
    def quote_asset(self) -> Asset:
        return assets.get(self.quote)
