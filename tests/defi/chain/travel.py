"""Time on the chain, and our work in between."""

from __future__ import annotations

from uuid import UUID

from core.chains import wallets, watch
from core.identity.customers import CustomerView
from core.orchestration.states import SETTLED
from tests.chain.handle import Chain
from tests.core.orchestration import world as engine
from tests.defi import world

ROUNDS = 25


def settle(chain: Chain, transaction_id: UUID) -> None:
    """Mine, watch and work until the transaction has ended."""
    for _ in range(ROUNDS):
        world.again(transaction_id)
        if engine.see(transaction_id).state in SETTLED:
            return
        chain.mine()
        watch.tick(chain="ethereum")
    raise AssertionError(f"still {engine.see(transaction_id).state} after {ROUNDS} blocks")


def until(chain: Chain, transaction_id: UUID, *, state: str) -> None:
    """Do the same until the transaction is in a state."""
    for _ in range(ROUNDS):
        world.again(transaction_id)
        if engine.see(transaction_id).state == state:
            return
        chain.mine()
        watch.tick(chain="ethereum")
    raise AssertionError(f"still {engine.see(transaction_id).state} after {ROUNDS} blocks")


def follow(chain: Chain) -> None:
    """Mine and watch until what was submitted is final, steps that wait for others included."""
    for _ in range(3):
        watch.tick(chain="ethereum")
        chain.mine(3)
    watch.tick(chain="ethereum")


def address(owner: CustomerView) -> str:
    return wallets.address_of(owner=owner.id, chain="ethereum")
