"""The chains of the product, as data."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType

from core.kernel import errors


class Family(StrEnum):
    """How addresses and transactions of a chain are made."""

    BITCOIN = "bitcoin"
    EVM = "evm"
    SOLANA = "solana"
    SUI = "sui"


@dataclass(frozen=True, slots=True, kw_only=True)
class Chain:
    """One chain. ``finality`` is the default rule after which inbound money is spendable."""

    code: str
    name: str
    family: Family
    native: str
    finality: str


_ALL = (
    Chain(code="bitcoin", name="Bitcoin", family=Family.BITCOIN, native="BTC", finality="6 blocks"),
    Chain(code="ethereum", name="Ethereum", family=Family.EVM, native="ETH", finality="finalized"),
    Chain(code="solana", name="Solana", family=Family.SOLANA, native="SOL", finality="finalized"),
    Chain(code="sui", name="Sui", family=Family.SUI, native="SUI", finality="checkpoint"),
)
CHAINS: Mapping[str, Chain] = MappingProxyType({chain.code: chain for chain in _ALL})


def get(code: str) -> Chain:
    """Return the chain with this code.

    Raises: InvalidInput (``unknown_chain``) when the product has no such chain.
    """
    try:
        return CHAINS[code]
    except KeyError:
        raise errors.InvalidInput(code="unknown_chain", detail=f"There is no chain {code!r}.") from None
