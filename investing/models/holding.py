"""What each customer holds of a coin and what it cost him."""

from __future__ import annotations

from django.db import models
from django.db.models.functions import Now

from core.kernel import assets, ids
from core.kernel.money import Money
from investing.analysis import costs
from investing.analysis.costs import Basis

_DIGITS = 78


def _units() -> models.DecimalField[int, int]:
    return models.DecimalField(max_digits=_DIGITS, decimal_places=0, default=0)


class Holding(models.Model):
    """One customer's coins of one asset that trades brought, their cost by the average and the profit of what was sold.

    Units: ``quantity`` of the asset; ``cost`` and ``profit`` in US cents. ``changes`` is the number of the last change.
    It is a sum of its changes and can be made from them; what lies in the account beside (from a chain, from a swap)
    is the ledger's to say.
    """

    id = models.UUIDField(primary_key=True, default=ids.uuid7, editable=False)
    customer_id = models.UUIDField()
    asset = models.CharField(max_length=30)
    quantity = _units()
    cost = _units()
    profit = _units()
    changes = models.IntegerField(default=0)
    updated_at = models.DateTimeField(db_default=Now())

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["customer_id", "asset"], name="investing_holding_once"),
            models.CheckConstraint(
                condition=models.Q(quantity__gte=0, cost__gte=0), name="investing_holding_not_negative"
            ),
        ]

    def __str__(self) -> str:
        return self.public_id

    @property
    def public_id(self) -> str:
        return ids.render(ids.Prefix.POSITION, self.id)

    @property
    def money(self) -> Money:
        """The quantity."""
        return Money(int(self.quantity), assets.get(self.asset))

    @property
    def basis(self) -> Basis:
        return Basis(quantity=int(self.quantity), cost=int(self.cost), profit=int(self.profit))

    @property
    def cost_money(self) -> Money:
        return Money(int(self.cost), costs.CURRENCY)

    @property
    def profit_money(self) -> Money:
        return Money(int(self.profit), costs.CURRENCY)


class HoldingChange(models.Model):
    """One trade's change of a holding, and what was held after it. Append-only, numbered without a gap.

    ``untracked`` are coins that were sold but that no purchase had brought.
    """

    id = models.UUIDField(primary_key=True, default=ids.uuid7, editable=False)
    holding = models.ForeignKey("investing.Holding", models.PROTECT, related_name="+")
    number = models.IntegerField()
    transaction_id = models.UUIDField()
    trade_id = models.CharField(max_length=80)
    quantity = _units()
    cost = _units()
    profit = _units()
    untracked = _units()
    quantity_after = _units()
    cost_after = _units()
    profit_after = _units()
    created_at = models.DateTimeField(db_default=Now())

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["holding", "number"], name="investing_change_number"),
            models.UniqueConstraint(fields=["transaction_id", "trade_id"], name="investing_change_once"),
        ]

    def __str__(self) -> str:
        return f"{self.number} of {self.holding_id}"

    @property
    def public_transaction_id(self) -> str:
        return ids.render(ids.Prefix.TRANSACTION, self.transaction_id)
