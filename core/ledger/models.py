"""The tables of the ledger. Only the SQL function ``ledger_apply`` and the sweeps write the money in them."""

from __future__ import annotations

from typing import Any

from django.db import models
from django.db.models import F, Q

from core.kernel import ids

# The widest integer that the journal keeps: enough for any token of any chain.
DIGITS = 78


class AccountKind(models.TextChoices):
    """What an account is, which decides who reads it and what bounds it."""

    CUSTOMER = "customer", "What a customer has"
    RECEIVABLE = "receivable", "What a customer owes us"
    BLOCKED = "blocked", "Frozen by a match or by law"
    EXTERNAL = "external", "What somebody else holds for us"
    FEE = "fee", "What customers paid"
    COST = "cost", "What it cost us"
    SYSTEM = "system", "Suspense, rounding, equity"


class Bound(models.TextChoices):
    """On which side of zero a balance must stay."""

    CREDIT = "credit", "Never below zero"
    DEBT = "debt", "Never above zero"
    NONE = "none", "Unbounded: system accounts"


class HoldKind(models.TextChoices):
    """Why money is held."""

    RESERVATION = "reservation", "For a transaction under way"
    LEGAL = "legal", "For a compliance case, without expiry"


class HoldOutcome(models.TextChoices):
    """How a hold ended. Empty while it is open."""

    CAPTURED = "captured", "Spent, whole or in part; the rest was freed"
    RELEASED = "released", "Freed"
    EXPIRED = "expired", "Freed because its deadline passed"
    CONVERTED = "converted", "Replaced by another hold"


class ExpectationState(models.TextChoices):
    """How far an expected inflow is."""

    WRITTEN = "written", "Expected, not yet shown"
    ANNOUNCED = "announced", "Sent to the provider: shown as incoming"
    FULFILLED = "fulfilled", "Posted"
    DROPPED = "dropped", "Dead"


def _units(**options: Any) -> models.DecimalField[Any, Any]:
    """A whole number of an asset's smallest units, exact at any size."""
    return models.DecimalField(max_digits=DIGITS, decimal_places=0, **options)


class Account(models.Model):
    """One place where units of one asset instance lie. Append-only."""

    code = models.TextField()
    asset = models.TextField()
    kind = models.TextField(choices=AccountKind)
    bound = models.TextField(choices=Bound)
    customer_id = models.UUIDField(null=True)
    domain = models.TextField(blank=True)

    class Meta:
        db_table = "ledger_account"
        constraints = (
            models.UniqueConstraint(fields=["code", "asset"], name="ledger_account_code_asset"),
            models.CheckConstraint(
                condition=Q(bound=Bound.NONE, customer_id=None) | (~Q(bound=Bound.NONE) & Q(customer_id__isnull=False)),
                name="ledger_account_bound_has_owner",
            ),
        )
        indexes = (models.Index(fields=["customer_id"], name="ledger_account_customer"),)

    def __str__(self) -> str:
        return f"{self.code} {self.asset}"


class Balance(models.Model):
    """What a customer's account holds now. Made with the account; no foreign key, because the row is hot.

    ``reversible`` is what open lots could still take back; ``version`` rises by one with every set that touches it.
    """

    account_id = models.BigIntegerField(primary_key=True)
    bound = models.TextField(choices=Bound)
    posted = _units(default=0)
    held = _units(default=0)
    incoming = _units(default=0)
    reversible = _units(default=0)
    version = models.BigIntegerField(default=0)
    updated_at = models.DateTimeField()

    class Meta:
        db_table = "ledger_balance"
        constraints = (
            models.CheckConstraint(
                condition=Q(bound=Bound.CREDIT, posted__gte=F("held"))
                | Q(bound=Bound.DEBT, posted__lte=0, held=0, incoming=0, reversible=0),
                name="ledger_balance_within_bound",
            ),
            models.CheckConstraint(
                condition=Q(held__gte=0, incoming__gte=0, reversible__gte=0), name="ledger_balance_parts_not_negative"
            ),
        )

    def __str__(self) -> str:
        return f"{self.account_id}: {self.posted} posted, {self.held} held"


class SystemBalance(models.Model):
    """The folded part of a system account's balance; the rest lies in its deltas."""

    account_id = models.BigIntegerField(primary_key=True)
    posted = _units(default=0)
    updated_at = models.DateTimeField()

    class Meta:
        db_table = "ledger_system_balance"

    def __str__(self) -> str:
        return f"{self.account_id}: {self.posted} folded"


class SystemDelta(models.Model):
    """One change of a system account that no roll-up has folded yet. Inserted without waiting for anybody."""

    account_id = models.BigIntegerField()
    units = _units()

    class Meta:
        db_table = "ledger_system_delta"

    def __str__(self) -> str:
        return f"{self.account_id}: {self.units}"


class Entry(models.Model):
    """One business effect in the journal. ``key`` makes it impossible to post it twice. Append-only."""

    id = models.UUIDField(primary_key=True, default=ids.uuid7)
    key = models.TextField(db_collation="C")
    kind = models.TextField()
    transaction_id = models.UUIDField(null=True)
    line_count = models.SmallIntegerField()
    posted_at = models.DateTimeField()

    class Meta:
        db_table = "ledger_entry"
        indexes = (models.Index(fields=["transaction_id"], name="ledger_entry_transaction"),)
        constraints = (
            models.UniqueConstraint(fields=["key"], name="ledger_entry_key"),
            models.CheckConstraint(condition=Q(line_count__gte=2), name="ledger_entry_has_two_lines"),
        )

    def __str__(self) -> str:
        return self.key


