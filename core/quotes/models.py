"""Quotes, and how long a quote of each kind holds."""

from django.db import models
from django.db.models import Q
from django.db.models.functions import Now

from core.kernel import ids


class Quote(models.Model):
    """A price that was promised to a customer. ``request`` is what it was promised for and is what gets executed.

    ``used_by`` is the transaction made from it, set once. Units are smallest units of ``asset``; what is
    received, of ``target_asset`` where that is another one.
    """

    id = models.UUIDField(primary_key=True, default=ids.uuid7, editable=False)
    customer_id = models.UUIDField()
    domain = models.CharField(max_length=16)
    kind = models.CharField(max_length=32)
    request = models.JSONField()
    sheet = models.JSONField()
    asset = models.CharField(max_length=32)
    target_asset = models.CharField(max_length=32, default="", blank=True)
    debit_units = models.DecimalField(max_digits=78, decimal_places=0)
    receive_units = models.DecimalField(max_digits=78, decimal_places=0)
    min_receive_units = models.DecimalField(max_digits=78, decimal_places=0)
    provider = models.CharField(max_length=64, blank=True)
    eta_seconds = models.PositiveIntegerField()
    candidates = models.JSONField()
    weights_version = models.PositiveIntegerField(null=True)
    suggestions = models.JSONField()
    expires_at = models.DateTimeField()
    used_by = models.UUIDField(null=True, unique=True)
    created_at = models.DateTimeField(db_default=Now(), editable=False)

    class Meta:
        constraints = [
            models.CheckConstraint(
                name="quotes_quote_amounts_sensible",
                condition=Q(receive_units__gt=0)
                & (~Q(target_asset="") | Q(receive_units__lte=models.F("debit_units")))
                & Q(min_receive_units__lte=models.F("receive_units"))
                & Q(min_receive_units__gte=0),
            ),
        ]
        indexes = [
            models.Index(name="quotes_quote_unused", fields=["expires_at"], condition=Q(used_by__isnull=True)),
        ]


class Terms(models.Model):
    """How long a quote holds. A blank ``domain`` or ``kind`` means any; the most specific row counts."""

    domain = models.CharField(max_length=16, blank=True, default="")
    kind = models.CharField(max_length=32, blank=True, default="")
    lifetime_s = models.PositiveIntegerField()

    class Meta:
        constraints = [
            models.UniqueConstraint(name="quotes_terms_once_per_scope", fields=["domain", "kind"]),
            models.CheckConstraint(
                name="quotes_terms_lifetime_sensible", condition=Q(lifetime_s__gte=1, lifetime_s__lte=3600)
            ),
        ]
