"""What only an investing transaction has: its order, and each part of it that was executed."""

from __future__ import annotations

from django.db import models
from django.db.models.functions import Now

from core.kernel import ids

_DIGITS = 78


class Side(models.TextChoices):
    """Which way a trade goes."""

    BUY = "buy", "money for coins"
    SELL = "sell", "coins for money"


class OrderType(models.TextChoices):
    """When an order is to be executed."""

    MARKET = "market", "at once, at no worse than its limit"


def _units() -> models.DecimalField[int, int]:
    return models.DecimalField(max_digits=_DIGITS, decimal_places=0, default=0)


class InvestingDetail(models.Model):
    """One row beside each investing transaction: the order as it was locked, and what came of it.

    ``quantity`` is the expected amount of the coin at ``price``; ``limit_price`` the worst that is accepted. Prices
    are what one whole unit of the pair's base costs in its quote. ``spent`` is what the customer gave in all, ``fee``
    what of it is ours, both in the asset given; ``received`` is in the other one.
    """

    transaction = models.OneToOneField("orchestration.Transaction", models.PROTECT, primary_key=True, related_name="+")
    side = models.CharField(max_length=4, choices=Side)
    pair = models.CharField(max_length=20)
    order_type = models.CharField(max_length=12, choices=OrderType, default=OrderType.MARKET)
    gives = models.CharField(max_length=30)
    gets = models.CharField(max_length=30)
    asked = _units()
    expected = _units()
    price = models.CharField(max_length=60)
    limit_price = models.CharField(max_length=60)
    band_bps = models.PositiveIntegerField()
    order_id = models.CharField(max_length=120, blank=True)
    spent = _units()
    fee = _units()
    received = _units()
    average_price = models.CharField(max_length=60, blank=True)

    class Meta:
        constraints = [models.CheckConstraint(condition=models.Q(side__in=Side.values), name="investing_detail_side")]

    def __str__(self) -> str:
        return f"{self.side} {self.pair}"


class InvestingFill(models.Model):
    """One part of an order that was executed. Append-only; one trade of the exchange is posted once.

    ``paid`` is what the exchange took, its own fee inside, and ``our_fee`` our share beside it, both in the asset
    given; ``exchange_fee`` says what the exchange kept, in its own asset.
    """

    id = models.UUIDField(primary_key=True, default=ids.uuid7, editable=False)
    transaction = models.ForeignKey("orchestration.Transaction", models.PROTECT, related_name="+")
    number = models.IntegerField()
    trade_id = models.CharField(max_length=80)
    price = models.CharField(max_length=60, blank=True)
    gives = models.CharField(max_length=30)
    gets = models.CharField(max_length=30)
    paid = _units()
    received = _units()
    our_fee = _units()
    exchange_fee = _units()
    exchange_fee_asset = models.CharField(max_length=30)
    occurred_at = models.DateTimeField(null=True)
    created_at = models.DateTimeField(db_default=Now())

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["transaction", "trade_id"], name="investing_fill_once"),
            models.UniqueConstraint(fields=["transaction", "number"], name="investing_fill_number"),
        ]

    def __str__(self) -> str:
        return self.trade_id
