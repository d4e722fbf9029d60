"""Which transaction works on which position: one at a time, decided in the commit that accepts it."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.db import IntegrityError, transaction
from django.db.models import F, Q, Sum

from core.kernel import errors
from core.orchestration.states import SETTLED
from defi.models import Position, PositionState, Strategy


class PositionBusy(errors.Conflict):
    """Another transaction works on this position. HTTP 409; it is worth trying again when that one is done."""

    default_code = "position_busy"


def open_for(*, transaction_id: UUID, customer_id: UUID, terms: Mapping[str, Any]) -> None:
    """Create the position that a transaction is to fill.

    Needs: the transaction that accepts; it locks the strategy, so that starts at once cannot pass its cap together.
    Raises: PositionBusy if there is one in this strategy already; Refused (``strategy_full``).
    """
    strategy_id = UUID(terms["strategy_id"])
    check_room(strategy=Strategy.objects.select_for_update().get(id=strategy_id), units=int(terms["given"]))
    _clear(customer_id=customer_id, strategy_id=strategy_id)
    try:
        with transaction.atomic():
            Position.objects.create(
                id=UUID(terms["position_id"]),
                customer_id=customer_id,
                strategy_id=strategy_id,
                opened_by_id=transaction_id,
                work_id=transaction_id,
                chain=terms["chain"],
                management_rate=Decimal(terms["management_rate"]),
                performance_rate=Decimal(terms["performance_rate"]),
            )
    except IntegrityError as error:
        if "defi_position_once" not in str(error):
            raise
        raise PositionBusy(code="position_exists", detail="There is a position in this strategy.") from error


def take(*, transaction_id: UUID, customer_id: UUID, position_id: UUID, version: int) -> None:
    """Let a transaction work on an active position that is still as it was when its terms were agreed.

    Needs: the transaction that accepts. Raises: PositionBusy.
    """
    rows = Position.objects.filter(
        Q(work__isnull=True) | Q(work__state__in=SETTLED),
        id=position_id,
        customer_id=customer_id,
        state__in=[PositionState.ACTIVE, PositionState.CLOSING],
        version=version,
    )
    # The join for the state cannot be updated through, so the rows are named by a subquery and locked by the update.
    taken = Position.objects.filter(id__in=rows.values("id"), version=version).update(
        work_id=transaction_id, version=F("version") + 1
    )
    if not taken:
        raise PositionBusy(detail="Another transaction works on this position.", pointer="/position_id")


def check_room(*, strategy: Strategy, units: int) -> None:
    """Return if all customers together may have so much more in a strategy, what is on its way into it included.

    Raises: Refused (``strategy_full``).
    """
    held = Position.objects.filter(strategy=strategy).exclude(state=PositionState.CLOSED)
    inside = held.exclude(state=PositionState.OPENING).aggregate(sum=Sum("cost_units"))["sum"] or 0
    coming = held.filter(state=PositionState.OPENING).exclude(work__state__in=SETTLED)
    on_the_way = coming.aggregate(sum=Sum("opened_by__debit_units"))["sum"] or 0
    if int(inside) + int(on_the_way) + units > strategy.cap_units:
        raise errors.Refused(
            code="strategy_full", detail="All customers together have as much in it as we allow.", pointer="/strategy"
        )


def is_abandoned(position: Position) -> bool:
    """Say whether a position was never opened and never will be, as far as was read with it."""
    return position.state == PositionState.OPENING and not is_busy(position)


def is_busy(position: Position) -> bool:
    """Say whether a transaction that has not ended works on a position, as far as was read with it."""
    return position.work is not None and position.work.state not in SETTLED


def _clear(*, customer_id: UUID, strategy_id: UUID) -> None:
    """Close what was never opened because its transaction ended before anything was held."""
    stale = Position.objects.filter(
        customer_id=customer_id, strategy_id=strategy_id, state=PositionState.OPENING, work__state__in=SETTLED
    )
    Position.objects.filter(id__in=stale.values("id"), state=PositionState.OPENING).update(
        state=PositionState.CLOSED, work=None, version=F("version") + 1
    )
