"""The tables behind idempotency, breakers and signs of life."""

from __future__ import annotations

from django.contrib.postgres.indexes import BrinIndex
from django.db import models

from core.kernel import ids


class IdempotencyRecord(models.Model):
    """The answer that was given to a key. It commits with the business rows, or does not exist."""

    pk = models.CompositePrimaryKey("scope", "key")
    scope = models.TextField()
    key = models.TextField()
    body_sha256 = models.BinaryField()
    status = models.SmallIntegerField()
    headers = models.JSONField()
    body = models.BinaryField()
    created_at = models.DateTimeField()

    class Meta:
        indexes = [BrinIndex(fields=["created_at"], name="idempotency_by_age", pages_per_range=32)]

    def __str__(self) -> str:
        return f"{self.scope} {self.key}"


class BreakerState(models.Model):
    """What the database remembers of a breaker when Redis forgets. Times are milliseconds since 1970."""

    class Mode(models.TextChoices):
        AUTO = "auto", "Decided by failures"
        FORCED_OPEN = "forced_open", "Held open by a person"
        FORCED_CLOSED = "forced_closed", "Held closed by a person"

    class State(models.TextChoices):
        CLOSED = "closed", "Calls pass"
        OPEN = "open", "Calls are refused"
        HALF_OPEN = "half_open", "One probe is on its way"

    name = models.TextField(primary_key=True)
    state = models.TextField(choices=State.choices)
    mode = models.TextField(choices=Mode.choices)
    failures = models.PositiveIntegerField()
    opened_ms = models.BigIntegerField()
    probe_until_ms = models.BigIntegerField()
    probe_token = models.TextField()
    version = models.BigIntegerField()
    changed_at = models.DateTimeField()

    def __str__(self) -> str:
        return f"{self.name} {self.state} ({self.mode})"


class BreakerEvent(models.Model):
    """One change of a breaker: from what to what, why and by whom."""

    id = models.UUIDField(primary_key=True, default=ids.uuid7, editable=False)
    name = models.TextField()
    at = models.DateTimeField()
    before = models.TextField()
    after = models.TextField()
    actor = models.TextField()
    reason = models.TextField()

    class Meta:
        indexes = [models.Index(fields=["name", "at"], name="resilience_breaker_history")]

    def __str__(self) -> str:
        return f"{self.name} {self.before} -> {self.after}"


class Heartbeat(models.Model):
    """When a long-running process was last alive."""

    name = models.TextField(primary_key=True)
    at = models.DateTimeField()
    detail = models.TextField()

    def __str__(self) -> str:
        return f"{self.name} {self.at:%H:%M:%S}"
