"""Addresses as people and providers write them."""

from __future__ import annotations

from core.chains.families import families


def check(*, chain: str, address: str) -> str:
    """Return the address in its one true writing (with the checksum of EIP-55 on Ethereum).

    Raises: InvalidInput (``invalid_address``, ``unknown_chain``); Refused (``chain_unavailable``).
    """
    return families.of(chain).check_address(address)
