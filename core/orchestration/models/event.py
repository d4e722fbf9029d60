"""The numbered timeline of a transaction."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.db.models.functions import Now

from core.kernel import ids


class Event(models.Model):
    """One thing that happened to a transaction. Append-only; ``seq`` has no gap within a transaction."""

    id = models.UUIDField(primary_key=True, default=ids.uuid7, editable=False)
    transaction_id = models.UUIDField()
    seq = models.IntegerField()
    type = models.CharField(max_length=50)
    from_state = models.CharField(max_length=30, default="", blank=True)
    to_state = models.CharField(max_length=30, default="", blank=True)
    actor = models.CharField(max_length=80)
    reason = models.CharField(max_length=60, default="", blank=True)
    data = models.JSONField(default=dict)
    created_at = models.DateTimeField(db_default=Now())

    class Meta:
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(fields=["transaction_id", "seq"], name="orchestration_event_number"),
        ]

    def __str__(self) -> str:
        return f"{self.seq} {self.type}"

    @property
    def public_id(self) -> str:
        return ids.render(ids.Prefix.EVENT, self.id)
