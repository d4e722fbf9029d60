"""The treasury: moves coins between our own wallets and a customer's address on a chain.

API: none; the transactions are ours and go through ``core.chains.operations``. Auth and idempotency: see
``core.chains.adapter``. Units: the asset's smallest; gas in the chain's own coin.
Gas: paid by the platform; an address with too little for what comes next is topped up from the gas wallet, and what is
left of that is counted apart from coins that customers own.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from core.chains import abi, adapter, config, evm, fees, gas, reports, wallets
from core.chains.fees import FeeEstimate
from core.chains.operations import OperationView, Step
from core.chains.reports import Outcome
from core.chains.sending.steps import TOP_UP
from core.kernel.money import Money
from core.providers import contract
from core.providers.contract import Operation, Order, ProviderType, Report

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
    able = adapter.capability(
        provider=ProviderType.WALLET,
        operation=operation,
        method="ethereum",
        assets=("USDC:ethereum", "USDT:ethereum", "ETH:ethereum"),
        fee_code="",  # it takes nothing; the gas is priced by the domain, as the network fee
    )
    return replace(able, needs_cover=operation is Operation.CUSTODY_OUT, covered_by="treasury")


class Treasury(adapter.ChainAdapter):
    """The adapter. Its verbs are the contract's; see ``core.providers.contract``."""

    code: str = CODE
    name: str = "diBoaS treasury"
    capabilities: tuple[contract.Capability, ...] = (
        _capability(Operation.CUSTODY_OUT),
        _capability(Operation.CUSTODY_IN),
    )

    def gas_of(self, operation: Operation) -> int:
        return GAS_OF_A_MOVE

    def steps(self, order: Order) -> Sequence[Step]:
        price = fees.estimate(chain=adapter.chain_of(order))
        return _out(order, price) if order.operation is Operation.CUSTODY_OUT else _in(order, price)

    def report(self, view: OperationView, operation: Operation) -> Report:
        return reports.report(view=view, operation=operation, amount=_moved(view), read=_outcome)

    def probe(self) -> None:
        """Ask the node of every chain that is set up for its newest block."""
        for chain in config.configured():
            evm.head(chain=chain)


def _out(order: Order, price: FeeEstimate) -> list[Step]:
    """Return the steps from the treasury to the customer: gas for both where it is short, then the move."""
    owner, chain = adapter.owner_of(order), adapter.chain_of(order)
    address = wallets.address_of(owner=owner, chain=chain)
    first = gas.top_up(owner=wallets.TREASURY, chain=chain, price=price, gas=GAS_OF_A_MOVE, times=GAS_MOVES_AHEAD)
    then = gas.top_up(owner=owner, chain=chain, price=price, gas=GAS_AHEAD)
    return [*first, *then, _transfer(wallets.TREASURY, address, order.amount, waits=bool(first))]


def _in(order: Order, price: FeeEstimate) -> list[Step]:
    """Return the steps from the customer to the treasury."""
    owner, chain = adapter.owner_of(order), adapter.chain_of(order)
    treasury = wallets.address_of(owner=wallets.TREASURY, chain=chain)
    first = gas.top_up(owner=owner, chain=chain, price=price, gas=GAS_OF_A_MOVE)
    return [*first, _transfer(owner, treasury, order.amount, waits=bool(first))]


def _transfer(sender: wallets.Owner, to: str, amount: Money, *, waits: bool = False) -> Step:
    given = config.get(amount.asset.chain or "")
    if amount.asset.code == given.native.code:
        return Step(sender=sender, to=to, value=amount.units, label=MOVE, waits=waits)
    data = abi.encode(_TRANSFER, to, amount.units)
    return Step(sender=sender, to=given.token(amount.asset), data=data, label=MOVE, waits=waits)


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
