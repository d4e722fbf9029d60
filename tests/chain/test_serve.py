"""`python -m sandbox.chain serve`: what happened on the chain outlives the process that ran it."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil
import pytest

from sandbox.chain import build, contracts, rpc
from tests.platform import eventually

TREASURY = "0x00000000000000000000000000000000000000AA"
GAS = "0x00000000000000000000000000000000000000BB"
ROOT = Path(__file__).resolve().parents[2]


@dataclass(frozen=True, slots=True, kw_only=True)
class Serving:
    """One `serve` process and the node under it."""

    process: subprocess.Popen[bytes]
    addresses: Path
    chain: dict[str, Any]
    node: rpc.Connection

    def balance(self, who: str) -> int:
        found: int = contracts.ask(self.node, self.chain["contracts"]["USDC:ethereum"], "balanceOf(address)", who)
        return found

    def anvil(self) -> psutil.Process:
        (child,) = psutil.Process(self.process.pid).children()
        return child


@contextmanager
def serving(folder: Path, *words: str) -> Iterator[Serving]:
    addresses = folder / "chain.json"
    addresses.unlink(missing_ok=True)
    places = ("--port", str(build.free_port()), "--data", str(folder / "data"), "--addresses", str(addresses))
    process = subprocess.Popen(
        [sys.executable, "-m", "sandbox.chain", "serve", *places, *(words or ("--block-time", "auto"))], cwd=ROOT
    )
    try:
        eventually(addresses.is_file, timeout_s=60, pause_s=0.05)
        chain = json.loads(addresses.read_text())["ethereum"]
        yield Serving(process=process, addresses=addresses, chain=chain, node=rpc.Connection(chain["rpc_url"]))
    finally:
        process.terminate()
        process.wait(timeout=30)


def command(*words: str, env: dict[str, str] | None = None) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "sandbox.chain", *words],
        cwd=ROOT,
        env=os.environ | (env or {}),
        capture_output=True,
        text=True,
        check=False,
    )


def fund(one: Serving) -> str:
    done = command("fund", "--addresses", str(one.addresses), "--treasury", TREASURY, "--gas", GAS)
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


@pytest.fixture
def folder(chain_build: build.Built, tmp_path: Path) -> Path:
    """Give an empty folder, once the chain's first state is there."""
    return tmp_path


def test_a_stopped_chain_goes_on_where_it_was(folder: Path) -> None:
    with serving(folder) as first:
        assert fund(first) == "funded"
        height, head = first.node.number("eth_blockNumber"), first.node.call("eth_getBlockByNumber", "latest", False)
        (mined,) = head["transactions"]
    assert first.process.returncode == 0

    with serving(folder) as second:
        assert second.node.number("eth_blockNumber") == height
        assert second.node.call("eth_getBlockByNumber", "latest", False)["hash"] == head["hash"]
        assert second.node.call("eth_getTransactionReceipt", mined)["blockHash"] == head["hash"]
        assert second.balance(TREASURY) == 1_000_000 * 10**6
        assert second.node.number("eth_getBalance", GAS, "latest") == 100 * 10**18
        assert second.chain["contracts"] == first.chain["contracts"]
        # What the chain remembers is not given twice, even when it was spent.
        assert fund(second) == "was funded before"
        assert second.balance(TREASURY) == 1_000_000 * 10**6


def test_a_killed_chain_forgets_a_few_seconds_at_most(folder: Path) -> None:
    with serving(folder, "--block-time", "0.25") as first:
        time.sleep(10)  # blocks without transactions: nothing else makes it keep them
        height = first.node.number("eth_blockNumber")
        first.process.kill()

    with serving(folder, "--block-time", "manual") as second:
        assert height - 20 <= second.node.number("eth_blockNumber") <= height + 1


def test_a_chain_that_travelled_in_time_stays_there(folder: Path) -> None:
    with serving(folder, "--block-time", "1") as first:
        first.node.call("evm_increaseTime", 30 * 86_400)
        first.node.call("evm_mine")

    with serving(folder, "--block-time", "1") as second:
        (before, _), (after, _) = time_of(second), newer(second)

        assert after >= before > time.time() + 29 * 86_400


def time_of(one: Serving) -> tuple[int, int]:
    head = one.node.call("eth_getBlockByNumber", "latest", False)
    return int(head["timestamp"], 16), int(head["number"], 16)


def newer(one: Serving) -> tuple[int, int]:
    """Return the head's time and number once two more blocks have come."""
    wanted = time_of(one)[1] + 2
    return eventually(lambda: found if (found := time_of(one))[1] >= wanted else None, timeout_s=10)


def test_a_killed_chain_takes_its_node_along_and_keeps_what_was_mined(folder: Path) -> None:
    with serving(folder) as first:
        fund(first)
        state, anvil = folder / "data" / "state.json", first.anvil()
        eventually(lambda: TREASURY[2:].lower() in state.read_text(), timeout_s=20)
        first.process.send_signal(signal.SIGKILL)
        first.process.wait(timeout=10)
        eventually(lambda: not psutil.pid_exists(anvil.pid), timeout_s=10)

    with serving(folder) as second:
        assert second.balance(TREASURY) == 1_000_000 * 10**6


def test_a_second_one_waits_until_the_first_has_written_everything_down(folder: Path) -> None:
    with serving(folder) as first:
        fund(first)
        first.anvil().suspend()  # its last dump will take as long as we like
        first.process.terminate()
        next_one = subprocess.Popen([sys.executable, "-m", "sandbox.chain", "serve", *places(folder)], cwd=ROOT)
        time.sleep(1)
        assert next_one.poll() is None
        assert not (folder / "next.json").exists()
        first.anvil().resume()
        eventually((folder / "next.json").is_file, timeout_s=20)
    next_one.terminate()

    assert next_one.wait(timeout=20) == 0


def places(folder: Path) -> tuple[str, ...]:
    port = str(build.free_port())
    return ("--port", port, "--data", str(folder / "data"), "--addresses", str(folder / "next.json"))


def test_an_idle_chain_slows_down_and_wakes_for_a_transaction(folder: Path) -> None:
    with serving(folder, "--block-time", "1") as one:
        one.node.call("anvil_mine", hex(70))
        height = eventually(lambda: slow(one), timeout_s=30)
        sent = one.node.call(
            "eth_sendTransaction", {"from": one.node.call("eth_accounts")[5], "to": GAS, "value": "0x1"}
        )

        eventually(lambda: one.node.call("eth_getTransactionReceipt", sent), timeout_s=5)

        assert one.node.number("eth_blockNumber") > height


def slow(one: Serving) -> int:
    """Return the height if no block came for three seconds."""
    before = one.node.number("eth_blockNumber")
    time.sleep(3)
    return before if one.node.number("eth_blockNumber") == before else 0


def test_without_node_it_says_so_in_one_line(tmp_path: Path) -> None:
    (tmp_path / "bin").mkdir()

    done = command("build", env={"DIBOAS_CACHE": str(tmp_path / "cache"), "PATH": str(tmp_path / "bin")})

    assert done.returncode == 3
    assert done.stderr == "chain: no Node.js (node and npm not on PATH); version 20 or later runs the chain\n"
    assert list((tmp_path / "cache").glob("*/")) == []
