"""The ABI of Ethereum's contracts, by plain signatures such as ``transfer(address,uint256)``.

Source: https://docs.soliditylang.org/en/latest/abi-spec.html; the encoding itself is eth-abi's.
"""

from __future__ import annotations

from typing import Any

from eth_abi import abi as codec
from eth_abi.exceptions import DecodingError
from eth_utils.crypto import keccak

from core.kernel import errors

MAX_UINT256 = 2**256 - 1


class Undecodable(errors.SystemFault):
    """What a contract returned is not what its signature says. A wrong contract, or a wrong signature of ours."""

    default_code = "undecodable"


def selector(signature: str) -> bytes:
    """Return the four bytes that name a function or a custom error."""
    return bytes(keccak(text=signature)[:4])


def encode(signature: str, *values: Any) -> bytes:
    """Return the call of a function with these values."""
    return selector(signature) + codec.encode(types_of(signature), values)


def decode(types: str, data: bytes) -> tuple[Any, ...]:
    """Return the values that bytes hold, by a list of types such as ``uint256,address``.

    Raises: Undecodable.
    """
    try:
        return tuple(codec.decode(_split(types), data))
    except (DecodingError, OverflowError) as fault:
        raise Undecodable(detail=f"{len(data)} bytes are not ({types}).") from fault


def topic(signature: str) -> str:
    """Return the first topic of an event."""
    return "0x" + keccak(text=signature).hex()


def topic_of(address: str) -> str:
    """Return an address as it stands in an indexed topic."""
    return "0x" + "0" * 24 + address[2:].lower()


def types_of(signature: str) -> list[str]:
    """Return the types of a function's arguments."""
    return _split(signature[signature.index("(") + 1 : -1])


def _split(types: str) -> list[str]:
    """Cut at the commas that are not inside a tuple."""
    found, depth = [""], 0
    for sign in types.replace(" ", ""):
        depth += (sign == "(") - (sign == ")")
        if sign == "," and not depth:
            found.append("")
        else:
            found[-1] += sign
    return [each for each in found if each]
