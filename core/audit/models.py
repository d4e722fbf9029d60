"""The tables of the record. Triggers refuse UPDATE, DELETE and TRUNCATE on all three."""

from __future__ import annotations

from django.db import models

from core.kernel import ids


class AuditRecord(models.Model):
    """Who did what to what, why, and what changed. It commits with the change it tells of."""

    id = models.UUIDField(primary_key=True, default=ids.uuid7, editable=False)
    at = models.DateTimeField()
    actor = models.TextField()
    action = models.TextField()
    target = models.TextField()
    reason = models.TextField()
    before = models.JSONField(null=True)
    after = models.JSONField(null=True)
    request_id = models.TextField()

    class Meta:
        indexes = [
            models.Index(fields=["target", "id"], name="audit_by_target"),
            models.Index(fields=["actor", "id"], name="audit_by_actor"),
        ]

    def __str__(self) -> str:
        return f"{self.actor} {self.action} {self.target}"


class AuditLink(models.Model):
    """A record's place in the chain: its hash covers its number, its content and the link before."""

    sequence = models.BigIntegerField(primary_key=True)
    record = models.UUIDField(unique=True)
    previous_hash = models.TextField()
    hash = models.TextField()

    def __str__(self) -> str:
        return f"#{self.sequence} {self.hash[:12]}"


class AuditSeal(models.Model):
    """The head of the chain at a moment, signed: who rewrites the chain would have to sign it anew."""

    sequence = models.BigIntegerField(primary_key=True)
    hash = models.TextField()
    at = models.DateTimeField()
    signature = models.TextField()
    public_key = models.TextField()

    def __str__(self) -> str:
        return f"seal of #{self.sequence}"
