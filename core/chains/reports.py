"""An operation on a chain, told in the words of the provider contract. Adapters over chains share it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from core.chains.models import OperationState
from core.chains.views import OperationView
from core.kernel.money import Money
from core.providers import contract
from core.providers.contract import Operation, Stage

STAGES: Mapping[OperationState, Stage] = {
    OperationState.PENDING: Stage.SUBMITTED,
    OperationState.MINED: Stage.EXECUTED,
    OperationState.FINAL: Stage.SETTLED,
    # It may vanish and go well yet: told as refused only when that is certain.
    OperationState.REVERTING: Stage.SUBMITTED,
    OperationState.REVERTED: Stage.DECLINED,
}
_WENT_WELL = frozenset({OperationState.MINED, OperationState.FINAL})


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What an operation did, as its adapter reads it from the logs."""

    spent: Money | None = None
    received: Money | None = None
    facts: Mapping[str, str] = field(default_factory=dict)


Read = Callable[[OperationView], Outcome]


def report(*, view: OperationView, operation: Operation, amount: Money | None = None, read: Read) -> contract.Report:
    """Return the report of an operation. ``read`` is asked only once all of it is in blocks and went well.

    ``amount`` is what was asked for, as the stored transaction says it. The costs are the gas, whoever's address paid.
    """
    done = read(view) if view.state in _WENT_WELL else Outcome()
    costs = (view.cost,) if view.cost else ()
    return contract.Report(
        operation=operation,
        stage=STAGES[view.state],
        provider_ref=_newest(view),
        key=view.key,
        reference=view.reference,
        amount=amount,
        reason=view.reason_code,
        raw_status=view.state.value,
        rank=view.version,
        spent=done.spent,
        received=done.received,
        costs=costs,
        facts=facts(view) | dict(done.facts),
    )


def facts(view: OperationView) -> dict[str, str]:
    """Return what the story of a transaction tells of its operation on the chain."""
    blocks = [step.block_number for step in view.steps if step.block_number is not None]
    told = {
        "chain": view.chain,
        "tx_hash": _newest(view),
        "tx_hashes": ",".join(view.hashes),
        "confirmations": str(view.confirmations),
        "confirmations_required": str(view.required),
        "block": str(max(blocks)) if blocks else "",
        "chain_reason": view.reason,
    }
    return {name: value for name, value in told.items() if value}


def _newest(view: OperationView) -> str:
    """Return the hash of the last step that has one."""
    return next((step.hash for step in reversed(view.steps) if step.hash), "")
