"""Weights of the score as versioned data, and the decisions taken with them."""

from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Now

from core.kernel import ids


class Weights(models.Model):
    """One version of the weights, in percent. The newest one that is in effect counts; rows are never changed."""

    version = models.PositiveIntegerField(unique=True)
    health = models.PositiveSmallIntegerField()
    cost = models.PositiveSmallIntegerField()
    speed = models.PositiveSmallIntegerField()
    effective_from = models.DateTimeField()
    reason = models.TextField()

    class Meta:
        constraints = [
            models.CheckConstraint(name="routing_weights_sum_to_100", condition=Q(health=100 - F("cost") - F("speed"))),
            models.CheckConstraint(name="routing_weights_health_keeps_half", condition=Q(health__gte=50)),
        ]


class Decision(models.Model):
    """Which provider was chosen for a transaction, out of which, by which numbers. One row per choice."""

    id = models.UUIDField(primary_key=True, default=ids.uuid7, editable=False)
    transaction_id = models.UUIDField()
    chosen = models.CharField(max_length=64, blank=True)
    weights_version = models.PositiveIntegerField()
    speed_preference = models.DecimalField(max_digits=5, decimal_places=4, null=True)
    candidates = models.JSONField()
    created_at = models.DateTimeField(db_default=Now(), editable=False)

    class Meta:
        indexes = [models.Index(name="routing_decision_transaction", fields=["transaction_id", "id"])]
