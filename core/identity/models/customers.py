"""Customers: the principals who own money."""

from __future__ import annotations

from django.db import models

from core.kernel import ids


class CustomerStatus(models.TextChoices):
    """Whether a customer may move money."""

    ACTIVE = "active", "Active"
    FROZEN = "frozen", "Frozen"


class Customer(models.Model):
    """A customer of the platform, found by others through the @handle (stored without the @, in lower case)."""

    id = models.UUIDField(primary_key=True, default=ids.uuid7, editable=False)
    user = models.OneToOneField("identity.User", on_delete=models.PROTECT, related_name="+")
    handle = models.CharField(max_length=30, unique=True)
    display_name = models.CharField(max_length=100)
    country = models.CharField(max_length=2)
    kyc_level = models.SmallIntegerField(default=1)
    rate_class = models.CharField(max_length=20, default="standard")
    status = models.CharField(max_length=10, choices=CustomerStatus, default=CustomerStatus.ACTIVE)
    preferences = models.JSONField(default=dict, blank=True)
    version = models.IntegerField(default=1)
    created_at = models.DateTimeField(auto_now_add=True)
    updated_at = models.DateTimeField(auto_now=True)

    class Meta:
        db_table = "identity_customer"
        constraints = (
            models.CheckConstraint(
                name="identity_customer_handle", condition=models.Q(handle__regex="^[a-z0-9_]{3,30}$")
            ),
            models.CheckConstraint(name="identity_customer_country", condition=models.Q(country__regex="^[A-Z]{2}$")),
            models.CheckConstraint(name="identity_customer_kyc_level", condition=models.Q(kyc_level__range=(0, 3))),
            models.CheckConstraint(
                name="identity_customer_status",
                condition=models.Q(status__in=[choice.value for choice in CustomerStatus]),
            ),
        )

    def __str__(self) -> str:
        return f"@{self.handle}"
