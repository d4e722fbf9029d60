"""The treasury: moves coins between our own wallets and a customer's address on a chain.

API: none; the transactions are ours and go through ``core.chains.operations``. Auth: the keystore.
Idempotency: the key of the order is the key of the operation in our own table, so its absence there proves that
nothing was done. Units: the asset's smallest; gas in the chain's own coin.
Gas: paid by the platform; an address with too little for what comes next is topped up from the gas wallet, and what is
left of that is counted apart from coins that customers own.
Unlike an adapter of a stranger's API it reads and writes our own tables (ADR 0050).
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from uuid import UUID

from core.chains import abi, config, evm, fees, gas, operations, reports, wallets
from core.chains.fees import FeeEstimate
from core.chains.operations import OperationView, Step
from core.chains.reports import Outcome
from core.chains.sending.steps import TOP_UP
from core.kernel import errors
from core.kernel.money import Money
from core.providers import contract
from core.providers.contract import Operation, Order, Proof, ProviderType, Query, Report

CODE = "treasury"
MOVE = "move"
# Gas for what a customer's address does between two visits of the treasury: an allowance, a swap, the way back.
GAS_AHEAD = 700_000
# What a move uses, for quotes: a token's transfer and a top-up.
GAS_OF_A_MOVE = 90_000
# The treasury gets gas for so many moves at once.
GAS_MOVES_AHEAD = 50
_TRANSFER = "transfer(address,uint256)"


def _capability(operation: Operation) -> contract.Capability:
    return contract.Capability(
        type=ProviderType.WALLET,
        operation=operation,
        method="ethereum",
        assets=("USDC:ethereum", "USDT:ethereum", "ETH:ethereum"),
        minimum_units=1,
        maximum_units=10**30,
        eta_seconds=180,
        fee_code="",  # it takes nothing; the gas is priced by the domain, as the network fee
        firm_quote=True,
        server_initiated=True,
        proof=Proof.LOOKUP_BY_KEY,
        key_lifetime=timedelta(days=3650),
        needs_cover=operation is Operation.CUSTODY_OUT,
        poll_after_s=15.0,
        reversible_for=timedelta(0),
        proof_after_s=operations.PROVEN_AFTER_S,
        covered_by="treasury",
    )


class Treasury:
    """The adapter. Its verbs are the contract's; see ``core.providers.contract``."""

    code: str = CODE
    name: str = "diBoaS treasury"
    capabilities: tuple[contract.Capability, ...] = (
        _capability(Operation.CUSTODY_OUT),
        _capability(Operation.CUSTODY_IN),
    )

    def quote(self, order: Order) -> contract.ProviderQuote:
        """Return what the gas of the move costs now, in the chain's coin."""
        price = fees.estimate(chain=_chain(order))
        return contract.ProviderQuote(fee=price.cost(gas=GAS_OF_A_MOVE), eta_seconds=180, firm=False)

    def submit(self, order: Order) -> Report:
        """Move the order's amount. Raises: Rejected, Unavailable; nothing was stored then."""
        view = operations.status(key=order.key)
        if view is None:
            view = _move(order)
        return _report(view, order.operation)

    def status(self, query: Query) -> Report | None:
        view = operations.status(key=query.key)
        return None if view is None else _report(view, query.operation)

    def cancel(self, query: Query) -> Report:
        """Say how far it is: what is signed cannot be called back. Raises: Rejected when there is nothing."""
        found = self.status(query)
        if found is None:
            raise contract.Rejected(code="unknown_operation", detail="There is no such move.")
        return found

    def parse_webhook(self, delivery: contract.Delivery) -> Sequence[contract.News]:
        """Nobody calls us: the watcher does the looking. Raises: SignatureInvalid."""
        raise contract.SignatureInvalid(detail="The treasury has no webhooks.")

    def probe(self) -> None:
        """Ask the node of every chain that is set up for its newest block."""
        for chain in config.configured():
            evm.head(chain=chain)


def _move(order: Order) -> OperationView:
    try:
        chain = _chain(order)
        price = fees.estimate(chain=chain)
        steps = _out(order, price) if order.operation is Operation.CUSTODY_OUT else _in(order, price)
        return operations.submit(key=order.key, chain=chain, steps=steps, reference=order.reference)
    except (errors.Refused, errors.InvalidInput) as fault:
        raise contract.Rejected(code=fault.code, detail=fault.detail) from fault


def _out(order: Order, price: FeeEstimate) -> list[Step]:
    """Return the steps from the treasury to the customer: gas for both where it is short, then the move."""
    owner, chain = _customer(order), _chain(order)
    address = wallets.address_of(owner=owner, chain=chain)
    first = gas.top_up(owner=wallets.TREASURY, chain=chain, price=price, gas=GAS_OF_A_MOVE, times=GAS_MOVES_AHEAD)
    then = gas.top_up(owner=owner, chain=chain, price=price, gas=GAS_AHEAD)
    return [*first, *then, _transfer(wallets.TREASURY, address, order.amount, waits=bool(first))]


def _in(order: Order, price: FeeEstimate) -> list[Step]:
    """Return the steps from the customer to the treasury."""
    owner, chain = _customer(order), _chain(order)
    treasury = wallets.address_of(owner=wallets.TREASURY, chain=chain)
    first = gas.top_up(owner=owner, chain=chain, price=price, gas=GAS_OF_A_MOVE)
    return [*first, _transfer(owner, treasury, order.amount, waits=bool(first))]


def _customer(order: Order) -> UUID:
    if order.customer_id is None:
        raise contract.Rejected(code="customer_missing", detail="A move names the customer whose address it is.")
    return order.customer_id


def _chain(order: Order) -> str:
    return order.amount.asset.chain or ""


def _transfer(sender: wallets.Owner, to: str, amount: Money, *, waits: bool = False) -> Step:
    given = config.get(amount.asset.chain or "")
    if amount.asset.code == given.native.code:
        return Step(sender=sender, to=to, value=amount.units, label=MOVE, waits=waits)
    data = abi.encode(_TRANSFER, to, amount.units)
    return Step(sender=sender, to=given.token(amount.asset), data=data, label=MOVE, waits=waits)


def _report(view: OperationView, operation: Operation) -> Report:
    return reports.report(view=view, operation=operation, amount=_moved(view), read=_outcome)


def _outcome(view: OperationView) -> Outcome:
    moved = _moved(view)
    top_up = sum(step.value for step in view.steps if step.label == TOP_UP)
    return Outcome(spent=moved, received=moved, facts={"gas_top_up": str(top_up)} if top_up else {})


def _moved(view: OperationView) -> Money:
    """Return what the stored transaction moves: the truth, whatever the order said."""
    step, given = view.step(MOVE), config.get(view.chain)
    if not step.data:
        return Money(step.value, given.native)
    token = step.to.lower()
    asset = next(asset for contract_address, asset in given.watched().items() if contract_address == token)
    return Money(int(abi.decode("address,uint256", bytes.fromhex(step.data[10:]))[1]), asset)
