"""The family of Ethereum: one path of BIP-44 for all its chains, addresses with the checksum of EIP-55.

Source: https://eips.ethereum.org/EIPS/eip-55, https://github.com/satoshilabs/slips/blob/master/slip-0044.md (coin 60).
"""

from __future__ import annotations

import re

from eth_keys import datatypes as keys
from eth_utils.address import to_checksum_address

from core.kernel import errors

_ADDRESS = re.compile(r"0x[0-9a-fA-F]{40}", re.ASCII)
_NOBODY = "0x" + "0" * 40


class Evm:
    """Addresses and keys of Ethereum and the chains made like it."""

    def check_address(self, text: str) -> str:
        """Return the address with its checksum. One case throughout carries none and is taken as it is.

        Raises: InvalidInput (``invalid_address``): not an address, a wrong checksum, or nobody's.
        """
        if not _ADDRESS.fullmatch(text) or text == _NOBODY:
            raise _invalid("An address is 0x and 40 hexadecimal digits.")
        checked = str(to_checksum_address(text))
        digits = text[2:]
        if text != checked and digits not in {digits.lower(), digits.upper()}:
            raise _invalid("The address has a typing error: its checksum does not fit.")
        return checked

    def path(self, index: int) -> str:
        """Return the path of the wallet with this number."""
        return f"m/44'/60'/0'/0/{index}"

    def address_of(self, private_key: bytes) -> str:
        """Return the address that a key signs for."""
        return str(keys.PrivateKey(private_key).public_key.to_checksum_address())


def _invalid(detail: str) -> errors.InvalidInput:
    return errors.InvalidInput(code="invalid_address", detail=detail, pointer="/address")
