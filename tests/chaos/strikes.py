"""Everything that goes wrong: processes, servers, providers, the chain. Each strike is drawn by weight and counted."""

from __future__ import annotations

import contextlib
import random
import threading
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field

from sandbox.chain import rpc
from tests.chaos.machine import Machine

# A base fee far above what a transaction that waits has offered; under the cap of the settings.
SPIKE_WEI = 200 * 10**9
BLOCK_S = 0.25
MONTH_S = 30 * 86_400
KILLED = {"worker": 5, "web": 3, "relay": 2, "beat": 1, "live": 1, "sandbox": 2, "watcher": 3}
FROZEN = {"worker": 2, "web": 1, "relay": 1, "sandbox": 1, "watcher": 1}
FAULTS: tuple[dict[str, object], ...] = (
    *(
        {"provider": provider, "operation": operation, **fault}
        for provider, operation in (("stripe", "charge"), ("increase", "payout"), ("kraken", "order"))
        for fault in (
            {"fault": "timeout_after", "delay_ms": 1500},
            {"fault": "timeout_before", "delay_ms": 1500},
            {"fault": "reset_after"},
            {"fault": "reset_before"},
            {"fault": "error", "status": 503, "when": "before"},
            {"fault": "error", "status": 500, "when": "after"},
            {"fault": "garbage", "when": "after"},
            {"fault": "rate_limit", "retry_after_s": 1},
            {"fault": "latency", "when": "after", "delay_ms": 1200},
            {"fault": "refuse"},
        )
    ),
    *(
        {"provider": provider, "operation": "webhook", "fault": f"webhook_{how}"}
        for provider in ("stripe", "increase")
        for how in ("duplicate", "drop", "delay", "reorder", "corrupt")
    ),
    {"provider": "increase", "operation": "payout", "fault": "return", "delay_ms": 1500},
    {"provider": "kraken", "operation": "order", "fault": "partial_fill", "percent": 40},
    {"provider": "kraken", "operation": "order", "fault": "partial_fill", "percent": 75},
    {"provider": "kraken", "operation": "order", "fault": "price_move", "bps": 300},
    {"provider": "kraken", "operation": "order", "fault": "price_move", "bps": -300},
    {"provider": "kraken", "operation": "order", "fault": "late_trades", "delay_ms": 2000},
    {"provider": "kraken", "operation": "status", "fault": "error", "status": 503},
    {"provider": "kraken", "operation": "cancel", "fault": "timeout_after", "delay_ms": 1500},
    {"provider": "*", "operation": "status", "fault": "timeout_before", "delay_ms": 1000},
)