class Line(models.Model):
    """One signed, credit-positive line. ``seq`` orders the lines of an account as they took effect. Append-only."""

    pk = models.CompositePrimaryKey("entry_id", "line_no")
    entry_id = models.UUIDField()
    line_no = models.SmallIntegerField()
    account_id = models.BigIntegerField()
    units = _units()
    seq = models.BigIntegerField()

    class Meta:
        db_table = "ledger_line"
        indexes = (models.Index(fields=["account_id", "seq"], name="ledger_line_account_seq"),)
        constraints = (models.CheckConstraint(condition=~Q(units=0), name="ledger_line_not_zero"),)

    def __str__(self) -> str:
        return f"{self.entry_id}/{self.line_no}: {self.units}"


class Hold(models.Model):
    """Money set aside. ``deadline`` is empty once pinned; ``outcome`` is written once."""

    id = models.UUIDField(primary_key=True, default=ids.uuid7)
    account_id = models.BigIntegerField()
    transaction_id = models.UUIDField(null=True)
    kind = models.TextField(choices=HoldKind)
    units = _units()
    deadline = models.DateTimeField(null=True)
    outcome = models.TextField(choices=HoldOutcome, default="", blank=True)
    captured = _units(default=0)
    placed_at = models.DateTimeField()
    resolved_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "ledger_hold"
        indexes = (
            models.Index(fields=["transaction_id"], name="ledger_hold_transaction"),
            # Open holds are few; an index on the deadline itself would make pinning one cost three index entries.
            models.Index(fields=["placed_at"], condition=Q(outcome=""), name="ledger_hold_open"),
        )
        constraints = (
            models.CheckConstraint(condition=Q(units__gt=0), name="ledger_hold_units_positive"),
            models.CheckConstraint(
                condition=Q(captured__gte=0, captured__lte=F("units")), name="ledger_hold_captured_within_units"
            ),
            models.CheckConstraint(
                condition=Q(outcome="", resolved_at=None, captured=0)
                | (Q(outcome=HoldOutcome.CAPTURED, resolved_at__isnull=False, captured__gt=0))
                | (
                    Q(outcome__in=[HoldOutcome.RELEASED, HoldOutcome.EXPIRED, HoldOutcome.CONVERTED])
                    & Q(resolved_at__isnull=False, captured=0)
                ),
                name="ledger_hold_outcome_whole",
            ),
        )

    def __str__(self) -> str:
        return f"{self.id}: {self.units} {self.outcome or 'open'}"


class Expectation(models.Model):
    """An inflow that is on its way. Its units count as incoming while it is announced."""

    id = models.UUIDField(primary_key=True, default=ids.uuid7)
    account_id = models.BigIntegerField()
    transaction_id = models.UUIDField(null=True)
    units = _units()
    state = models.TextField(choices=ExpectationState)
    deadline = models.DateTimeField(null=True)
    written_at = models.DateTimeField()
    resolved_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "ledger_expectation"
        indexes = (models.Index(fields=["transaction_id"], name="ledger_expectation_txn"),)
        constraints = (
            models.CheckConstraint(condition=Q(units__gt=0), name="ledger_expectation_units_positive"),
            models.CheckConstraint(
                condition=Q(state__in=[ExpectationState.WRITTEN, ExpectationState.ANNOUNCED], resolved_at=None)
                | Q(state__in=[ExpectationState.FULFILLED, ExpectationState.DROPPED], resolved_at__isnull=False),
                name="ledger_expectation_state_whole",
            ),
        )

    def __str__(self) -> str:
        return f"{self.id}: {self.units} {self.state}"


class Lot(models.Model):
    """An inflow that can still be taken back until ``release_at``. ``open_units`` only falls."""

    id = models.UUIDField(primary_key=True, default=ids.uuid7)
    account_id = models.BigIntegerField()
    transaction_id = models.UUIDField(null=True)
    units = _units()
    open_units = _units()
    opened_at = models.DateTimeField()
    release_at = models.DateTimeField()

    class Meta:
        db_table = "ledger_lot"
        indexes = (
            models.Index(fields=["transaction_id"], name="ledger_lot_transaction"),
            models.Index(fields=["release_at"], condition=Q(open_units__gt=0), name="ledger_lot_open_release"),
        )
        constraints = (
            models.CheckConstraint(
                condition=Q(units__gt=0, open_units__gte=0, open_units__lte=F("units")), name="ledger_lot_units_whole"
            ),
        )

    def __str__(self) -> str:
        return f"{self.id}: {self.open_units} of {self.units} open"


class ReversibilityRule(models.Model):
    """How long an inflow of a rail stays reversible for us: a risk setting, shorter than the legal window.

    The rule of the highest ``kyc_level`` that the customer has reached applies.
    """

    rail = models.TextField()
    kyc_level = models.SmallIntegerField()
    liability_shift = models.BooleanField()
    hold_for = models.DurationField()

    class Meta:
        db_table = "ledger_reversibility_rule"
        constraints = (
            models.UniqueConstraint(
                fields=["rail", "kyc_level", "liability_shift"], name="ledger_reversibility_rule_unique"
            ),
        )

    def __str__(self) -> str:
        return f"{self.rail}/{self.kyc_level}: {self.hold_for}"
