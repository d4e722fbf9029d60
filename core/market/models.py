"""Tables of market data: the pairs that are watched, the price of each now, its history, candles."""

from __future__ import annotations

from django.contrib.postgres.indexes import BrinIndex
from django.db import models


class Interval(models.TextChoices):
    """How long one candle lasts."""

    MINUTE = "1m", "one minute"
    FIVE_MINUTES = "5m", "five minutes"
    HOUR = "1h", "one hour"
    DAY = "1d", "one day"


# An exact price: eighteen places hold the tick of every exchange and of the smallest token.
_DIGITS = 40
_PLACES = 18


class Pair(models.Model):
    """One pair that is watched: what one whole ``base`` costs in ``quote``. Rows are data of the product.

    A price older than ``stale_after_s`` is shown as stale and binds nobody. A price that jumps by more than
    ``band_bps`` is not believed until its source has kept saying so for ``believe_after_s``.
    """

    code = models.TextField(primary_key=True)
    base = models.TextField()
    quote = models.TextField()
    stale_after_s = models.PositiveIntegerField(default=60)
    band_bps = models.PositiveIntegerField(default=1_000)
    believe_after_s = models.PositiveIntegerField(default=60)
    is_active = models.BooleanField(default=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["base", "quote"], name="market_pair_unique")]


class LatestPrice(models.Model):
    """The last believable price of a pair from one source, and the last answer that was refused, if it still is."""

    pair = models.ForeignKey("market.Pair", on_delete=models.PROTECT, related_name="+")
    source = models.TextField()
    price = models.DecimalField(max_digits=_DIGITS, decimal_places=_PLACES)
    bid = models.DecimalField(max_digits=_DIGITS, decimal_places=_PLACES)
    ask = models.DecimalField(max_digits=_DIGITS, decimal_places=_PLACES)
    observed_at = models.DateTimeField()
    refused_price = models.DecimalField(max_digits=_DIGITS, decimal_places=_PLACES, null=True)
    refused_why = models.TextField(blank=True)
    refused_since = models.DateTimeField(null=True)
    refused_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["pair", "source"], name="market_latestprice_unique"),
            models.CheckConstraint(
                condition=models.Q(price__gt=0, bid__gt=0, ask__gt=0), name="market_latestprice_positive"
            ),
        ]


class PricePoint(models.Model):
    """One price as it was: the history, kept for a while."""

    pair = models.ForeignKey("market.Pair", on_delete=models.PROTECT, related_name="+", db_index=False)
    source = models.TextField()
    price = models.DecimalField(max_digits=_DIGITS, decimal_places=_PLACES)
    observed_at = models.DateTimeField()

    class Meta:
        indexes = [
            models.Index(fields=["pair", "observed_at"], name="market_pricepoint_pair"),
            BrinIndex(fields=["observed_at"], name="market_pricepoint_at"),
        ]


class Candle(models.Model):
    """What a source traded in one stretch of time. The newest of a feed is not complete yet and changes."""

    pair = models.ForeignKey("market.Pair", on_delete=models.PROTECT, related_name="+", db_index=False)
    source = models.TextField()
    interval = models.TextField(choices=Interval.choices)
    start = models.DateTimeField()
    open = models.DecimalField(max_digits=_DIGITS, decimal_places=_PLACES)
    high = models.DecimalField(max_digits=_DIGITS, decimal_places=_PLACES)
    low = models.DecimalField(max_digits=_DIGITS, decimal_places=_PLACES)
    close = models.DecimalField(max_digits=_DIGITS, decimal_places=_PLACES)
    volume = models.DecimalField(max_digits=_DIGITS, decimal_places=_PLACES)
    trades = models.PositiveIntegerField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["pair", "interval", "source", "start"], name="market_candle_unique"),
        ]


class CandleFeed(models.Model):
    """When the candles of one pair and interval were last fetched from a source."""

    pair = models.ForeignKey("market.Pair", on_delete=models.PROTECT, related_name="+", db_index=False)
    source = models.TextField()
    interval = models.TextField(choices=Interval.choices)
    fetched_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["pair", "interval", "source"], name="market_candlefeed_unique"),
        ]