@dataclass(slots=True)
class Strikes:
    """Strikes in a thread of its own, at moments of its own, until it is told to stop; then puts everything right."""

    machine: Machine
    rng: random.Random
    pause_s: tuple[float, float]
    only: str = ""  # of the strikes with this in their names
    done: Counter[str] = field(default_factory=Counter)
    log: list[str] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)
    _ending: threading.Event = field(default_factory=threading.Event)
    _over: threading.Event = field(default_factory=threading.Event)
    _thread: threading.Thread | None = None
    _mines: bool = False
    _held: bool = False

    def start(self) -> None:
        self._thread = threading.Thread(target=self._run)
        self._thread.start()
        threading.Thread(target=self._pulse, daemon=True).start()

    def stop(self) -> None:
        """Strike no more. The chain goes on making blocks, the providers behave."""
        self._ending.set()
        if self._thread is not None:
            self._thread.join()
        self._held = False

    def leave(self) -> None:
        """Make no more blocks: nobody looks any more."""
        self._over.set()

    def _run(self) -> None:
        started = time.monotonic()
        chosen = {name: each for name, each in self._choices().items() if self.only in name}
        deck: list[str] = []
        while not self._ending.wait(self.rng.uniform(*self.pause_s)):
            deck = deck or self._shuffled(chosen)
            name = deck.pop()
            try:
                hit = chosen[name][1]()
            except Exception as error:  # noqa: BLE001 - whatever it is, the run goes on and tells of it
                hit = False
                self.log.append(f"{time.monotonic() - started:6.1f} s {name}: {type(error).__name__} {error}")
            if hit:
                self.done[name] += 1
                self.log.append(f"{time.monotonic() - started:6.1f} s {name}")

    def _shuffled(self, chosen: dict[str, tuple[int, Callable[[], bool]]]) -> list[str]:
        """Return every strike as often as its weight says, in any order: all of them come before any comes again."""
        deck = [name for name, (weight, _) in chosen.items() for _ in range(weight)]
        self.rng.shuffle(deck)
        return deck

    def _choices(self) -> dict[str, tuple[int, Callable[[], bool]]]:
        """List what can be struck here: servers that are not ours are left alone."""
        found: dict[str, tuple[int, Callable[[], bool]]] = {
            f"kill {name}": (weight, lambda name=name: self.machine.kill(name))  # type: ignore[misc]
            for name, weight in KILLED.items()
            if self.machine.has(name)
        }
        found |= {
            f"freeze {name}": (weight, lambda name=name: self._freeze(name))  # type: ignore[misc]
            for name, weight in FROZEN.items()
            if self.machine.has(name)
        }
        found |= {"flush redis": (2, self._flush), "fault": (14, self._fault), "market moves": (2, self._move)}
        if self.machine.has("valkey"):
            found["kill redis"] = (1, lambda: self.machine.kill("valkey"))
        if self.machine.has("postgres"):
            found["kill postgres"] = (1, lambda: self.machine.kill("postgres"))
            found["restart postgres"] = (1, lambda: self.machine.interrupt("postgres"))
        if self.machine.has("chain"):
            found |= {
                "kill chain": (1, lambda: self.machine.kill("chain")),
                "freeze chain": (2, self._silence),
                "reorg": (5, self._reorg),
                "hold blocks": (3, self._hold),
                "gas spike": (3, self._spike),
                "month passes": (2, self._travel),
            }
        return found

    def _freeze(self, name: str) -> bool:
        return self.machine.freeze(name, for_s=self.rng.uniform(1, 5))

    def _flush(self) -> bool:
        self.machine.platform.flush_redis()
        return True

    def _fault(self) -> bool:
        script = dict(self.rng.choice(FAULTS)) | {"times": self.rng.randint(1, 3)}
        self.machine.platform.fault(**script)
        self.log.append(f"         {script}")
        return True

    def _move(self) -> bool:
        """Let the price of a pair jump by up to two percent."""
        pair = self.rng.choice(["XBTUSD", "ETHUSD", "SOLUSD"])
        told = self.machine.platform.control("GET", "kraken")["markets"][pair]["price"]
        price = f"{float(told) * self.rng.uniform(0.98, 1.02):.1f}"
        self.machine.platform.control("POST", "kraken/price", {"pair": pair, "price": price})
        return True

    def _silence(self) -> bool:
        chain = self.machine.chain()
        if chain is None:
            return False
        with chain.silenced():
            time.sleep(self.rng.uniform(1, 6))
        return True

    def _reorg(self) -> bool:
        chain = self.machine.chain()
        if chain is None:
            return False
        depth = self.rng.randint(1, 6)
        chain.reorg(depth)
        self.log.append(f"         depth {depth}")
        return True

    def _hold(self) -> bool:
        """Make no block for a while: what was sent waits. Afterwards the blocks come from here."""
        chain = self.machine.chain()
        if chain is None:
            return False
        self._held = self._mines = True
        chain.node.call("evm_setIntervalMining", 0)
        time.sleep(self.rng.uniform(2, 6))
        self._held = False
        return True

    def _spike(self) -> bool:
        """Make gas so dear for a while that what was offered before is not enough."""
        chain = self.machine.chain()
        if chain is None:
            return False
        until = time.monotonic() + self.rng.uniform(2, 5)
        while time.monotonic() < until:
            chain.set_base_fee(SPIKE_WEI)
            time.sleep(BLOCK_S / 2)
        return True

    def _travel(self) -> bool:
        """Let a month pass on the chain: interest grows, and what has a deadline there is too late."""
        chain = self.machine.chain()
        if chain is None:
            return False
        chain.travel(MONTH_S)
        return True

    def _pulse(self) -> None:
        """Make a block now and then, once the node was told not to: it can be told only whole seconds."""
        while not self._over.wait(BLOCK_S):
            if self._mines and not self._held:
                with contextlib.suppress(OSError, rpc.Refused, ValueError):
                    chain = self.machine.chain()
                    if chain is not None:
                        chain.mine()
