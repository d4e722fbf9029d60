"""The tables of the outbox. Rows are written by the functions in ``sql/``, never one by one."""

from __future__ import annotations

from django.db import models
from django.db.models import Q

from core.kernel import ids


class StreamHead(models.Model):
    """The last number given out in one customer's channel, and the epoch that these numbers belong to.

    The epoch changes only when numbering starts anew (a restored backup): a client then takes a snapshot.
    """

    pk = models.CompositePrimaryKey("customer_id", "channel")
    customer_id = models.UUIDField()
    channel = models.TextField()
    epoch = models.UUIDField()
    seq = models.BigIntegerField()

    def __str__(self) -> str:
        return f"{self.customer_id.hex}/{self.channel} at {self.seq}"


class StreamRow(models.Model):
    """One numbered piece of news. ``ref`` is the event it tells of, where there is one."""

    id = models.UUIDField(primary_key=True, default=ids.uuid7, editable=False)
    customer_id = models.UUIDField()
    channel = models.TextField()
    seq = models.BigIntegerField()
    type = models.TextField()
    ref = models.UUIDField(null=True)
    data = models.JSONField()
    created_at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["customer_id", "channel", "seq"], name="outbox_row_number")]

    def __str__(self) -> str:
        return f"{self.customer_id.hex}/{self.channel}#{self.seq}"


class Effect(models.Model):
    """Something to be done because a transaction committed. Done means deleted; out of tries means dead, and kept."""

    class State(models.TextChoices):
        PENDING = "pending", "Waiting to be carried out"
        DEAD = "dead", "Out of tries: a person must look"

    id = models.UUIDField(primary_key=True, default=ids.uuid7, editable=False)
    topic = models.TextField()
    payload = models.JSONField()
    state = models.TextField(choices=State.choices, default=State.PENDING)
    due_at = models.DateTimeField()
    tries = models.PositiveIntegerField(default=0)
    lease_until = models.DateTimeField(null=True)
    last_error = models.TextField(default="")

    class Meta:
        indexes = [models.Index(fields=["topic", "due_at"], name="outbox_effect_due", condition=Q(state="pending"))]

    def __str__(self) -> str:
        return f"{self.topic} {self.id.hex}"
