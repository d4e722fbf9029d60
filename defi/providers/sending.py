"""What adapters over a chain share: an operation is sent once under its key, and its sender never lacks gas."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime
from uuid import UUID

from core.chains import abi, config, evm, fees, gas, operations, wallets
from core.chains.node import answers, client
from core.chains.operations import OperationView, Step
from core.kernel import errors
from core.kernel.money import Money
from core.providers import contract
from core.providers.contract import Order

# What a contract's call and its allowance may use, with room; what is not used stays at the address for the next one.
GAS_AHEAD = 900_000


def send(order: Order, build: Callable[[], Sequence[Step]]) -> OperationView:
    """Return the operation of an order: the one under its key, or a new one that ``build`` describes.

    Raises: Rejected with the chain's reason, Unavailable, RateLimited; nothing was stored then.
    """
    found = operations.status(key=order.key)
    if found is not None:
        return found
    chain = chain_of(order)
    try:
        steps = _with_gas(order, chain, build())
        return operations.submit(key=order.key, chain=chain, steps=steps, reference=order.reference)
    except (errors.Refused, errors.InvalidInput) as fault:
        raise contract.Rejected(code=fault.code, detail=fault.detail) from fault


def owner_of(order: Order) -> UUID:
    """Return whose address signs. Raises: Rejected (``customer_missing``)."""
    if order.customer_id is None:
        raise contract.Rejected(code="customer_missing", detail="An order on a chain names whose address signs.")
    return order.customer_id


def chain_of(order: Order) -> str:
    """Return the chain on which the given asset lies."""
    return order.amount.asset.chain or ""


def chain_time(chain: str, *, block: int | None = None) -> datetime:
    """Return the time of a block, by default the newest: by it contracts judge deadlines and count interest.

    Raises: Refused (``chain_unavailable``), Unavailable, RateLimited.
    """
    which = evm.LATEST if block is None else hex(block)
    found = answers.header(client.of(chain).ask("eth_getBlockByNumber", which, False))  # noqa: FBT003 - JSON-RPC
    if found is None:
        raise contract.Unavailable(code="node_unavailable", detail=f"The node has no block {which}.")
    return found.at


def allowances(*, owner: UUID, amount: Money, spender: str) -> list[Step]:
    """Return the steps after which a contract may take exactly this amount: none, one, or two.

    What is left of an older allowance is set to zero first: USDT changes one from nothing only, and a contract should
    never be allowed more than this order.
    """
    chain = amount.asset.chain or ""
    token = config.get(chain).token(amount.asset)
    address = wallets.address_of(owner=owner, chain=chain)
    allowed = evm.allowance(asset=amount.asset, owner=address, spender=spender)
    if allowed == amount:
        return []
    reset = [_approve(owner, token, spender, 0, "reset")] if allowed else []
    return [*reset, _approve(owner, token, spender, amount.units, "approve")]


def _approve(owner: UUID, token: str, spender: str, units: int, label: str) -> Step:
    data = abi.encode("approve(address,uint256)", spender, units)
    return Step(sender=owner, to=token, data=data, label=label)


def _with_gas(order: Order, chain: str, steps: Sequence[Step]) -> list[Step]:
    """Put a top-up before the steps where the address holds too little gas for them."""
    price = fees.estimate(chain=chain)
    brought = gas.top_up(owner=owner_of(order), chain=chain, price=price, gas=GAS_AHEAD)
    return [*brought, *(replace(step, waits=True) for step in steps)] if brought else list(steps)
