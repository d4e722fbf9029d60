"""Gives a platform's own wallets their first money, once: its treasury coins, its gas wallet ether."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sandbox.chain import contracts, rpc
from sandbox.chain.deploy import tokens

# Transfer(address,address,uint256): from nobody means minted.
TRANSFER = "0xddf252ad1be2c89b69c2b068fc378daa952ba7f163c4a11628f55a4df523b3ef"
NOBODY = "0x" + "00" * 32


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """Whom to fund, in smallest units."""

    addresses: Path
    treasury: str
    gas: str
    usdc: int
    usdt: int
    treasury_wei: int
    gas_wei: int


def run(wish: Wish) -> bool:
    """Fund the wallets unless the chain shows that it was done; return whether it was done now.

    The coins come last, and that they were minted is what the chain remembers: it, and not a note beside it, says
    whether the wallets were funded, so that both are lost together or not at all.
    """
    chain = json.loads(wish.addresses.read_text())["ethereum"]
    node, names = rpc.Connection(chain["rpc_url"]), chain["contracts"]
    mint = contracts.Account(node, node.call("eth_accounts")[0])
    if _was_minted(node, names["USDC:ethereum"], wish.treasury):
        return False
    for address, wei in ((wish.treasury, wish.treasury_wei), (wish.gas, wish.gas_wei)):
        if wei:
            node.call("anvil_setBalance", address, hex(wei))
    if wish.usdt:
        tokens.mint(by=mint, token=names["USDT:ethereum"], to=wish.treasury, units=wish.usdt)
    tokens.mint(by=mint, token=names["USDC:ethereum"], to=wish.treasury, units=wish.usdc)
    return True


def _was_minted(node: rpc.Connection, token: str, to: str) -> bool:
    topics = [TRANSFER, NOBODY, "0x" + to.removeprefix("0x").lower().rjust(64, "0")]
    found: list[Any] = node.call("eth_getLogs", {"address": token, "fromBlock": "0x0", "topics": topics})
    return bool(found)
