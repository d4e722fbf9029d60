"""The inbox: every verified webhook as it came, and what became of it."""

from __future__ import annotations

import uuid

from django.db import models
from django.db.models.functions import Now

from core.encryption.fields import EncryptedBinaryField
from core.kernel import ids


class Status(models.TextChoices):
    """Where an event stands. RECEIVED and PARKED are worked on while ``due_at`` is set."""

    RECEIVED = "received", "waits to be processed"
    PROCESSED = "processed", "its news was taken into account"
    PARKED = "parked", "about an operation that we do not know, or not yet"
    IGNORED = "ignored", "about nothing that concerns us"
    FAILED = "failed", "could not be processed; replay it after the cause is gone"
    REJECTED = "rejected", "its signature does not hold; not news"


class WebhookEvent(models.Model):
    """One event of a provider. ``due_at`` is the schedule, ``lease_until`` and ``fence`` keep two workers apart.

    The body is encrypted. A rejected delivery keeps no body: whoever sent it is nobody's provider.
    """

    id: models.UUIDField[uuid.UUID, uuid.UUID] = models.UUIDField(primary_key=True, default=ids.uuid7, editable=False)
    provider = models.TextField()
    event_id = models.TextField()
    event_type = models.TextField(blank=True)
    provider_ref = models.TextField(blank=True)
    body = EncryptedBinaryField(null=True)
    headers = models.JSONField(default=dict)
    status = models.TextField(choices=Status.choices)
    result = models.TextField(blank=True)
    error = models.TextField(blank=True)
    tries = models.PositiveIntegerField(default=0)
    due_at = models.DateTimeField(null=True)
    lease_until = models.DateTimeField(null=True)
    fence = models.PositiveIntegerField(default=0)
    correlation_id = models.TextField(blank=True)
    received_at = models.DateTimeField(db_default=Now())
    processed_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["provider", "event_id"], name="webhookevent_once"),
            models.CheckConstraint(condition=models.Q(status__in=Status.values), name="webhookevent_status"),
            models.CheckConstraint(
                condition=~models.Q(status=Status.RECEIVED) | models.Q(due_at__isnull=False),
                name="webhookevent_received_is_due",
            ),
        ]
        indexes = [
            models.Index(fields=["due_at"], name="webhookevent_due", condition=models.Q(due_at__isnull=False)),
            models.Index(fields=["provider_ref"], name="webhookevent_ref", condition=~models.Q(provider_ref="")),
        ]
