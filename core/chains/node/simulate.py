"""Run calls one after the other on a copy of the newest block: what each would use, and which would be refused.

Source: https://ethereum.github.io/execution-apis/ (eth_simulateV1). A later call sees what an earlier one did, so an
allowance and the swap that needs it are judged together.
"""

from __future__ import annotations

from collections.abc import Sequence

from core.chains.node import answers, client, reverts
from core.providers import contract
from core.providers.transport.wire import Doc, Malformed

_UNKNOWN_METHOD = -32601


def run(*, chain: str, calls: Sequence[dict[str, str]]) -> list[int]:
    """Return the gas that each call used.

    Needs: no open database transaction.
    Raises: Rejected when one of them would be refused; Unavailable, RateLimited; Refused (``chain_unavailable``).
    """
    node = client.of(chain)
    asked = {"blockStateCalls": [{"calls": list(calls)}], "validation": False}
    try:
        told = node.ask("eth_simulateV1", asked, "latest")
    except client.NodeSays as said:
        if said.rpc_code == _UNKNOWN_METHOD and len(calls) == 1:
            return [_alone(node, calls[0])]
        raise _refusal(said) from said
    return [_gas(result) for result in _results(told, len(calls))]


def _alone(node: client.Node, call: dict[str, str]) -> int:
    """Ask a node that knows no simulation about a single call."""
    try:
        return answers.number(node.ask("eth_estimateGas", call))
    except client.NodeSays as said:
        raise _refusal(said) from said


def _refusal(said: client.NodeSays) -> contract.ProviderError:
    if "insufficient funds" in said.said.lower():
        return contract.Rejected(
            code="insufficient_coin_balance",
            detail="The address holds too little of the chain's coin for this.",
            provider_code=said.said,
        )
    if said.rpc_code == _UNKNOWN_METHOD:
        return contract.Unavailable(code="node_unavailable", detail="The node cannot simulate (eth_simulateV1).")
    if said.data:
        return rejected(answers.raw(said.data))
    return said


def rejected(returned: bytes) -> contract.Rejected:
    """Return a revert as the rejection that it is."""
    found = reverts.decode(returned)
    return contract.Rejected(code=found.code, detail=found.detail, provider_code=found.said)


def _results(told: object, count: int) -> list[Doc]:
    try:
        found = Doc({"blocks": told}).docs("blocks")[0].docs("calls")
        if len(found) != count:
            raise Malformed("another number of calls")
    except (Malformed, IndexError) as fault:
        raise contract.Unavailable(code="node_unavailable", detail=f"The simulation is malformed: {fault}.") from fault
    return list(found)


def _gas(result: Doc) -> int:
    try:
        if answers.quantity(result.text("status")) != 1:
            raise rejected(answers.raw(result.find_text("returnData") or "0x"))
        return answers.quantity(result.text("gasUsed"))
    except Malformed as fault:
        raise contract.Unavailable(code="node_unavailable", detail=f"The simulation is malformed: {fault}.") from fault
