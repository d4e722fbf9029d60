"""Runs the node over a data folder and keeps what happens on it.

The node holds its chain in memory. This process writes it to the folder after every block with transactions in it, and
when it is told to stop, so that books elsewhere and this chain still agree after a restart.
"""

from __future__ import annotations

import contextlib
import fcntl
import json
import logging
import shutil
import signal
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import FrameType
from typing import Any

from eth_utils.address import to_checksum_address

from sandbox.chain import build, pace, process, rpc

log = logging.getLogger("sandbox.chain")
LOOK_EVERY_S = 0.25
POLL_S = 0.5  # how often the platform may look: this node is its own
# What a killed node forgets is a reorganisation to everybody else: it has to be one that they survive.
KEEP_AT_LEAST_EVERY_S = 3.0
LEAP = 100
# A dump stops the node for a moment: with a long chain it is taken less often.
SHARE_OF_TIME = 0.2


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """What was asked for on the command line."""

    port: int
    data: Path
    addresses: Path
    block_time: str
    confirmations: int


@dataclass(slots=True, kw_only=True)
class Keeper:
    """Knows what of the chain is already on disk."""

    node: rpc.Connection
    path: Path
    pace: pace.Pace
    height: int = 0
    kept_at: float = field(default_factory=time.monotonic)
    took_s: float = 0.0

    def look(self) -> None:
        """Keep the state when a block with transactions has come, or when it was long ago."""
        height = self.node.number("eth_blockNumber")
        self.pace.look(height)
        age = time.monotonic() - self.kept_at
        if height == self.height or age * SHARE_OF_TIME < self.took_s:
            return
        is_busy = self._has_transactions(height)
        if is_busy:
            self.pace.busy(height)
        if is_busy or age > KEEP_AT_LEAST_EVERY_S:
            self.keep()
        else:
            self.height = height

    def keep(self) -> None:
        started = time.monotonic()
        self.height = self.node.number("eth_blockNumber")
        build.keep(node=self.node, path=self.path)
        self.kept_at = time.monotonic()
        self.took_s = self.kept_at - started

    def _has_transactions(self, height: int) -> bool:
        """Look at the new blocks; a chain that became shorter, or leapt ahead, is worth keeping as well."""
        if not 0 <= height - self.height <= LEAP:
            return True
        count = "eth_getBlockTransactionCountByNumber"
        return any(self.node.number(count, hex(each)) for each in range(self.height + 1, height + 1))


def run(wish: Wish) -> int:
    """Run the node until a signal comes or the node ends; return the exit status.

    Raises: packages.Missing when it cannot be installed here; RuntimeError when the node does not come up.
    """
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, _leave)
    try:
        with _alone(wish.data):
            return _run(wish, build.ensure())
    except KeyboardInterrupt:
        return 0


def _run(wish: Wish, built: build.Built) -> int:
    state, known = _settle(built, wish.data)
    running = process.Node(
        program=built.program, port=wish.port, folder=wish.data, block_time=wish.block_time, state=state
    )
    try:
        node = running.start()
        write(path=wish.addresses, facts=facts(url=running.url, known=known, confirmations=wish.confirmations))
        height = node.number("eth_blockNumber")
        rhythm = pace.Pace(node=node, block_time_s=pace.whole_seconds(wish.block_time), busy_at=height)
        keeper = Keeper(node=node, path=state, pace=rhythm, height=height)
        log.info("chain %s at %s, block %s", process.CHAIN_ID, running.url, height)
        return _watch(running, keeper)
    finally:
        running.stop()


def facts(*, url: str, known: Mapping[str, str], confirmations: int) -> dict[str, Any]:
    """Return what a platform has to know about this chain."""
    contracts = {name: to_checksum_address(address) for name, address in known.items()}
    chain = {
        "rpc_url": url,
        "chain_id": process.CHAIN_ID,
        "confirmations": confirmations,
        "explorer": "",
        "poll_s": POLL_S,
    }
    return {"ethereum": chain | {"contracts": contracts}}


def write(*, path: Path, facts: Mapping[str, Any]) -> None:
    """Write the facts to a file, at once or not at all."""
    path.parent.mkdir(parents=True, exist_ok=True)
    fresh = path.with_name(path.name + ".new")
    fresh.write_text(json.dumps(facts, indent=1) + "\n")
    fresh.replace(path)


@contextlib.contextmanager
def _alone(data: Path) -> Iterator[None]:
    """Hold the data folder: one who was told to stop may still be writing down what happened."""
    data.mkdir(parents=True, exist_ok=True)
    with (data / "serve.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _watch(running: process.Node, keeper: Keeper) -> int:
    try:
        while running.child is not None and running.child.poll() is None:
            _look(keeper)
            time.sleep(LOOK_EVERY_S)
    except KeyboardInterrupt:
        keeper.node.close()  # the signal may have come between a question and its answer
        keeper.keep()
        return 0
    return 1


def _look(keeper: Keeper) -> None:
    try:
        keeper.look()
    except OSError as problem:
        log.warning("not kept: %s", problem)


def _settle(built: build.Built, data: Path) -> tuple[Path, dict[str, str]]:
    """Put the first state into a data folder that has none; a later version's contracts are not for an older state."""
    state, contracts = data / build.STATE, data / build.ADDRESSES
    if not (state.is_file() and contracts.is_file()):
        shutil.copy(built.state, state)
        contracts.write_text(json.dumps(dict(built.contracts), indent=1) + "\n")
    return state, json.loads(contracts.read_text())


def _leave(_number: int, _frame: FrameType | None) -> None:
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, signal.SIG_IGN)  # writing it all down must not be interrupted
    raise KeyboardInterrupt
