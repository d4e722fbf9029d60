"""The tables of the live feed."""

from __future__ import annotations

from django.db import models


class WsTicket(models.Model):
    """Permission to open one socket. Written and taken by ``core.realtime.tickets`` only."""

    secret_hash = models.BinaryField(primary_key=True, max_length=32)
    customer_id = models.UUIDField()
    expires_at = models.DateTimeField()

    class Meta:
        db_table = "realtime_ws_ticket"
        indexes = (models.Index(fields=("expires_at",), name="realtime_ws_ticket_age"),)

    def __str__(self) -> str:
        return f"ticket of {self.customer_id}"


class ProviderFact(models.Model):
    """What the public feed last said of a provider's operation, so that only changes become news."""

    subject = models.TextField(primary_key=True)
    fact = models.JSONField()

    class Meta:
        db_table = "realtime_provider_fact"

    def __str__(self) -> str:
        return self.subject
