"""What a signer returns."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Signed:
    """A signed transaction: its hash, known before anybody is offered it, and its bytes as hexadecimal text."""

    tx_hash: str
    raw: str
