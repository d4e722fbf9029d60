"""The one table of transactions."""

from __future__ import annotations

from typing import ClassVar

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models.functions import Now
from django_fsm import FSMField

from core.kernel import assets, ids
from core.kernel.assets import Asset
from core.kernel.money import Money
from core.orchestration.states import SETTLED, State, Status, progress_of, status_of


class Transaction(models.Model):
    """One movement of money that a customer asked for, or that the outside world forced on us.

    This base declares no transition on purpose: a row loaded as the base cannot move. Every domain has a proxy with its
    own transitions, found through ``kinds.model_of``. ``trail`` names the states that the last write walked through, so
    that the database can check each hop of it; ``seq`` is the number of the last event; ``undo`` lists the registered
    compensations, oldest first; ``cleared`` names the gates that a person opened. ``due_at`` is the schedule; a row
    that is not settled and not due is in a person's hands. ``target_asset`` is what arrives, empty where it is
    ``asset``; ``leg`` is the leg at work; ``terms`` are the domain's words, locked when the wish was accepted;
    ``results`` is what really happened.
    """

    id = models.UUIDField(primary_key=True, default=ids.uuid7, editable=False)
    customer_id = models.UUIDField()
    counterparty_id = models.UUIDField(null=True)
    domain = models.CharField(max_length=20)
    kind = models.CharField(max_length=30)
    state = FSMField(max_length=30, choices=State.choices, default=State.INITIATED, protected=True)
    trail = ArrayField(models.CharField(max_length=30), default=list)
    reason = models.CharField(max_length=60, default="", blank=True)
    version = models.IntegerField(default=1)
    fence = models.IntegerField(default=0)
    lease_until = models.DateTimeField(null=True)
    due_at = models.DateTimeField(null=True)
    deadline_at = models.DateTimeField(null=True)
    tries = models.SmallIntegerField(default=0)
    asset = models.CharField(max_length=30)
    target_asset = models.CharField(max_length=30, default="", blank=True)
    side = models.CharField(max_length=6)
    units = models.DecimalField(max_digits=78, decimal_places=0)
    debit_units = models.DecimalField(max_digits=78, decimal_places=0, null=True)
    receive_units = models.DecimalField(max_digits=78, decimal_places=0, null=True)
    reversed_units = models.DecimalField(max_digits=78, decimal_places=0, default=0)
    fees = models.JSONField(null=True)
    method = models.CharField(max_length=20, default="", blank=True)
    instrument_id = models.UUIDField(null=True)
    provider = models.CharField(max_length=30, default="", blank=True)
    quote_id = models.UUIDField(null=True)
    reservation_id = models.UUIDField(null=True)
    undo = ArrayField(models.CharField(max_length=30), default=list)
    cleared = ArrayField(models.CharField(max_length=30), default=list)
    preferences = models.JSONField(default=dict)
    leg = models.CharField(max_length=30, default="", blank=True)
    terms = models.JSONField(default=dict)
    results = models.JSONField(default=dict)
    next_action = models.JSONField(null=True)
    eta = models.DateTimeField(null=True)
    parent = models.ForeignKey("orchestration.Transaction", models.PROTECT, null=True, related_name="+", db_index=False)
    plan_id = models.UUIDField(null=True)
    client_reference = models.CharField(max_length=100, null=True)  # noqa: DJ001 - NULL keeps it out of the unique index
    correlation_id = models.CharField(max_length=64, default="", blank=True)
    request_id = models.CharField(max_length=64, default="", blank=True)
    security = models.JSONField(default=dict)
    seq = models.IntegerField(default=0)
    created_at = models.DateTimeField(db_default=Now())
    updated_at = models.DateTimeField(db_default=Now())
    completed_at = models.DateTimeField(null=True)

    is_overdue: bool = False

    class Meta:
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(fields=["customer_id", "client_reference"], name="orchestration_client_reference"),
            models.CheckConstraint(condition=models.Q(units__gt=0), name="orchestration_units_positive"),
            models.CheckConstraint(condition=models.Q(side__in=["source", "target"]), name="orchestration_side"),
        ]
        indexes: ClassVar[list[models.Index]] = [
            models.Index(fields=["customer_id", "-id"], name="orchestration_by_customer"),
            models.Index(fields=["due_at"], name="orchestration_due", condition=models.Q(due_at__isnull=False)),
            models.Index(fields=["parent"], name="orchestration_children", condition=models.Q(parent__isnull=False)),
            models.Index(
                fields=["counterparty_id", "-id"],
                name="orchestration_by_counterparty",
                condition=models.Q(counterparty_id__isnull=False),
            ),
            models.Index(
                fields=["state", "-id"],
                name="orchestration_ended_badly",
                condition=models.Q(state__in=["FAILED", "EXPIRED", "COMPENSATED"]),
            ),
            models.Index(
                fields=["client_reference"],
                name="orchestration_by_reference",
                condition=models.Q(client_reference__isnull=False),
            ),
            models.Index(
                fields=["state", "updated_at"],
                name="orchestration_unsettled",
                condition=~models.Q(state__in=[state.value for state in sorted(SETTLED)]),
            ),
        ]

    def __str__(self) -> str:
        return self.public_id

    @property
    def public_id(self) -> str:
        return ids.render(ids.Prefix.TRANSACTION, self.id)

    @property
    def money(self) -> Money:
        """The amount that was asked for, on its side."""
        return Money(int(self.units), assets.get(self.asset))

    @property
    def debit(self) -> Money | None:
        return None if self.debit_units is None else Money(int(self.debit_units), assets.get(self.asset))

    @property
    def receive(self) -> Money | None:
        return None if self.receive_units is None else Money(int(self.receive_units), self.arriving)

    @property
    def arriving(self) -> Asset:
        """The asset that arrives: another one than what is given, in a trade."""
        return assets.get(self.target_asset or self.asset)

    @property
    def wholly_reversed(self) -> bool:
        """Whether reversals have taken back at least what somebody received, or gave, where that is another asset."""
        moved = self.debit_units if self.target_asset not in ("", self.asset) else self.receive_units
        return self.reversed_units > 0 and self.reversed_units >= (moved or 0)

    @property
    def status(self) -> Status:
        return status_of(
            state=self.state, needs_customer=self.next_action is not None, wholly_reversed=self.wholly_reversed
        )

    @property
    def progress(self) -> int:
        return progress_of(self.state)
