"""Calls contracts by their written signatures: ``mint(address,uint256)``."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from eth_abi.abi import decode as decode_values
from eth_abi.abi import encode as encode_abi
from eth_abi.grammar import TupleType, parse
from eth_utils.crypto import keccak

from sandbox.chain import rpc

GAS = 15_000_000  # half a block of the node: what is deployed here needs less, and it costs nothing
MINED_S = 20.0


class Failed(Exception):
    """A transaction was mined and did nothing."""


def encode(signature: str, *values: Any) -> str:
    """Return the call data for a function."""
    return "0x" + (keccak(text=signature)[:4] + encode_values(types_of(signature), values)).hex()


def encode_values(types: Sequence[str], values: Sequence[Any]) -> bytes:
    return bytes(encode_abi(list(types), list(values)))


def types_of(signature: str) -> list[str]:
    """Split the argument types of a signature, tuples kept whole."""
    if signature.endswith("()"):
        return []
    parsed = parse(signature[signature.index("(") :])
    if not isinstance(parsed, TupleType):
        raise ValueError(f"{signature!r} is no signature")
    return [part.to_type_str() for part in parsed.components]


@dataclass(frozen=True, slots=True)
class Account:
    """One of the node's own unlocked accounts, which signs by itself."""

    node: rpc.Connection
    address: str

    def create(self, code: str) -> str:
        """Deploy code (constructor values behind it) and return the contract's address."""
        return str(self._send({"data": code})["contractAddress"])

    def send(self, to: str, signature: str, *values: Any, value: int = 0) -> dict[str, Any]:
        """Call a function in a transaction and return its receipt. Raises: Failed with the reason."""
        return self._send({"to": to, "data": encode(signature, *values), "value": hex(value)})

    def _send(self, fields: dict[str, Any]) -> dict[str, Any]:
        sent = self.node.call("eth_sendTransaction", {"from": self.address, "gas": hex(GAS), **fields})
        receipt = self._receipt(sent)
        if int(receipt["status"], 16) != 1:
            raise Failed(self._why(fields, receipt))
        return receipt

    def _why(self, fields: dict[str, Any], receipt: dict[str, Any]) -> str:
        """Ask again, without a transaction, on the block that it failed in: a receipt keeps no reason."""
        try:
            self.node.call("eth_call", {"from": self.address, **fields}, receipt["blockNumber"])
        except rpc.Refused as refused:
            return str(refused)
        return f"{receipt['transactionHash']} failed and does no more"

    def _receipt(self, sent: str) -> dict[str, Any]:
        """Wait until a transaction is in a block: even a node that mines at once does so a moment after it answers."""
        deadline = time.monotonic() + MINED_S
        while time.monotonic() < deadline:
            receipt: dict[str, Any] | None = self.node.call("eth_getTransactionReceipt", sent)
            if receipt is not None:
                return receipt
            time.sleep(0.002)
        raise Failed(f"{sent} was not mined in {MINED_S:.0f} s")


def ask(node: rpc.Connection, to: str, signature: str, *values: Any, returns: Sequence[str] = ("uint256",)) -> Any:
    """Call a function without a transaction; return its value, or a tuple where there are several."""
    answer = node.call("eth_call", {"to": to, "data": encode(signature, *values)}, "latest")
    found = decode_values(list(returns), bytes.fromhex(answer.removeprefix("0x")))
    return found[0] if len(returns) == 1 else found
