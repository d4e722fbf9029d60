"""Devices from which a customer signed in."""

from __future__ import annotations

from django.db import models

from core.kernel import ids


class Device(models.Model):
    """A device as far as it can be told apart: a hash of what it says about itself."""

    id = models.UUIDField(primary_key=True, default=ids.uuid7, editable=False)
    user = models.ForeignKey("identity.User", on_delete=models.PROTECT, related_name="+")
    fingerprint = models.CharField(max_length=64)
    label = models.CharField(max_length=200)
    first_seen_at = models.DateTimeField()
    last_seen_at = models.DateTimeField()

    class Meta:
        db_table = "identity_device"
        constraints = (models.UniqueConstraint(name="identity_device_user", fields=("user", "fingerprint")),)

    def __str__(self) -> str:
        return self.label
