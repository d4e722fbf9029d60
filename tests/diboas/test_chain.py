"""How an installation gets its chain, and how it does without."""

import json
import signal
from pathlib import Path

import pytest

from diboas.runner import children
from diboas.runner.chain import joining, server
from sandbox.chain import build, contracts, rpc

TREASURY = "0x00000000000000000000000000000000000000AA"
GAS = "0x00000000000000000000000000000000000000BB"
NO_NODE = "no Node.js (node and npm not on PATH); version 20 or later runs the chain"


@pytest.fixture
def demo(tmp_path: Path) -> Path:
    """Give a demo file as `manage.py prepare` leaves it."""
    path = tmp_path / "demo.json"
    path.write_text(json.dumps({"customers": [], "wallets": {"treasury": TREASURY, "gas": GAS}}))
    return path


@pytest.fixture(autouse=True)
def no_chain_of_the_developer(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(joining.FILE, raising=False)


def test_a_machine_without_node_is_told_so_and_the_rest_runs(
    tmp_path: Path, demo: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DIBOAS_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("PATH", str(tmp_path))
    said: list[str] = []

    begun = joining.begin(var=tmp_path, log=tmp_path / "chain.log", block_time="1")
    joined = joining.join(begun=begun, addresses=tmp_path / "chain.json", demo=demo, say=said.append)

    assert joined == joining.Joined(facts=None, reason=NO_NODE)
    assert said == [f"no chain: {NO_NODE}; the rest runs"]
    facts = json.loads(demo.read_text())
    assert (facts["chain"], facts["no_chain"]) == (None, NO_NODE)
    assert begun is not None
    assert begun.child is None


def test_somebody_elses_chain_is_used_and_none_is_started(
    tmp_path: Path, demo: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    known = {"rpc_url": "http://chain.example", "chain_id": 1, "contracts": {"WETH": TREASURY}}
    (tmp_path / "theirs.json").write_text(json.dumps({"ethereum": known | {"confirmations": 12}}))
    monkeypatch.setenv(joining.FILE, str(tmp_path / "theirs.json"))

    begun = joining.begin(var=tmp_path, log=tmp_path / "chain.log", block_time="1")
    joined = joining.join(begun=begun, addresses=tmp_path / "theirs.json", demo=demo, say=lambda _said: None)

    assert begun is None
    assert joined.facts == known
    assert json.loads(demo.read_text())["chain"] == known


def test_a_chain_is_funded_once_noted_and_started_again_where_it_was(
    chain_build: build.Built, tmp_path: Path, demo: Path
) -> None:
    addresses = tmp_path / "chain.json"
    begun = joining.begin(var=tmp_path, log=tmp_path / "chain.log", block_time="auto")
    assert begun is not None
    try:
        joined = joining.join(begun=begun, addresses=addresses, demo=demo, say=lambda _said: None)
        assert joined.facts is not None
        assert joined.facts == json.loads(demo.read_text())["chain"]
        assert treasury(joined.facts["rpc_url"], chain_build) == server.TREASURY_USDC * 10**6

        assert begun.child is not None
        begun.child.send_signal(signal.SIGTERM)  # it dies, and the supervisor starts it again
        begun.child.wait(20)
        children.kill_group(child=begun.child)
        begun.start()
        joining.join(begun=begun, addresses=addresses, demo=demo, say=lambda _said: None)

        assert server.facts(addresses) == joined.facts
        assert treasury(joined.facts["rpc_url"], chain_build) == server.TREASURY_USDC * 10**6
    finally:
        begun.stop()

    with pytest.raises(ConnectionError):
        rpc.Connection(joined.facts["rpc_url"]).call("eth_blockNumber")


def treasury(url: str, built: build.Built) -> int:
    token = built.contracts["USDC:ethereum"]
    found: int = contracts.ask(rpc.Connection(url), token, "balanceOf(address)", TREASURY)
    return found
