"""Lets an idle chain make blocks more slowly: a block costs the node more the longer its chain is."""

from __future__ import annotations

from dataclasses import dataclass

from sandbox.chain import rpc

IDLE_AFTER_BLOCKS = 64  # whoever counts confirmations or waits for finality has long stopped
IDLE_BLOCK_TIME_S = 12  # what Ethereum itself takes


@dataclass(slots=True, kw_only=True)
class Pace:
    """Keeps the wished pace while there is something to do. ``block_time_s`` 0: somebody else decides when to mine."""

    node: rpc.Connection
    block_time_s: int
    busy_at: int = 0
    is_idle: bool = False

    def busy(self, height: int) -> None:
        """Take note of a block with transactions."""
        self.busy_at = height

    def look(self, height: int) -> None:
        """Slow down after many empty blocks; speed up as soon as a transaction waits."""
        if not 0 < self.block_time_s < IDLE_BLOCK_TIME_S:
            return
        if self.is_idle and self._something_waits():
            self.busy_at = height
            self._set(self.block_time_s, idle=False)
        elif not self.is_idle and height - self.busy_at > IDLE_AFTER_BLOCKS:
            self._set(IDLE_BLOCK_TIME_S, idle=True)

    def _something_waits(self) -> bool:
        waiting = self.node.call("txpool_status")
        return any(int(waiting[kind], 16) for kind in ("pending", "queued"))

    def _set(self, seconds: int, *, idle: bool) -> None:
        self.node.call("evm_setIntervalMining", seconds)
        self.is_idle = idle


def whole_seconds(block_time: str) -> int:
    """Return the block time for a pace that can be changed: the node changes it in whole seconds only."""
    return int(block_time) if block_time.isdigit() else 0
