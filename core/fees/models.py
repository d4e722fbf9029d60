"""Fee schedules as versioned data: published once, never edited, one in force at a time."""

from django.contrib.postgres.constraints import ExclusionConstraint
from django.db import models
from django.db.models import Q
from django.db.models.functions import Now


class Tier(models.TextChoices):
    """Who the fee is for. The order is the order in which a customer reads them."""

    PLATFORM = "platform"
    PROVIDER = "provider"
    NETWORK = "network"
    COMPLIANCE = "compliance"
    PREMIUM = "premium"


class RuleType(models.TextChoices):
    """How a rule's amount comes about. Each may have a minimum, a cap and a threshold."""

    PERCENT = "percent", "a rate of the gross amount"
    FLAT = "flat", "a fixed amount"
    PERCENT_PLUS_FLAT = "percent_plus_flat", "a rate of the gross amount plus a fixed amount, rounded once"
    PER_YEAR = "per_year", "a rate of the value, pro rata for the time that it was looked after; collected at the end"
    SHARE_OF_YIELD = "share_of_yield", "a rate of what was earned and brought home; none of a loss"


# What cannot be on a price before it has happened.
AT_THE_END = (RuleType.PER_YEAR, RuleType.SHARE_OF_YIELD)


class Fact(models.TextChoices):
    """What must be true of the customer for a rule to apply; the caller knows, the schedule does not."""

    ALWAYS = "", "always"
    KYC_FEE_DUE = "kyc_fee_due", "the identity check has not been paid for yet"


class TimestampRange(models.Func):
    """The half-open range in which a schedule is in force."""

    function = "TSTZRANGE"
    template = "%(function)s(%(expressions)s, '[)')"


class Schedule(models.Model):
    """One version of all fees. A draft until ``published_at``; after that only its end can be set, once."""

    version = models.PositiveIntegerField(unique=True)
    name = models.CharField(max_length=120)
    effective_from = models.DateTimeField()
    effective_to = models.DateTimeField(null=True, blank=True)
    published_at = models.DateTimeField(null=True, blank=True)
    created_at = models.DateTimeField(db_default=Now(), editable=False)

    class Meta:
        constraints = [
            models.CheckConstraint(
                name="fees_schedule_range_not_empty",
                condition=Q(effective_to__isnull=True) | Q(effective_to__gt=models.F("effective_from")),
            ),
            ExclusionConstraint(
                name="fees_schedule_one_in_force",
                expressions=[(TimestampRange("effective_from", "effective_to"), "&&")],
                condition=Q(published_at__isnull=False),
            ),
        ]

    def __str__(self) -> str:
        return f"schedule {self.version}"


class Rule(models.Model):
    """One fee. Blank ``domain``, ``kind``, ``method`` or ``asset`` means any; the most specific row of a code applies.

    ``rate`` is an exact fraction (0.029 is 2.9 %). Amounts are smallest units of ``currency``. ``over_units`` is
    strict: the rule applies to the whole amount as soon as that is greater.
    """

    schedule = models.ForeignKey("fees.Schedule", on_delete=models.PROTECT, related_name="+")
    tier = models.CharField(max_length=16, choices=Tier)
    code = models.CharField(max_length=64)
    domain = models.CharField(max_length=16, blank=True, default="")
    kind = models.CharField(max_length=32, blank=True, default="")
    method = models.CharField(max_length=32, blank=True, default="")
    asset = models.CharField(max_length=32, blank=True, default="")
    type = models.CharField(max_length=24, choices=RuleType)
    fact = models.CharField(max_length=32, choices=Fact, blank=True, default=Fact.ALWAYS)
    rate = models.DecimalField(max_digits=12, decimal_places=10, default=0)
    currency = models.CharField(max_length=32, default="USD")
    flat_units = models.DecimalField(max_digits=78, decimal_places=0, default=0)
    min_units = models.DecimalField(max_digits=78, decimal_places=0, null=True, blank=True)
    cap_units = models.DecimalField(max_digits=78, decimal_places=0, null=True, blank=True)
    over_units = models.DecimalField(max_digits=78, decimal_places=0, null=True, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                name="fees_rule_once_per_scope",
                fields=["schedule", "tier", "code", "domain", "kind", "method", "asset"],
            ),
            models.CheckConstraint(name="fees_rule_tier_known", condition=Q(tier__in=Tier.values)),
            models.CheckConstraint(name="fees_rule_rate_is_fraction", condition=Q(rate__gte=0, rate__lt=1)),
            models.CheckConstraint(
                name="fees_rule_units_not_negative",
                condition=Q(flat_units__gte=0)
                & (Q(min_units__isnull=True) | Q(min_units__gte=0))
                & (Q(cap_units__isnull=True) | Q(cap_units__gte=0))
                & (Q(over_units__isnull=True) | Q(over_units__gte=0)),
            ),
            models.CheckConstraint(
                name="fees_rule_type_matches_numbers",
                condition=Q(type__in=[RuleType.PERCENT, *AT_THE_END], rate__gt=0, flat_units=0)
                | Q(type=RuleType.FLAT, rate=0)
                | Q(type=RuleType.PERCENT_PLUS_FLAT, rate__gt=0, flat_units__gt=0),
            ),
            models.CheckConstraint(
                name="fees_rule_min_below_cap",
                condition=Q(min_units__isnull=True)
                | Q(cap_units__isnull=True)
                | Q(min_units__lte=models.F("cap_units")),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.tier} {self.code}"
