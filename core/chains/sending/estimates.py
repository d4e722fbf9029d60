"""How much gas the steps of an operation get, and whether their addresses can pay for it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence

from core.chains import evm
from core.chains.fees import Fees
from core.chains.node import simulate
from core.chains.sending.steps import Placed
from core.providers import contract

PLAIN_TRANSFER = 21_000
_MOST = 10_000_000


def gas_limits(*, chain: str, placed: Sequence[Placed]) -> list[int]:
    """Return the gas limit of every step, after a dry run of all of them in order.

    What was used is after refunds, and a call inside a call gets 63 of 64 parts of what is left, so half as much is
    added; gas that is not used is not paid.
    Raises: Rejected for what would be refused; Unavailable.
    """
    used = simulate.run(chain=chain, calls=[each.call() for each in placed])
    return [_limit(each, gas) for each, gas in zip(placed, used, strict=True)]


def _limit(placed: Placed, used: int) -> int:
    if used > _MOST or (placed.step.gas_limit is not None and placed.step.gas_limit < used):
        raise contract.Rejected(code="too_much_gas", detail=f"{placed.step.label} would need {used} gas.")
    if placed.step.gas_limit is not None:
        return placed.step.gas_limit
    return PLAIN_TRANSFER if used == PLAIN_TRANSFER else used * 3 // 2 + 20_000


def require_cover(*, chain: str, placed: Sequence[Placed], limits: Sequence[int], fees: Fees) -> None:
    """Return if every address can pay its values and the most that its gas may cost.

    What an earlier step brings to an address counts when the later one waits for it.
    Raises: Unavailable (``insufficient_gas``): ours to mend, nothing of the customer's.
    """
    short: dict[str, int] = defaultdict(int)
    brought: dict[str, int] = defaultdict(int)
    for each, limit in zip(placed, limits, strict=True):
        needed = each.step.value + limit * fees.max_fee
        if each.step.waits:
            used = min(brought[each.wallet.address], needed)
            brought[each.wallet.address] -= used
            needed -= used
        short[each.wallet.address] += needed
        brought[each.to] += each.step.value
    for address, needed in short.items():
        held = evm.balance(chain=chain, address=address)
        if held.units < needed:
            raise contract.Unavailable(
                code="insufficient_gas", detail=f"{address} holds {held} and may need {needed} units for gas and value."
            )
