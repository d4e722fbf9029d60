"""API keys: only a hash of each secret is kept."""

from __future__ import annotations

from django.contrib.postgres.fields import ArrayField
from django.db import models

from core.kernel import ids


class ApiKey(models.Model):
    """One key of a customer. ``prefix`` is what may be shown again; ``secret_hash`` is the SHA-256 of the whole key.

    A plain hash is enough, for the secret has 256 random bits: there is nothing to guess that a slow hash would guard.
    """

    id = models.UUIDField(primary_key=True, default=ids.uuid7, editable=False)
    customer = models.ForeignKey("identity.Customer", on_delete=models.PROTECT, related_name="+")
    name = models.CharField(max_length=100)
    prefix = models.CharField(max_length=20)
    secret_hash = models.BinaryField(max_length=32, unique=True)
    live = models.BooleanField()
    scopes = ArrayField(models.CharField(max_length=20))
    allowed_addresses = ArrayField(models.CharField(max_length=50), default=list, blank=True)
    expires_at = models.DateTimeField(null=True, blank=True)
    revoked_at = models.DateTimeField(null=True, blank=True)
    last_used_at = models.DateTimeField(null=True, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        db_table = "identity_api_key"
        indexes = (models.Index(fields=("customer", "-id"), name="identity_api_key_list"),)

    def __str__(self) -> str:
        return f"{self.name} ({self.prefix}…)"
