"""How an installation gets its chain: begun early, since the first time it is installed; joined when it is needed."""

import json
import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from diboas.runner import keys
from diboas.runner.chain import server

FILE = "CHAINS_FILE"


@dataclass(frozen=True, slots=True, kw_only=True)
class Joined:
    """Where the chain is, or why there is none."""

    facts: dict[str, Any] | None
    reason: str = ""


def begin(*, var: Path, log: Path, block_time: str) -> server.Chain | None:
    """Start a chain of our own without waiting for it, unless CHAINS_FILE names another."""
    if os.environ.get(FILE):
        return None
    chain = server.Chain(
        folder=var / "chain",
        addresses=var / "chain.json",
        log=log,
        block_time=os.environ.get("CHAIN_BLOCK_TIME") or block_time,
    )
    chain.begin()
    return chain


def join(*, begun: server.Chain | None, addresses: Path, demo: Path, say: Callable[[str], None]) -> Joined:
    """Wait for the chain, give our wallets on it their first money, and note in the demo file where it is.

    Raises: RuntimeError when a chain is there and does not take the money.
    """
    joined = _joined(begun, addresses, demo)
    facts: dict[str, Any] = json.loads(demo.read_text())
    facts |= {"chain": joined.facts, "no_chain": joined.reason}
    keys.write_private(path=demo, text=json.dumps(facts, indent=1) + "\n")
    say(f"chain at {joined.facts['rpc_url']}" if joined.facts else f"no chain: {joined.reason}; the rest runs")
    return joined


def _joined(begun: server.Chain | None, addresses: Path, demo: Path) -> Joined:
    if begun is None:
        found = server.facts(addresses)
        return Joined(facts=found, reason="" if found else f"{addresses} names none")
    if not begun.is_up():
        return Joined(facts=None, reason=begun.missing)
    wallets = json.loads(demo.read_text())["wallets"]
    begun.fund(treasury=wallets["treasury"], gas=wallets["gas"])
    return Joined(facts=server.facts(addresses))
