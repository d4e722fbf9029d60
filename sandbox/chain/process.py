"""The node as a child that cannot outlive us."""

from __future__ import annotations

import ctypes
import os
import signal
import subprocess
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from sandbox.chain import rpc

CHAIN_ID = 31337
# Known to everybody: the accounts of this mnemonic hold play money on development chains and nothing anywhere else.
MNEMONIC = "test test test test test test test test test test test junk"
# `safe` lags by one epoch and `finalized` by two: with this, finality is as deep as the confirmations we ask for.
SLOTS_IN_AN_EPOCH = 6
# The states of so many blocks are kept, as deep as a reorg or a question about the past may reach. Without the limit
# anvil writes each to disk, where it takes a megabyte.
KEPT_STATES = 64
READY_S = 30.0
STOP_S = 10.0
_MINING: dict[str, list[str]] = {"auto": [], "manual": ["--no-mining"]}
_PR_SET_PDEATHSIG = 1


@dataclass(slots=True, kw_only=True)
class Node:
    """One anvil on the loopback address. ``block_time``: seconds, "auto" (one per transaction) or "manual"."""

    program: Path
    port: int
    folder: Path
    block_time: str = "auto"
    state: Path | None = None
    child: subprocess.Popen[bytes] | None = field(default=None)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def start(self) -> rpc.Connection:
        """Start the node over its state and wait until it answers.

        Raises: RuntimeError with the end of its log when it does not.
        """
        self.folder.mkdir(parents=True, exist_ok=True)
        log = self.folder / "anvil.log"
        with log.open("wb") as output:
            self.child = subprocess.Popen(  # noqa: S603 - the program out of our own cache
                self._command(),
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                preexec_fn=_die_with_parent(os.getpid()),  # noqa: PLW1509 - one thread
            )
        node = rpc.Connection(self.url)
        deadline = time.monotonic() + READY_S
        while not self._answers(node):
            if self.child.poll() is not None or time.monotonic() > deadline:
                raise RuntimeError(f"anvil does not run: {log.read_text(errors='replace')[-1000:]}")
            time.sleep(0.02)
        _go_on_in_time(node)
        return node

    def stop(self) -> None:
        """End the node; what it holds is gone unless somebody kept it."""
        if self.child is not None and self.child.poll() is None:
            self.child.terminate()
            try:
                self.child.wait(timeout=STOP_S)
            except subprocess.TimeoutExpired:
                self.child.kill()
                self.child.wait()
        self.child = None

    def _command(self) -> list[str]:
        words: list[str] = [
            str(self.program),
            "--host",
            "127.0.0.1",
            "--port",
            str(self.port),
            "--chain-id",
            str(CHAIN_ID),
        ]
        words += ["--mnemonic", MNEMONIC, "--slots-in-an-epoch", str(SLOTS_IN_AN_EPOCH)]
        words += ["--prune-history", str(KEPT_STATES), "--no-request-size-limit", "--quiet"]
        words += _MINING.get(self.block_time, ["--block-time", self.block_time])
        if self.state is not None:
            words += ["--load-state", str(self.state)]
        return words

    def _answers(self, node: rpc.Connection) -> bool:
        """Ask the node; another one on our port must not be taken for ours, so our child has to be alive as well."""
        try:
            return node.number("eth_chainId") == CHAIN_ID and self.child is not None and self.child.poll() is None
        except OSError:
            return False


def _go_on_in_time(node: rpc.Connection) -> None:
    """Keep a chain that travelled ahead there: a node over a loaded state starts at the clock's time again.

    Contracts count on time never going back; Aave would refuse everything until the clock had caught up.
    """
    head = node.call("eth_getBlockByNumber", "latest", False)  # noqa: FBT003 - JSON-RPC has only positions
    ahead_s = int(head["timestamp"], 16) - int(time.time())
    if ahead_s > 0:
        node.call("evm_increaseTime", ahead_s)


def _die_with_parent(parent: int) -> Callable[[], None]:
    libc = ctypes.CDLL(None, use_errno=True)

    def prepare() -> None:
        if hasattr(libc, "prctl"):
            libc.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
            if os.getppid() != parent:
                os.kill(os.getpid(), signal.SIGKILL)

    return prepare
