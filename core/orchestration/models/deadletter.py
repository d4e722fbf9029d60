"""What the engine gave up on and a person has to see."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.db.models.functions import Now

from core.kernel import ids


class Category(models.TextChoices):
    """What kind of failure it was, and so what recovers it."""

    TRANSIENT = "TRANSIENT", "try again later"
    RECOVERABLE = "RECOVERABLE", "compare with the provider, then go on"
    PERMANENT = "PERMANENT", "a person has to act"


class DeadLetterState(models.TextChoices):
    """Whether somebody still has to look."""

    OPEN = "OPEN"
    REPLAYED = "REPLAYED"
    DISCARDED = "DISCARDED"


class DeadLetter(models.Model):
    """One piece of work that was parked. ``source`` is what failed (``send``, ``outcome``, ``undo``, ``advance``)."""

    id = models.UUIDField(primary_key=True, default=ids.uuid7, editable=False)
    transaction = models.ForeignKey("orchestration.Transaction", models.PROTECT, related_name="+", null=True)
    source = models.CharField(max_length=30)
    category = models.CharField(max_length=12, choices=Category.choices)
    error = models.CharField(max_length=60)
    detail = models.TextField(default="", blank=True)
    payload = models.JSONField(default=dict)
    state = models.CharField(max_length=10, choices=DeadLetterState.choices, default=DeadLetterState.OPEN)
    replays = models.SmallIntegerField(default=0)
    created_at = models.DateTimeField(db_default=Now())
    resolved_at = models.DateTimeField(null=True)
    resolved_by = models.CharField(max_length=80, default="", blank=True)
    resolution = models.CharField(max_length=200, default="", blank=True)

    class Meta:
        indexes: ClassVar[list[models.Index]] = [
            models.Index(
                fields=["category", "error"], name="orchestration_dead_open", condition=models.Q(state="OPEN")
            ),
            models.Index(fields=["transaction"], name="orchestration_dead_txn"),
        ]

    def __str__(self) -> str:
        return f"{self.source} {self.error}"

    @property
    def public_id(self) -> str:
        return ids.render(ids.Prefix.DEAD_LETTER, self.id)
