"""What adapters of contracts share: the sender never lacks gas, and a contract is never allowed more than an order."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from uuid import UUID

from core.chains import abi, adapter, config, evm, fees, gas, operations, wallets
from core.chains.node import answers, client
from core.chains.operations import Step
from core.kernel.money import Money
from core.providers import contract
from core.providers.contract import Order

# What a contract's call and its allowance may use, with room; what is not used stays at the address for the next one.
GAS_AHEAD = 900_000


def with_gas(order: Order, steps: Sequence[Step]) -> list[Step]:
    """Put a top-up before the steps where the address of the order's customer holds too little gas for them."""
    chain = adapter.chain_of(order)
    price = fees.estimate(chain=chain)
    brought = gas.top_up(owner=adapter.owner_of(order), chain=chain, price=price, gas=GAS_AHEAD)
    return [*brought, *(replace(step, waits=True) for step in steps)] if brought else list(steps)


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
    never be allowed more than this order. While anything else of the address waits, nobody can know what is left.
    """
    chain = amount.asset.chain or ""
    token = config.get(chain).token(amount.asset)
    address = wallets.address_of(owner=owner, chain=chain)
    allowed = evm.allowance(asset=amount.asset, owner=address, spender=spender)
    is_busy = operations.is_busy(owner=owner, chain=chain)
    if allowed == amount and not is_busy:
        return []
    reset = [_approve(owner, token, spender, 0, "reset")] if allowed or is_busy else []
    return [*reset, _approve(owner, token, spender, amount.units, "approve")]


def _approve(owner: UUID, token: str, spender: str, units: int, label: str) -> Step:
    data = abi.encode("approve(address,uint256)", spender, units)
    return Step(sender=owner, to=token, data=data, label=label)
