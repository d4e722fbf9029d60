"""What adapters have in common whose operations are ours on a chain.

Auth: the keystore signs. Idempotency: the key of the order is the key of the operation in our own table, so its absence
there proves that nothing was done. Unlike an adapter of a stranger's API they read and write our own tables (ADR 0050).
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from datetime import timedelta
from uuid import UUID

from core.chains import fees, operations
from core.chains.operations import OperationView, Step
from core.kernel import errors
from core.providers import contract
from core.providers.contract import Operation, Order, Proof, ProviderType, Query, Report

ETA_SECONDS = 180


class ChainAdapter(ABC):
    """The contract's verbs over a chain. What is sent, and how it reads afterwards, is each adapter's own."""

    code: str
    name: str
    capabilities: tuple[contract.Capability, ...]

    @abstractmethod
    def gas_of(self, operation: Operation) -> int:
        """Return how much gas all of an operation uses, for quotes."""

    @abstractmethod
    def steps(self, order: Order) -> Sequence[Step]:
        """Return the transactions that carry out an order. Raises: Rejected, Refused, InvalidInput, Unavailable."""

    @abstractmethod
    def report(self, view: OperationView, operation: Operation) -> Report:
        """Tell how an operation stands; what it moves is read from what was stored and logged, whatever was ordered."""

    @abstractmethod
    def probe(self) -> None:
        """Make one cheap read-only call; raise if it is not well."""

    def quote(self, order: Order) -> contract.ProviderQuote:
        """Return what the gas costs now, in the chain's coin; anything else is inside the price."""
        price = fees.estimate(chain=chain_of(order))
        return contract.ProviderQuote(
            fee=price.cost(gas=self.gas_of(order.operation)), eta_seconds=ETA_SECONDS, firm=False
        )

    def submit(self, order: Order) -> Report:
        """Carry out an order: the operation under its key, or a new one.

        Raises: Rejected with the chain's reason, Unavailable, RateLimited; nothing was stored then.
        """
        view = operations.status(key=order.key) or self._send(order)
        return self.report(view, order.operation)

    def status(self, query: Query) -> Report | None:
        view = operations.status(key=query.key)
        return None if view is None else self.report(view, query.operation)

    def cancel(self, query: Query) -> Report:
        """Say how far it is: what is signed cannot be called back. Raises: Rejected when there is nothing."""
        found = self.status(query)
        if found is None:
            raise contract.Rejected(code="unknown_operation", detail="There is no such operation.")
        return found

    def parse_webhook(self, delivery: contract.Delivery) -> Sequence[contract.News]:
        """Nobody calls us: the watcher does the looking. Raises: SignatureInvalid."""
        raise contract.SignatureInvalid(detail=f"{self.name} has no webhooks.")

    def _send(self, order: Order) -> OperationView:
        try:
            return operations.submit(
                key=order.key, chain=chain_of(order), steps=self.steps(order), reference=order.reference
            )
        except (errors.Refused, errors.InvalidInput) as fault:
            raise contract.Rejected(code=fault.code, detail=fault.detail) from fault


def capability(
    *, provider: ProviderType, operation: Operation, method: str, assets: Sequence[str], fee_code: str
) -> contract.Capability:
    """Return what an adapter over a chain can do: proven by its key for ever, never to be taken back."""
    return contract.Capability(
        type=provider,
        operation=operation,
        method=method,
        assets=tuple(assets),
        minimum_units=1,
        maximum_units=10**30,
        eta_seconds=ETA_SECONDS,
        fee_code=fee_code,
        firm_quote=True,
        server_initiated=True,
        proof=Proof.LOOKUP_BY_KEY,
        key_lifetime=timedelta(days=3650),
        needs_cover=False,
        poll_after_s=15.0,
        reversible_for=timedelta(0),
        proof_after_s=operations.PROVEN_AFTER_S,
    )


def chain_of(order: Order) -> str:
    """Return the chain on which the given asset lies."""
    return order.amount.asset.chain or ""


def owner_of(order: Order) -> UUID:
    """Return whose address signs. Raises: Rejected (``customer_missing``)."""
    if order.customer_id is None:
        raise contract.Rejected(code="customer_missing", detail="An order on a chain names whose address signs.")
    return order.customer_id
