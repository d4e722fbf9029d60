"""Customers' cards and bank accounts."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.db.models.functions import Now

from core.encryption.fields import EncryptedTextField
from core.kernel import ids


class InstrumentType(models.TextChoices):
    """What kind of thing it is."""

    CARD = "card"
    BANK_ACCOUNT = "bank_account"


class InstrumentStatus(models.TextChoices):
    """Whether it can be used."""

    ACTIVE = "active"
    REMOVED = "removed"


class Instrument(models.Model):
    """A card, as the token that its provider gave, or a bank account. Card numbers never reach us.

    ``secret`` is the token or the account number, encrypted; ``last4`` and ``label`` are what people see.
    """

    id = models.UUIDField(primary_key=True, default=ids.uuid7, editable=False)
    customer_id = models.UUIDField()
    type = models.CharField(max_length=20, choices=InstrumentType.choices)
    method = models.CharField(max_length=20)
    secret = EncryptedTextField()
    fingerprint = models.CharField(max_length=80)
    holder = models.CharField(max_length=120)
    label = models.CharField(max_length=60)
    last4 = models.CharField(max_length=4, blank=True)
    routing_number = models.CharField(max_length=9, blank=True)
    funding = models.CharField(max_length=10, blank=True)
    status = models.CharField(max_length=10, choices=InstrumentStatus.choices, default=InstrumentStatus.ACTIVE)
    version = models.IntegerField(default=1)
    created_at = models.DateTimeField(db_default=Now())

    class Meta:
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(
                fields=["customer_id", "fingerprint"],
                name="banking_instrument_once",
                condition=models.Q(status="active"),
            ),
        ]
        indexes: ClassVar[list[models.Index]] = [
            models.Index(fields=["customer_id", "-id"], name="banking_instruments"),
        ]

    def __str__(self) -> str:
        return self.label

    @property
    def public_id(self) -> str:
        return ids.render(ids.Prefix.INSTRUMENT, self.id)
