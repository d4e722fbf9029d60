"""The demo's scenes on the chain: a swap beside the quoter, a month of interest beside the contract, a lost block.

What is claimed here is asked from the node itself, past our own platform.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import requests

from core.chains import abi
from diboas.demo.client import TIMEOUT_S
from diboas.demo.stage import Body, Stage

MONTH_S = 30 * 24 * 3600
PATIENCE_S = 60
DOLLAR = 10**6
ETHER = 10**18
RAY = 10**27
USDC = {"asset": "USDC", "chain": "ethereum"}
ETH = {"asset": "ETH", "chain": "ethereum"}
QUOTE = "quoteExactInputSingle((address,address,uint256,uint24,uint160))"
WITHDRAWN = abi.topic("Withdraw(address,address,address,uint256)")
UPDATED = abi.topic("ReserveDataUpdated(address,uint256,uint256,uint256,uint256,uint256)")


class Node:
    """The development chain's node, asked directly."""

    def __init__(self, facts: Body) -> None:
        self.url = str(facts["rpc_url"])
        self.contracts: dict[str, str] = facts["contracts"]

    def ask(self, method: str, *params: Any) -> Any:
        """Return what a method answers. Raises: KeyError for an error."""
        body = {"jsonrpc": "2.0", "id": 1, "method": method, "params": list(params)}
        return requests.post(self.url, json=body, timeout=TIMEOUT_S).json()["result"]

    def call(self, to: str, signature: str, *values: Any, returns: str = "uint256") -> tuple[Any, ...]:
        """Return what a contract answers, by its name or address."""
        data = "0x" + abi.encode(signature, *values).hex()
        answer = self.ask("eth_call", {"to": self.contracts.get(to, to), "data": data}, "latest")
        return abi.decode(returns, bytes.fromhex(answer[2:]))

    def log(self, tx_hash: str, topic: str) -> bytes:
        """Return the data of a transaction's one log of a kind."""
        (found,) = [each for each in self.receipt(tx_hash)["logs"] if each["topics"][0] == topic]
        return bytes.fromhex(found["data"][2:])

    def receipt(self, tx_hash: str) -> Any:
        return self.ask("eth_getTransactionReceipt", tx_hash)


def on_chain(stage: Stage) -> None:
    """Play the scenes on the chain, or say in one line why there is none."""
    if stage.chain is None:
        stage.told.row("strategies and swaps", "", "", "", "", f"left out: {stage.no_chain}"[:60])
        return
    for scene in SCENES:
        scene(stage, Node(stage.chain))


def swap(stage: Stage, node: Node) -> None:
    """300 USDC become ether: as much as QuoterV2 says for what is left after fees, to the last unit."""
    quote = stage.eva.post("/quotes", {"domain": "defi", **_swap("300")})
    net = 300 * DOLLAR - _units(quote["fees"]["total"], DOLLAR)
    said = max(_quoted(node, net, fee) for fee in (500, 3000))
    done = stage.move("swap USDC to ETH (Uniswap V3)", {"quote_id": quote["id"]}, status="completed", domain="defi")
    stage.told.check("swap: received, beside the quoter", found=_units(done["target"], ETHER), wanted=said)


