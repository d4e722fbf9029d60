"""The development chain as a child of ours, done without where it cannot be."""

import contextlib
import json
import subprocess
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from diboas.runner import children, ports

MISSING = 3  # its exit status where the chain cannot be; the reason is the last line of its log
READY_S = 180.0  # the first start of a machine installs the packages and deploys the contracts
POLL_S = 0.05
COMMAND = (sys.executable, "-m", "sandbox.chain")
# What the pretend world gives our own wallets once; the books open with the same (diboas/demo_money.py).
TREASURY_USDC, GAS_ETHER = 1_000_000, 100


@dataclass(slots=True, kw_only=True)
class Chain:
    """One chain over one folder. `missing` says why there is none."""

    folder: Path
    addresses: Path
    log: Path
    block_time: str = "1"
    port: int = 0
    child: subprocess.Popen[bytes] | None = field(default=None)
    missing: str = ""

    def begin(self) -> None:
        """Start the child without waiting for it: the first time it has packages to fetch."""
        self.port = self.port or ports.free()  # the same one when started again: its clients know it
        self.addresses.unlink(missing_ok=True)
        places = ("--port", str(self.port), "--data", str(self.folder), "--addresses", str(self.addresses))
        self.child = children.start(command=[*COMMAND, "serve", *places, "--block-time", self.block_time], log=self.log)

    def is_up(self) -> bool:
        """Wait until the chain answers; note the reason where it will not."""
        deadline = time.monotonic() + READY_S
        while self.child is not None and not self.addresses.is_file():
            if self.child.poll() is not None or time.monotonic() > deadline:
                self.missing = self._reason()
                self.stop()
            time.sleep(POLL_S)
        return self.child is not None

    def start(self) -> None:
        """Start the chain again as it was.

        Raises: RuntimeError when it does not come up.
        """
        self.begin()
        if not self.is_up():
            raise RuntimeError(self.missing)

    def stop(self) -> None:
        """End the chain; it writes down what happened on it first."""
        if self.child is not None:
            children.stop(child=self.child, patience_s=20)
            self.child = None

    def fund(self, *, treasury: str, gas: str) -> None:
        """Give our own wallets their first money; the chain knows whether it did so before.

        Raises: RuntimeError with what the command said.
        """
        amounts = ("--usdc", str(TREASURY_USDC), "--gas-ether", str(GAS_ETHER))
        who = ("--addresses", str(self.addresses), "--treasury", treasury, "--gas", gas)
        done = subprocess.run([*COMMAND, "fund", *who, *amounts], capture_output=True, text=True, check=False)
        if done.returncode:
            raise RuntimeError(f"our wallets on the chain got no money: {done.stderr.strip()[-500:]}")

    def _reason(self) -> str:
        said = children.tail(log=self.log, lines=1)
        code = self.child.poll() if self.child is not None else None
        if code == MISSING:
            return said.removeprefix("chain: ")
        return f"not ready after {READY_S:.0f} s" if code is None else f"it ended with {code}: {said}"


def facts(addresses: Path) -> dict[str, Any] | None:
    """Return what users of the chain need (its address, its id, its contracts); None where the file names no chain."""
    with contextlib.suppress(OSError, KeyError):
        known = json.loads(addresses.read_text())["ethereum"]
        return {name: known[name] for name in ("rpc_url", "chain_id", "contracts")}
    return None
