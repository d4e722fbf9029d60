"""What an operation is asked to consist of."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from core.chains import addresses, wallets
from core.chains.models import Wallet
from core.kernel import errors

# The label of a step that brings gas to an address of ours: the gas of each is counted apart from other coins there.
TOP_UP = "top_up"
_MOST = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One transaction of an operation.

    ``value`` is in the smallest unit of the chain's coin. ``gas_limit`` is found by simulation where it is not given.
    ``waits``: signed and sent only when all steps before it are in a block and went well; needed where another
    address has to pay first. Steps of one address keep their order without it.
    """

    sender: wallets.Owner
    to: str
    label: str
    data: bytes = b""
    value: int = 0
    gas_limit: int | None = None
    waits: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Placed:
    """A step with the wallet that signs it and the address in its one writing."""

    step: Step
    wallet: Wallet
    to: str

    def call(self) -> dict[str, str]:
        """Return it as a node simulates it."""
        return {
            "from": self.wallet.address,
            "to": self.to,
            "value": hex(self.step.value),
            "data": "0x" + self.step.data.hex(),
        }


def place(*, chain: str, steps: Sequence[Step]) -> list[Placed]:
    """Return the steps with their wallets.

    Raises: InvalidInput (``invalid_address``, ``invalid_steps``); Refused (``chain_unavailable``, ``wallet_frozen``).
    """
    if not 0 < len(steps) <= _MOST or any(step.value < 0 for step in steps):
        raise errors.InvalidInput(code="invalid_steps", detail=f"An operation has 1 to {_MOST} steps.")
    placed = [
        Placed(
            step=step,
            wallet=wallets.ensure(owner=step.sender, chain=chain),
            to=addresses.check(chain=chain, address=step.to),
        )
        for step in steps
    ]
    if any(each.wallet.frozen_at for each in placed):
        raise errors.Refused(code="wallet_frozen", detail="The wallet is frozen: something left it without our doing.")
    return placed
