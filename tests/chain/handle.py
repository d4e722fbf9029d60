"""What a test does to its chain: look, pay, mine, travel, rewrite history."""

from __future__ import annotations

import contextlib
import os
import signal
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sandbox.chain import contracts, rpc

Json = dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Chain:
    """A node with Uniswap V3 and Aave V3 on it. Every transaction makes a block of its own unless `mining` is held.

    `facts` is what settings.CHAINS holds; tokens and contracts are named as there ("USDC:ethereum", "aave_v3.pool").
    """

    node: rpc.Connection
    facts: Mapping[str, Any]
    pid: int

    @property
    def url(self) -> str:
        return self.node.url

    @property
    def contracts(self) -> Mapping[str, str]:
        names: Mapping[str, str] = self.facts["ethereum"]["contracts"]
        return names

    @property
    def accounts(self) -> Sequence[str]:
        """Return the node's unlocked accounts that belong to nobody; the first four are the house's."""
        found: list[str] = self.node.call("eth_accounts")
        return found[4:]

    @property
    def height(self) -> int:
        return self.node.number("eth_blockNumber")

    @property
    def now(self) -> int:
        """Return the time of the last block, in seconds since 1970."""
        return int(self.block("latest")["timestamp"], 16)

    def block(self, which: str | int) -> Json:
        name = hex(which) if isinstance(which, int) else which
        found: Json = self.node.call("eth_getBlockByNumber", name, False)
        return found

    def receipt(self, transaction: str) -> Json | None:
        found: Json | None = self.node.call("eth_getTransactionReceipt", transaction)
        return found

    # Looking and calling

    def address(self, name: str) -> str:
        """Return a contract's address by its name; an address is returned as it is."""
        return name if name.startswith("0x") else self.contracts[name]

    def ask(self, to: str, signature: str, *values: Any, returns: Sequence[str] = ("uint256",)) -> Any:
        """Call a function without a transaction; return its value, or a tuple where there are several."""
        return contracts.ask(self.node, self.address(to), signature, *values, returns=returns)

    def send(self, by: str, to: str, signature: str, *values: Any, value: int = 0) -> Json:
        """Call a function in a transaction of an unlocked account; return the receipt. Raises: contracts.Failed."""
        return contracts.Account(self.node, by).send(self.address(to), signature, *values, value=value)

    def balance_of(self, token: str, who: str) -> int:
        found: int = self.ask(token, "balanceOf(address)", who)
        return found

    def ether_of(self, who: str) -> int:
        return self.node.number("eth_getBalance", who, "latest")

    # Paying

    def mint(self, token: str, who: str, units: int) -> None:
        """Make USDC or USDT; WETH is got by wrapping."""
        self.send(self.accounts[0], token, "mint(address,uint256)", who, units)

    def give_ether(self, who: str, wei: int) -> None:
        """Set an address's ether, without a transaction."""
        self.node.call("anvil_setBalance", who, hex(wei))

    # Time and history

    def mine(self, blocks: int = 1) -> None:
        self.node.call("anvil_mine", hex(blocks))

    def travel(self, seconds: int) -> None:
        """Mine a block that many seconds after the last one."""
        self.node.call("evm_setNextBlockTimestamp", self.now + seconds)
        self.mine()

    def reorg(self, depth: int) -> None:
        """Replace the last blocks by empty ones: what was in them never happened, and waits nowhere."""
        self.node.call("anvil_reorg", depth, [])

    def set_base_fee(self, wei: int) -> None:
        """Set what the next block asks for a unit of gas."""
        self.node.call("anvil_setNextBlockBaseFeePerGas", hex(wei))

    @contextlib.contextmanager
    def held(self) -> Iterator[None]:
        """Let transactions wait in the mempool until `mine` is called."""
        self.node.call("evm_setAutomine", False)
        try:
            yield
        finally:
            self.node.call("evm_setAutomine", True)

    @contextlib.contextmanager
    def silenced(self) -> Iterator[None]:
        """Freeze the node: it accepts connections and answers nobody."""
        os.kill(self.pid, signal.SIGSTOP)
        while not _is_frozen(self.pid):
            time.sleep(0.01)
        try:
            yield
        finally:
            os.kill(self.pid, signal.SIGCONT)


def _is_frozen(pid: int) -> bool:
    """Say whether every thread has stopped: the signal reaches a busy one a moment later."""
    threads = [(each / "stat").read_text() for each in Path(f"/proc/{pid}/task").iterdir()]
    return all(thread.rpartition(")")[2].split()[0] == "T" for thread in threads)
