"""How much a customer of each level may move, and how much of it he has used."""

from django.db import models
from django.db.models import F, Q


class LevelLimit(models.Model):
    """What one level may move per kind of transaction, in smallest units of ``asset``. No row means nothing."""

    level = models.SmallIntegerField()
    kind = models.CharField(max_length=32)
    asset = models.CharField(max_length=32)
    single_units = models.DecimalField(max_digits=78, decimal_places=0)
    daily_units = models.DecimalField(max_digits=78, decimal_places=0)
    monthly_units = models.DecimalField(max_digits=78, decimal_places=0)

    class Meta:
        constraints = [
            models.UniqueConstraint(name="compliance_levellimit_once", fields=["level", "kind", "asset"]),
            models.CheckConstraint(name="compliance_levellimit_level_known", condition=Q(level__gte=0, level__lte=3)),
            models.CheckConstraint(
                name="compliance_levellimit_nested",
                condition=Q(single_units__gte=0)
                & Q(single_units__lte=F("daily_units"))
                & Q(daily_units__lte=F("monthly_units")),
            ),
        ]


class LimitUse(models.Model):
    """How much a customer has used today and this month (UTC). One row that is locked, so nobody slips past a limit."""

    customer_id = models.UUIDField()
    kind = models.CharField(max_length=32)
    asset = models.CharField(max_length=32)
    day = models.DateField()
    day_units = models.DecimalField(max_digits=78, decimal_places=0)
    month = models.DateField()
    month_units = models.DecimalField(max_digits=78, decimal_places=0)

    class Meta:
        constraints = [
            models.UniqueConstraint(name="compliance_limituse_once", fields=["customer_id", "kind", "asset"]),
            models.CheckConstraint(
                name="compliance_limituse_not_negative", condition=Q(day_units__gte=0, month_units__gte=F("day_units"))
            ),
        ]


class LimitClaim(models.Model):
    """What one transaction took of the limits, so that it is taken once and given back once, to the right day."""

    ref = models.UUIDField(primary_key=True, editable=False)
    customer_id = models.UUIDField()
    kind = models.CharField(max_length=32)
    asset = models.CharField(max_length=32)
    units = models.DecimalField(max_digits=78, decimal_places=0)
    taken_at = models.DateTimeField()
    released_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [models.CheckConstraint(name="compliance_limitclaim_positive", condition=Q(units__gt=0))]
        indexes = [models.Index(name="compliance_limitclaim_recent", fields=["customer_id", "kind", "taken_at"])]
