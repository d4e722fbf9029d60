"""An attempt as it is written before anybody is asked."""

from __future__ import annotations

from collections.abc import Sequence

from core.kernel import ids
from core.orchestration import kinds
from core.orchestration.judging import news
from core.orchestration.kinds import Leg
from core.orchestration.models import Attempt, AttemptState, Transaction


def prepare(
    *, transaction: Transaction, leg: Leg, name: str, provider: str, past: Sequence[Attempt], destination: str = ""
) -> Attempt:
    """Return the next attempt of a transaction, with its idempotency key.

    ``name`` is the leg's own, or says that it is taken back. What was done under the same name there before must be
    certainly over, for it gets another key.
    """
    amount = kinds.of(transaction).to_move(transaction=transaction, leg=leg)
    again = sum(each.operation == leg.operation.value and each.provider == provider for each in past)
    return Attempt(
        id=ids.uuid7(),
        transaction_id=transaction.id,
        number=len(past) + 1,
        leg=name,
        provider=provider,
        operation=leg.operation.value,
        method=leg.method or transaction.method,
        state=AttemptState.SENT,
        key=news.key_of(transaction_id=transaction.id, operation=leg.operation.value, provider=provider, again=again),
        units=amount.units,
        asset=amount.asset.code,
        destination=destination,
    )
