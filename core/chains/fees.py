"""What a transaction costs now, from what blocks of the last minutes took.

Source: https://eips.ethereum.org/EIPS/eip-1559: the base fee moves by an eighth per block at most, and the whole fee is
base fee plus tip, never more than what the sender allows.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Literal

from core.chains import config
from core.chains.config import GWEI
from core.chains.node import answers, client
from core.kernel.assets import Asset
from core.kernel.money import Money
from core.providers import contract
from core.providers.transport.wire import Malformed

Speed = Literal["slow", "normal", "fast"]
TOO_EXPENSIVE = "gas_too_expensive"
_BLOCKS = 20
# Which tenth of the payers is outbid, and how far the base fee may rise until it no longer is.
_PERCENTILES = (10, 50, 90)
_ROOM = (Fraction(5, 4), Fraction(2), Fraction(5, 2))
_SMALLEST_TIP = GWEI // 10


@dataclass(frozen=True, slots=True, kw_only=True)
class Fees:
    """What is offered for one unit of gas, in the smallest unit of the chain's coin: at most, and to the builder."""

    max_fee: int
    priority_fee: int

    def raised(self, *, cap: int) -> Fees:
        """Return an offer that replaces this one: both an eighth higher, as nodes ask for (10 % and more)."""
        return Fees(max_fee=min(-(-self.max_fee * 9 // 8), cap), priority_fee=min(-(-self.priority_fee * 9 // 8), cap))


@dataclass(frozen=True, slots=True, kw_only=True)
class FeeEstimate:
    """What a unit of gas costs at three speeds, as of one block."""

    native: Asset
    block_number: int
    base_fee: int
    slow: Fees
    normal: Fees
    fast: Fees

    def cost(self, *, gas: int, speed: Speed = "normal") -> Money:
        """Return what so much gas will cost if the base fee stays."""
        offer = self.offer(speed)
        return Money(gas * min(offer.max_fee, self.base_fee + offer.priority_fee), self.native)

    def ceiling(self, *, gas: int, speed: Speed = "normal") -> Money:
        """Return what so much gas can cost at most."""
        return Money(gas * self.offer(speed).max_fee, self.native)

    def offer(self, speed: Speed) -> Fees:
        """Return the offer of one speed."""
        return {"slow": self.slow, "normal": self.normal, "fast": self.fast}[speed]


def estimate(*, chain: str) -> FeeEstimate:
    """Return what gas costs on a chain now.

    Needs: no open database transaction.
    Raises: Unavailable (also as ``gas_too_expensive``, above the cap of the settings), RateLimited.
    """
    given = config.get(chain)
    told = client.of(chain).ask("eth_feeHistory", hex(_BLOCKS), "latest", list(_PERCENTILES))
    number, base, tips = _history(told)
    if base >= given.fee_cap:
        raise contract.Unavailable(
            code=TOO_EXPENSIVE, detail=f"Gas on {chain} costs {base // GWEI} gwei, more than we pay."
        )
    slow, normal, fast = (
        Fees(max_fee=min(int(base * room) + tip, given.fee_cap), priority_fee=min(tip, given.fee_cap))
        for room, tip in zip(_ROOM, tips, strict=True)
    )
    return FeeEstimate(native=given.native, block_number=number, base_fee=base, slow=slow, normal=normal, fast=fast)


def _history(told: object) -> tuple[int, int, list[int]]:
    """Return the newest block's number, the next block's base fee and the tips, slow to fast."""
    try:
        if not isinstance(told, dict):
            raise Malformed("not an object")
        bases, rewards = told.get("baseFeePerGas"), told.get("reward") or []
        if not isinstance(bases, list) or len(bases) < 2 or not isinstance(rewards, list):
            raise Malformed("without base fees")
        newest = answers.quantity(told.get("oldestBlock")) + len(bases) - 2
        return newest, answers.quantity(bases[-1]), [_tip(rewards, place) for place in range(len(_PERCENTILES))]
    except (Malformed, IndexError, TypeError) as fault:
        raise contract.Unavailable(code="node_unavailable", detail=f"The fee history is {fault}.") from fault


def _tip(rewards: Sequence[Sequence[object]], place: int) -> int:
    """Return the median tip over blocks that had any; an empty block asks for none."""
    paid = sorted(tip for row in rewards if (tip := answers.quantity(row[place])))
    return max(paid[len(paid) // 2] if paid else 0, _SMALLEST_TIP)
