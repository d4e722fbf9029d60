"""What holds a transaction up, as data, and the list of names against which everybody is screened."""

from django.db import models
from django.db.models import Q
from django.db.models.functions import Now

from core.kernel import ids


class RuleType(models.TextChoices):
    """What a rule looks at."""

    LEVEL = "level", "the customer's level is below"
    COUNTRY = "country", "the customer lives in a listed country"
    AMOUNT = "amount", "the amount is over"
    VELOCITY = "velocity", "so many in so short a time"
    STRUCTURING = "structuring", "so many just under a threshold in so short a time"
    SCREENING = "screening", "a name is on the list, or close to one"


class HoldRule(models.Model):
    """One rule. A blank ``kind`` means any; ``below_level`` exempts customers at or above it (null: nobody).

    ``over_units`` (of ``asset``) is strict. ``near_percent`` is how close counts: to the threshold for structuring, to
    the name for screening. ``count`` includes the transaction at hand.
    """

    code = models.CharField(max_length=48, unique=True)
    type = models.CharField(max_length=16, choices=RuleType)
    stage = models.CharField(max_length=24)
    kind = models.CharField(max_length=32, blank=True, default="")
    below_level = models.SmallIntegerField(null=True, blank=True)
    asset = models.CharField(max_length=32, blank=True, default="USD")
    over_units = models.DecimalField(max_digits=78, decimal_places=0, null=True, blank=True)
    near_percent = models.PositiveSmallIntegerField(null=True, blank=True)
    count = models.PositiveIntegerField(null=True, blank=True)
    window_s = models.PositiveIntegerField(null=True, blank=True)
    countries = models.JSONField(default=list, blank=True)
    is_active = models.BooleanField(default=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                name="compliance_holdrule_stage_known", condition=Q(stage__in=["KYC_VERIFICATION", "COMPLIANCE_CHECK"])
            ),
            models.CheckConstraint(
                name="compliance_holdrule_has_its_numbers",
                condition=Q(type=RuleType.LEVEL, below_level__isnull=False)
                | Q(type=RuleType.COUNTRY)
                | Q(type=RuleType.AMOUNT, over_units__isnull=False)
                | Q(type=RuleType.VELOCITY, count__gte=1, window_s__gte=1)
                | Q(
                    type=RuleType.STRUCTURING,
                    over_units__isnull=False,
                    near_percent__lte=100,
                    count__gte=2,
                    window_s__gte=1,
                )
                | Q(type=RuleType.SCREENING, near_percent__gte=50, near_percent__lte=100),
            ),
        ]


class ScreeningKind(models.TextChoices):
    """What a name on the list is the name of."""

    PERSON = "person"
    HANDLE = "handle"


class ScreeningEntry(models.Model):
    """One name on the list. ``normalised`` is what names are compared by."""

    id = models.UUIDField(primary_key=True, default=ids.uuid7, editable=False)
    kind = models.CharField(max_length=16, choices=ScreeningKind)
    name = models.CharField(max_length=200)
    normalised = models.CharField(max_length=200)
    reason = models.TextField()
    is_active = models.BooleanField(default=True)
    created_at = models.DateTimeField(db_default=Now(), editable=False)

    class Meta:
        constraints = [
            models.UniqueConstraint(name="compliance_screeningentry_once", fields=["kind", "normalised"]),
            models.CheckConstraint(name="compliance_screeningentry_named", condition=~Q(normalised="")),
        ]
