"""What others see of an operation: frozen, read from the database alone."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from uuid import UUID

from core.chains import config
from core.chains.models import Broadcast, ChainOperation, ChainTransaction, Cursor, Inclusion, OperationState
from core.chains.node.answers import Log
from core.kernel import assets, chains
from core.kernel.money import Money


@dataclass(frozen=True, slots=True, kw_only=True)
class StepView:
    """One transaction of an operation.

    ``hash`` is the one in the block that stands, else the newest sent, else empty; ``hashes`` are all ever signed.
    ``block_number``, ``succeeded`` and ``cost`` are None while no block holds it.
    """

    label: str
    sender: str
    to: str
    value: int
    data: str
    nonce: int | None
    gas_limit: int
    hash: str
    hashes: tuple[str, ...]
    offers: tuple[OfferView, ...]
    block_number: int | None = None
    block_hash: str = ""
    confirmations: int = 0
    succeeded: bool | None = None
    gas_used: int | None = None
    gas_price: int | None = None
    cost: Money | None = None
    logs: tuple[Log, ...] = ()
    reason_code: str = ""
    reason: str = ""
    vanished: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class OfferView:
    """One signed form: its hash and fees, when it was sent, and what the node had against it."""

    tx_hash: str
    max_fee: int
    priority_fee: int
    signed_at: datetime
    sent_at: datetime | None
    trouble: str


@dataclass(frozen=True, slots=True, kw_only=True)
class OperationView:
    """One operation. ``confirmations`` are those of its newest block, ``required`` those that make it final.

    ``version`` rises with every change of state; ``cost`` is what its gas cost so far, by whoever paid.
    """

    id: UUID
    key: str
    chain: str
    reference: str
    state: OperationState
    version: int
    steps: tuple[StepView, ...]
    confirmations: int
    required: int
    reason_code: str
    reason: str
    created_at: datetime
    changed_at: datetime

    @property
    def hashes(self) -> tuple[str, ...]:
        """Every hash ever signed for it."""
        return tuple(each for step in self.steps for each in step.hashes)

    @property
    def cost(self) -> Money:
        """What the gas of all its transactions cost."""
        spent = sum(step.cost.units for step in self.steps if step.cost is not None)
        return Money(spent, assets.resolve(symbol=chains.get(self.chain).native, chain=self.chain))

    def step(self, label: str) -> StepView:
        """Return the step with this label.

        Raises: KeyError.
        """
        for each in self.steps:
            if each.label == label:
                return each
        raise KeyError(label)


def of(operations: Sequence[ChainOperation]) -> list[OperationView]:
    """Return these operations as others see them, in four queries however many they are."""
    steps: dict[UUID, list[ChainTransaction]] = defaultdict(list)
    for step in ChainTransaction.objects.filter(operation__in=operations).select_related("wallet").order_by("position"):
        steps[step.operation_id].append(step)
    every = [step.pk for found in steps.values() for step in found]
    offers: dict[UUID, list[Broadcast]] = defaultdict(list)
    for sent in Broadcast.objects.filter(transaction__in=every).order_by("pk"):
        offers[sent.transaction_id].append(sent)
    taken: dict[UUID, list[Inclusion]] = defaultdict(list)
    for inclusion in Inclusion.objects.filter(transaction__in=every).order_by("pk"):
        taken[inclusion.transaction_id].append(inclusion)
    heads = dict(Cursor.objects.values_list("chain", "number"))
    return [
        _operation(
            operation,
            [
                _step(step, offers[step.pk], taken[step.pk], heads.get(operation.chain, 0))
                for step in steps[operation.pk]
            ],
        )
        for operation in operations
    ]


def _operation(operation: ChainOperation, steps: list[StepView]) -> OperationView:
    return OperationView(
        id=operation.pk,
        key=operation.key,
        chain=operation.chain,
        reference=operation.reference,
        state=OperationState(operation.state),
        version=operation.version,
        steps=tuple(steps),
        confirmations=min((step.confirmations for step in steps), default=0),
        required=config.get(operation.chain).confirmations if config.is_configured(operation.chain) else 0,
        reason_code=operation.reason_code,
        reason=operation.reason,
        created_at=operation.created_at,
        changed_at=operation.changed_at,
    )


def _step(step: ChainTransaction, offers: list[Broadcast], taken: list[Inclusion], head: int) -> StepView:
    stands = next((each for each in taken if each.vanished_at is None), None)
    newest = offers[-1].tx_hash if offers else ""
    seen = StepView(
        label=step.label,
        sender=step.wallet.address,
        to=step.to,
        value=int(step.value),
        data=step.data,
        nonce=step.nonce,
        gas_limit=step.gas_limit,
        hash=stands.tx_hash if stands else newest,
        hashes=tuple(each.tx_hash for each in offers),
        offers=tuple(_offer(each) for each in offers),
        vanished=len(taken) - (stands is not None),
    )
    return seen if stands is None else _placed(seen, stands, head, step.wallet.chain)


def _offer(sent: Broadcast) -> OfferView:
    return OfferView(
        tx_hash=sent.tx_hash,
        max_fee=int(sent.max_fee),
        priority_fee=int(sent.priority_fee),
        signed_at=sent.signed_at,
        sent_at=sent.sent_at,
        trouble=sent.trouble,
    )


def _placed(seen: StepView, stands: Inclusion, head: int, chain: str) -> StepView:
    native = assets.resolve(symbol=chains.get(chain).native, chain=chain)
    ours = stands.broadcast_id is not None
    return replace(
        seen,
        block_number=stands.block_number,
        block_hash=stands.block_hash,
        confirmations=max(head - stands.block_number + 1, 0),
        succeeded=stands.succeeded,
        gas_used=stands.gas_used,
        gas_price=int(stands.gas_price),
        cost=Money(stands.gas_used * int(stands.gas_price), native) if ours else Money.zero(native),
        logs=tuple(Log.from_stored(each) for each in stands.logs),
        reason_code=stands.reason_code,
        reason=stands.reason,
    )
