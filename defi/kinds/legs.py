"""The legs of DeFi: money to the customer's own address, the call of a contract there, and what it brought home.

A chain reports SUBMITTED for what was broadcast, EXECUTED for what is in a block, SETTLED for what is final.
"""

from __future__ import annotations

from core.orchestration.kinds import Leg
from core.orchestration.states import ADMISSION, State
from core.providers.contract import Operation, Stage

CHAIN = "ethereum"
# The states of a call, in order, and of a kind that first sends money to the customer's own address.
CALL = (State.SMART_CONTRACT_INTERACTION, State.BLOCKCHAIN_CONFIRMATION, State.PROVIDER_CONFIRMING)
PATH_HOME = (*ADMISSION, State.SENT_TO_PROVIDER, *CALL)
PATH_OUT = (*ADMISSION, State.SENT_TO_PROVIDER, State.PROVIDER_PROCESSING, *CALL)


def _all(state: State) -> dict[Stage, State]:
    return dict.fromkeys((Stage.ACCEPTED, Stage.SUBMITTED, Stage.EXECUTED, Stage.SETTLED), state)


def call(name: str, operation: Operation) -> Leg:
    """Return the leg that calls a contract: the one that is chosen, priced and cannot be taken back."""
    return Leg(
        name=name,
        operation=operation,
        waypoints={
            Stage.SUBMITTED: State.SMART_CONTRACT_INTERACTION,
            Stage.EXECUTED: State.BLOCKCHAIN_CONFIRMATION,
            Stage.SETTLED: State.PROVIDER_CONFIRMING,
        },
    )


OUT = Leg(
    name="custody_out",
    operation=Operation.CUSTODY_OUT,
    waypoints=_all(State.PROVIDER_PROCESSING),
    method=CHAIN,
    is_priced=False,
)
HOME = Leg(
    name="custody_in",
    operation=Operation.CUSTODY_IN,
    waypoints=_all(State.PROVIDER_CONFIRMING),
    method=CHAIN,
    is_priced=False,
    must_succeed=True,
)
# How a custody_out is taken back.
BACK = Leg(name="custody_back", operation=Operation.CUSTODY_IN, waypoints={}, method=CHAIN, is_priced=False)
