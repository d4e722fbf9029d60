"""What was asked of a provider, written before it was asked."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.db.models.functions import Now

from core.kernel import assets, ids
from core.kernel.money import Money


class AttemptState(models.TextChoices):
    """How one attempt stands. UNKNOWN is never an end: it is asked about until it is known."""

    PREPARED = "PREPARED", "written, certainly not executed"
    SENT = "SENT", "on its way, or answered and under way"
    UNKNOWN = "UNKNOWN", "sent, no usable answer"
    SUCCEEDED = "SUCCEEDED", "the provider settled it"
    REJECTED = "REJECTED", "the provider decided against it"
    NOT_EXECUTED = "NOT_EXECUTED", "proven not to have been executed"


OUTSTANDING = (AttemptState.SENT, AttemptState.UNKNOWN)


class Attempt(models.Model):
    """One leg at one provider. ``key`` is the idempotency key: transaction, leg and provider, so a retry reuses it.

    ``stage`` is the furthest that the provider has reported; ``asks`` counts the questions about its outcome. When the
    engine has loaded it, ``known_for_s`` and ``sent_for_s`` say how old it is and how long ago it was last sent, by the
    database's clock.
    """

    id = models.UUIDField(primary_key=True, default=ids.uuid7, editable=False)
    transaction = models.ForeignKey("orchestration.Transaction", models.PROTECT, related_name="+")
    number = models.SmallIntegerField(default=1)
    leg = models.CharField(max_length=30)
    provider = models.CharField(max_length=30)
    operation = models.CharField(max_length=30)
    method = models.CharField(max_length=20)
    state = models.CharField(max_length=20, choices=AttemptState.choices, default=AttemptState.PREPARED)
    key = models.CharField(max_length=120, unique=True)
    provider_ref = models.CharField(max_length=120, default="", blank=True)
    stage = models.CharField(max_length=20, default="", blank=True)
    rank = models.BigIntegerField(default=0)
    units = models.DecimalField(max_digits=78, decimal_places=0)
    asset = models.CharField(max_length=30)
    destination = models.CharField(max_length=60, default="", blank=True)
    tries = models.SmallIntegerField(default=0)
    asks = models.SmallIntegerField(default=0)
    error = models.CharField(max_length=60, default="", blank=True)
    sent_at = models.DateTimeField(null=True)
    unknown_since = models.DateTimeField(null=True)
    created_at = models.DateTimeField(db_default=Now())
    updated_at = models.DateTimeField(db_default=Now())

    known_for_s: float = 0.0
    sent_for_s: float = 0.0

    class Meta:
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(fields=["transaction", "number"], name="orchestration_attempt_number"),
        ]
        indexes: ClassVar[list[models.Index]] = [
            models.Index(
                fields=["provider_ref"], name="orchestration_attempt_ref", condition=~models.Q(provider_ref="")
            ),
        ]

    def __str__(self) -> str:
        return f"{self.provider} {self.operation} {self.state}"

    @property
    def amount(self) -> Money:
        return Money(int(self.units), assets.get(self.asset))

    @property
    def is_outstanding(self) -> bool:
        return self.state in OUTSTANDING
