"""The tables of notifications."""

from __future__ import annotations

from django.db import models
from django.db.models import Q

from core.kernel import ids


class Notification(models.Model):
    """One thing that one customer is told. An event tells each customer once, whatever is delivered twice."""

    id = models.UUIDField(primary_key=True, default=ids.uuid7, editable=False)
    customer = models.ForeignKey("identity.Customer", on_delete=models.PROTECT, related_name="+", db_index=False)
    event_id = models.UUIDField()
    transaction_id = models.UUIDField(null=True)
    type = models.TextField()
    title = models.TextField()
    body = models.TextField()
    data = models.JSONField(default=dict)
    created_at = models.DateTimeField()
    read_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "notifications_notification"
        constraints = (models.UniqueConstraint(name="notifications_once", fields=("event_id", "customer")),)
        indexes = (models.Index(fields=("customer", "-id"), name="notifications_list"),)

    def __str__(self) -> str:
        return ids.render(ids.Prefix.NOTIFICATION, self.id)


class Email(models.Model):
    """The e-mail of one notification. ``tries`` counts the claims and is the fencing number of the one who sends."""

    class State(models.TextChoices):
        QUEUED = "queued", "Waiting to be sent"
        SENT = "sent", "Handed to the mail server"
        SKIPPED = "skipped", "Not wanted any more, or nobody to send it to"
        FAILED = "failed", "Out of tries: a person must look"

    notification = models.OneToOneField(
        "notifications.Notification", on_delete=models.PROTECT, related_name="+", primary_key=True
    )
    state = models.TextField(choices=State.choices, default=State.QUEUED)
    tries = models.PositiveIntegerField(default=0)
    due_at = models.DateTimeField()
    sent_at = models.DateTimeField(null=True)
    last_error = models.TextField(default="")

    class Meta:
        db_table = "notifications_email"
        indexes = (models.Index(fields=("due_at",), name="notifications_email_due", condition=Q(state="queued")),)

    def __str__(self) -> str:
        return f"{self.state} e-mail of {self.notification_id}"
