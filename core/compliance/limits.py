"""What a customer may still move today and this month. Taking it is done in SQL, by ``compliance_consume``."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from core.compliance import models
from core.identity.customers import CustomerView
from core.kernel import assets, errors, held
from core.kernel.money import Money
from core.resilience import statements

CONSUME_SQL = "compliance_consume"
_USED = """
    SELECT u.kind, u.asset,
        CASE WHEN u.day = t.today THEN u.day_units ELSE 0 END,
        CASE WHEN u.month = date_trunc('month', t.today)::date THEN u.month_units ELSE 0 END
    FROM compliance_limituse u, (SELECT (clock_timestamp() AT TIME ZONE 'UTC')::date AS today) t
    WHERE u.customer_id = %s
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Limit:
    """What one level may move with one kind of transaction."""

    single: Money
    daily: Money
    monthly: Money


@dataclass(frozen=True, slots=True, kw_only=True)
class Allowance:
    """A limit, what of it is used, and so the most that the next transaction may be. Days and months are UTC."""

    kind: str
    limit: Limit
    used_today: Money
    used_this_month: Money

    @property
    def left_today(self) -> Money:
        return _left(self.limit.daily, self.used_today)

    @property
    def left_this_month(self) -> Money:
        return _left(self.limit.monthly, self.used_this_month)

    @property
    def most(self) -> Money:
        """The most that one transaction may move right now."""
        return min((self.limit.single, self.left_today, self.left_this_month), key=lambda one: one.units)


def door(customer: CustomerView, kind: str, amount: Money) -> None:
    """The gate's look at the door. Raises: Refused (``limit_exceeded``)."""
    check(customer=customer, kind=kind, amount=amount)


def check(*, customer: CustomerView, kind: str, amount: Money) -> None:
    """Refuse at the door what the reservation would refuse. Reserves nothing; the reservation has the last word.

    Raises: Refused (``limit_exceeded``).
    """
    limit = _held.get().get((customer.kyc_level, kind, amount.asset.code))
    if limit is None:
        raise _exceeded(f"Your level does not allow this with {amount.asset.symbol}.")
    if amount > limit.single:
        raise _exceeded(f"One transaction may move {limit.single} at most.")
    used_today, used_this_month = _used(customer.id).get((kind, amount.asset.code), (0, 0))
    allowance = _allowance(kind, limit, used_today, used_this_month)
    if amount > allowance.left_today:
        raise _exceeded(f"What is left for today is {allowance.left_today}.")
    if amount > allowance.left_this_month:
        raise _exceeded(f"What is left for this month is {allowance.left_this_month}.")


def allowances(*, customer: CustomerView) -> Sequence[Allowance]:
    """Return what the customer's level allows and what is left of it, by kind and asset."""
    used = _used(customer.id)
    return [
        _allowance(kind, limit, *used.get((kind, code), (0, 0)))
        for (level, kind, code), limit in sorted(_held.get().items(), key=lambda item: item[0])
        if level == customer.kyc_level
    ]


def _allowance(kind: str, limit: Limit, used_today: int, used_this_month: int) -> Allowance:
    asset = limit.single.asset
    return Allowance(
        kind=kind, limit=limit, used_today=Money(used_today, asset), used_this_month=Money(used_this_month, asset)
    )


def _used(customer_id: UUID) -> dict[tuple[str, str], tuple[int, int]]:
    rows = statements.fetch(_USED, [customer_id])
    return {(kind, code): (int(day), int(month)) for kind, code, day, month in rows}


def _left(limit: Money, used: Money) -> Money:
    return max(limit - used, Money.zero(limit.asset), key=lambda one: one.units)


def _exceeded(detail: str) -> errors.Refused:
    return errors.Refused(code="limit_exceeded", detail=detail)


def _load() -> dict[tuple[int, str, str], Limit]:
    return {
        (row.level, row.kind, row.asset): Limit(
            single=_money(row.single_units, row.asset),
            daily=_money(row.daily_units, row.asset),
            monthly=_money(row.monthly_units, row.asset),
        )
        for row in models.LevelLimit.objects.all()
    }


def _money(units: object, code: str) -> Money:
    return Money(int(str(units)), assets.get(code))


_held = held.Held(_load)
