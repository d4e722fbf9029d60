"""Tables of the provider seam: the call log, the minutes of health, and whether a provider is in use."""

from __future__ import annotations

import uuid

from django.contrib.postgres.indexes import BrinIndex
from django.db import models

from core.kernel import ids


class CallOutcome(models.TextChoices):
    """What became of one HTTP call, seen from the wire."""

    ANSWERED = "answered", "an answer that could be read"
    RATE_LIMITED = "rate_limited", "refused because we are too fast"
    UNAVAILABLE = "unavailable", "not executed"
    UNKNOWN = "unknown", "sent, no usable answer"


class ProviderCall(models.Model):
    """One HTTP call to a provider, redacted. Evidence only: nothing is ever decided from this table."""

    id: models.UUIDField[uuid.UUID, uuid.UUID] = models.UUIDField(primary_key=True, default=ids.uuid7, editable=False)
    at = models.DateTimeField()
    provider = models.TextField()
    operation = models.TextField()
    attempt_key = models.TextField(blank=True)
    method = models.TextField()
    path = models.TextField()
    status = models.SmallIntegerField(null=True)
    outcome = models.TextField(choices=CallOutcome.choices)
    duration_ms = models.FloatField()
    request = models.TextField(blank=True)
    response = models.TextField(blank=True)
    correlation_id = models.TextField(blank=True)

    class Meta:
        indexes = [
            models.Index(fields=["attempt_key"], name="providercall_attempt"),
            BrinIndex(fields=["at"], name="providercall_at"),
        ]


class HealthMinute(models.Model):
    """What one provider did at one operation in one minute: the memory behind the counters in Redis.

    ``bins`` counts latencies by bin (see ``health.bin_of``).
    """

    provider = models.TextField()
    operation = models.TextField()
    minute = models.DateTimeField()
    good = models.PositiveIntegerField()
    bad = models.PositiveIntegerField()
    bins = models.JSONField(default=dict)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["provider", "operation", "minute"], name="healthminute_unique"),
        ]
        indexes = [models.Index(fields=["minute"], name="healthminute_minute")]


class ProviderState(models.Model):
    """Whether a provider may be used. No row means enabled. Drained: nothing new, what runs is finished."""

    provider = models.TextField(primary_key=True)
    enabled = models.BooleanField(default=True)
    drained = models.BooleanField(default=False)
    reason = models.TextField(blank=True)
    changed_by = models.TextField()
    changed_at = models.DateTimeField()
