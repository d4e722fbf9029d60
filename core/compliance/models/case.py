"""A transaction that waits for a person, and what the person decided."""

from django.db import models
from django.db.models import Q
from django.db.models.functions import Now
from django_fsm import FSMField, transition

from core.kernel import ids


class CaseKind(models.TextChoices):
    """Which stage of the transaction it stopped."""

    KYC = "kyc", "the identity has to be checked"
    COMPLIANCE = "compliance", "a rule or a list has to be looked at"


class CaseStatus(models.TextChoices):
    """A case is decided once and for ever."""

    OPEN = "open", "waits for a person"
    APPROVED = "approved", "the transaction goes on"
    REFUSED = "refused", "the transaction ends"
    CLOSED = "closed", "the transaction ended by itself, nothing is left to decide"


class Case(models.Model):
    """Why a transaction was held up, with the evidence as it was then. Never shown to customers."""

    id = models.UUIDField(primary_key=True, default=ids.uuid7, editable=False)
    transaction_id = models.UUIDField()
    customer_id = models.UUIDField()
    kind = models.CharField(max_length=16, choices=CaseKind)
    stage = models.CharField(max_length=24)
    rule = models.CharField(max_length=48)
    evidence = models.JSONField()
    status = FSMField(max_length=16, choices=CaseStatus, default=CaseStatus.OPEN, protected=True)
    opened_at = models.DateTimeField(db_default=Now(), editable=False)
    decided_by = models.CharField(max_length=80, blank=True, default="")
    reason = models.TextField(blank=True, default="")
    decided_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                name="compliance_case_one_open", fields=["transaction_id"], condition=Q(status=CaseStatus.OPEN)
            ),
            models.CheckConstraint(
                name="compliance_case_decision_whole",
                condition=Q(status=CaseStatus.OPEN, decided_by="", reason="", decided_at__isnull=True)
                | (
                    Q(status__in=[CaseStatus.APPROVED, CaseStatus.REFUSED, CaseStatus.CLOSED], decided_at__isnull=False)
                    & ~Q(decided_by="")
                    & ~Q(reason="")
                ),
            ),
        ]
        indexes = [
            models.Index(name="compliance_case_queue", fields=["opened_at"], condition=Q(status=CaseStatus.OPEN)),
            models.Index(name="compliance_case_transaction", fields=["transaction_id"]),
        ]

    @transition(field=status, source=CaseStatus.OPEN, target=CaseStatus.APPROVED)
    def approve(self, *, actor: str, reason: str) -> None:
        """Let the transaction go on."""
        self._sign(actor, reason)

    @transition(field=status, source=CaseStatus.OPEN, target=CaseStatus.REFUSED)
    def refuse(self, *, actor: str, reason: str) -> None:
        """End the transaction."""
        self._sign(actor, reason)

    @transition(field=status, source=CaseStatus.OPEN, target=CaseStatus.CLOSED)
    def close(self, *, actor: str, reason: str) -> None:
        """Take it off the queue: the transaction ended before anybody decided."""
        self._sign(actor, reason)

    def _sign(self, actor: str, reason: str) -> None:
        self.decided_by = actor
        self.reason = reason
        self.decided_at = Now()