def a_month_of_interest(stage: Stage, node: Node) -> None:
    """500 USDC are supplied, 30 days pass on the chain, the yield is harvested, and then everything comes home."""
    body = {"kind": "start_strategy", "source": {**USDC, "amount": "500"}, "strategy": "aave_v3_usdc"}
    started = stage.move("supply 500 USDC (Aave V3)", body, status="completed", domain="defi")
    stage.told.check("strategy: state", found=started["state"], wanted="YIELD_STRATEGY_ACTIVE")
    position = _position(stage, started)
    held = node.call("AUSDC:ethereum", "scaledBalanceOf(address)", _address(stage, started))[0]
    stage.told.check("strategy: units, beside the contract", found=_units(position["units"], DOLLAR), wanted=held)
    node.ask("evm_increaseTime", MONTH_S)
    node.ask("evm_mine")
    harvested = _brought(stage, node, "  30 days later, the yield home", _leave("harvest", position))
    earned = Decimal(harvested["earned"]) / DOLLAR
    stage.told.row("  of it yield, before fees", "", f"{earned:.6f}", f"{_fees(harvested):.6f}")
    stage.told.check("strategy: some yield", found=earned > 1, wanted=True)
    left = _position(stage, started)
    stage.told.check("strategy: goes on", found=(left["status"], left["cost"]), wanted=("active", position["cost"]))
    stopped = _brought(stage, node, "  and all the rest", _leave("stop_strategy", position))
    index = abi.decode("uint256,uint256,uint256,uint256,uint256", node.log(stopped["tx_hash"], UPDATED))[3]
    worth = (_units(left["units"], DOLLAR) * index + RAY // 2) // RAY
    stage.told.check("strategy: the contract's own index", found=int(stopped["redeemed"]), wanted=worth)
    start = stage.eva.get(f"/transactions/{started['id']}")
    stage.told.check("strategy: its start", found=start["state"], wanted="COMPLETED")


def _brought(stage: Stage, node: Node, what: str, body: Body) -> Body:
    """Bring something home and compare it with the contract's own log; return what the story tells of it."""
    done = stage.move(what, body, status="completed", domain="defi")
    results: Body = stage.eva.get(f"/transactions/{done['id']}/explain")["defi"]["results"]
    told = abi.decode("uint256", node.log(results["tx_hash"], WITHDRAWN))[0]
    stage.told.check(f"{what}: beside the contract", found=int(results["redeemed"]), wanted=told)
    return results


def a_block_is_lost(stage: Stage, node: Node) -> None:
    """The block with a swap vanishes while it gathers confirmations: it is mined again, once, and then it counts."""
    made = stage.eva.post("/defi/transactions", _swap("50"))
    started = time.monotonic()
    _until_confirming(stage, made["id"])
    call = _call(stage, made["id"], "swap")
    head = int(node.ask("eth_blockNumber"), 16)
    node.ask("anvil_reorg", head - int(call["block"]) + 1, [])
    done = stage.eva.wait(made["id"], patience_s=PATIENCE_S)
    took = f"{(time.monotonic() - started) * 1000:.0f}"
    stage.told.row(
        "swap, its block lost meanwhile", done["status"], done["target"]["amount"], "", took, "mined again, once"
    )
    stage.told.check("lost block: status", found=done["status"], wanted="completed")
    again = _call(stage, made["id"], "swap")
    stage.told.check("lost block: it was lost", found=again["reorganised"] > 0, wanted=True)
    stage.told.check("lost block: the same nonce", found=again["nonce"], wanted=call["nonce"])
    status = node.receipt(again["hash"])["status"]
    stage.told.check("lost block: on the chain now", found=status, wanted="0x1")


SCENES: tuple[Callable[[Stage, Node], None], ...] = (swap, a_month_of_interest, a_block_is_lost)


def _swap(amount: str) -> Body:
    return {"kind": "swap", "source": {**USDC, "amount": amount}, "target": ETH}


def _leave(kind: str, position: Body) -> Body:
    return {"kind": kind, "position_id": position["id"]}


def _quoted(node: Node, units: int, fee: int) -> int:
    """Ask QuoterV2 itself."""
    asked = (node.contracts["USDC:ethereum"], node.contracts["WETH"], units, fee, 0)
    returned = node.call("uniswap_v3.quoter", QUOTE, asked, returns="uint256,uint160,uint32,uint256")
    return int(returned[0])


def _position(stage: Stage, started: Body) -> Body:
    found: list[Body] = stage.eva.get("/defi/positions")["data"]
    return next(one for one in found if one["opened_by"] == started["id"])


def _address(stage: Stage, done: Body) -> str:
    """Return the customer's own address: who signed the call."""
    return str(_call(stage, done["id"], "supply")["from"])


def _call(stage: Stage, transaction_id: str, label: str) -> Body:
    """Return one call of a transaction as its story tells it."""
    story = stage.eva.get(f"/transactions/{transaction_id}/explain")
    calls = [each for operation in story["chain"] for each in operation["transactions"] if each["label"] == label]
    return dict(calls[-1])


def _until_confirming(stage: Stage, transaction_id: str) -> None:
    until = time.monotonic() + PATIENCE_S
    while time.monotonic() < until:
        if stage.eva.get(f"/transactions/{transaction_id}")["state"] == "BLOCKCHAIN_CONFIRMATION":
            return
        time.sleep(0.02)
    raise TimeoutError(f"{transaction_id} never got into a block")


def _fees(results: Body) -> Decimal:
    names = ("performance_fee", "management_fee", "network_fee")
    return sum((Decimal(results[name]) for name in names), Decimal(0)) / DOLLAR


def _units(money: Body, one: int) -> int:
    return int(Decimal(money["amount"]) * one)
