"""What a family of chains must tell."""

from __future__ import annotations

from typing import Protocol


class Family(Protocol):
    """Addresses and keys of one family."""

    def check_address(self, text: str) -> str:
        """Return the address in its one true writing.

        Raises: InvalidInput (``invalid_address``).
        """

    def path(self, index: int) -> str:
        """Return where the key of the wallet with this number lies under the seed (BIP-32)."""

    def address_of(self, private_key: bytes) -> str:
        """Return the address that a key signs for."""
