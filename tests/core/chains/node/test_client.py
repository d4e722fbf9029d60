"""What a node's answers mean: the four errors of a provider, never anything else."""

from __future__ import annotations

import pytest

from core.chains.node import answers, client, simulate
from core.providers import contract
from core.providers.transport.wire import Doc
from tests.chain.handle import Chain


def read(fields: dict[str, object], method: str = "eth_call") -> object:
    return client._result(Doc({"jsonrpc": "2.0", "id": 7, **fields}), 7, method)


def refusal(code: int, message: str, **data: object) -> dict[str, object]:
    return {"error": {"code": code, "message": message, **data}}


def test_a_result_is_the_answer_to_our_own_question() -> None:
    assert read({"result": None}) is None
    assert read({"result": "0x1"}) == "0x1"
    with pytest.raises(contract.Unavailable, match="another question"):
        read({"id": 8, "result": "0x1"})
    with pytest.raises(contract.Unavailable, match="another question"):
        read({})


@pytest.mark.parametrize(
    ("fields", "error"),
    [
        (refusal(-32005, "limit exceeded"), contract.RateLimited),
        (refusal(-32603, "internal error"), contract.Unavailable),
        (refusal(-32000, "header not found"), contract.Unavailable),
        (refusal(-32000, "nonce too low"), client.NodeSays),
        (refusal(3, "execution reverted", data="0x1234"), client.NodeSays),
        ({"error": {"message": "without a code"}}, contract.Unavailable),
        ({"error": "no object"}, contract.Unavailable),
    ],
)
def test_a_refusal_is_named(fields: dict[str, object], error: type[Exception]) -> None:
    with pytest.raises(error) as raised:
        read(fields)

    assert type(raised.value) is error


def test_an_unreadable_answer_to_sending_decides_nothing() -> None:
    with pytest.raises(contract.OutcomeUnknown):
        read({"error": "no object"}, client.SEND)


@pytest.mark.parametrize("text", ["", "1", "0x", "0x01", "0xg", "0x1 ", None, 1, "0x" + "f" * 65])
def test_a_quantity_has_one_writing(text: object) -> None:
    with pytest.raises(ValueError, match="quantity"):
        answers.quantity(text)


def test_a_node_that_cannot_simulate_estimates_a_single_call(
    configured: Chain, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = client.Node.ask

    def ask(node: client.Node, method: str, *params: object) -> object:
        if method == "eth_simulateV1":
            raise client.NodeSays(rpc_code=-32601, said="the method does not exist")
        return real(node, method, *params)

    monkeypatch.setattr(client.Node, "ask", ask)
    call = {"from": configured.accounts[0], "to": configured.accounts[1], "value": "0x1", "data": "0x"}
    refused = {**call, "to": configured.contracts["aave_v3.pool"], "data": "0xdeadbeef", "value": "0x0"}

    assert simulate.run(chain="ethereum", calls=[call]) == [21_000]
    with pytest.raises(contract.Unavailable, match="cannot simulate"):
        simulate.run(chain="ethereum", calls=[call, call])
    with pytest.raises(contract.Rejected):
        simulate.run(chain="ethereum", calls=[refused])


def test_more_coin_than_there_is_is_refused(configured: Chain) -> None:
    call = {"from": configured.accounts[0], "to": configured.accounts[1], "value": hex(10**30), "data": "0x"}

    with pytest.raises(contract.Rejected, match="insufficient_coin_balance"):
        simulate.run(chain="ethereum", calls=[call])
