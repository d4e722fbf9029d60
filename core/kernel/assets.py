"""Asset instances: an asset on the chain where it lies, with its decimals, as data.

USDC on Ethereum and USDC on Solana are two instances; fiat has no chain. Journal entries balance per
instance, never per ticker.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from core.kernel import chains, errors


@dataclass(frozen=True, slots=True, kw_only=True)
class Asset:
    """One asset instance. ``code`` is ``USD`` for fiat and ``USDC:solana`` for a coin.

    ``contract`` is the token contract, mint or coin type on its chain; empty for fiat and native coins.
    """

    code: str
    symbol: str
    chain: str | None
    decimals: int
    home_domain: str
    contract: str = ""

    @property
    def is_fiat(self) -> bool:
        return self.chain is None


def _fiat(symbol: str) -> Asset:
    return Asset(code=symbol, symbol=symbol, chain=None, decimals=2, home_domain="banking")


def _coin(symbol: str, chain: str, decimals: int, *, contract: str = "", home: str = "banking") -> Asset:
    return Asset(
        code=f"{symbol}:{chain}", symbol=symbol, chain=chain, decimals=decimals, home_domain=home, contract=contract
    )


_SUI_USDC = "0xdba34672e30cb065b1f93e3ab55318768fd6fef66c15942c9f7cb846e2f900e7::usdc::USDC"
_SUI_USDT = "0x375f70cf2ae4c00bf37117d0c85a2c71545e6ee05c4a5c7d282cd66a4504b068::usdt::USDT"
_ALL = (
    _fiat("USD"),
    _fiat("EUR"),
    _fiat("GBP"),
    _coin("BTC", "bitcoin", 8, home="investing"),
    _coin("ETH", "ethereum", 18, home="investing"),
    _coin("USDC", "ethereum", 6, contract="0xA0b86991c6218b36c1d19D4a2e9Eb0cE3606eB48"),
    _coin("USDT", "ethereum", 6, contract="0xdAC17F958D2ee523a2206206994597C13D831ec7"),
    _coin("AUSDC", "ethereum", 6, contract="0x98C23E9d8f34FEFb1B7BD6a91B7FF122F4e16F5c", home="defi"),
    _coin("SOL", "solana", 9, home="investing"),
    _coin("USDC", "solana", 6, contract="EPjFWdd5AufqSSqeM2qN1xzybapC8G4wEGGkZwyTDt1v"),
    _coin("USDT", "solana", 6, contract="Es9vMFrzaCERmJfrF4H2FYD4KCoNkY11McCe8BenwNYB"),
    _coin("SUI", "sui", 9, home="investing"),
    _coin("USDC", "sui", 6, contract=_SUI_USDC),
    _coin("USDT", "sui", 6, contract=_SUI_USDT),
)
ASSETS: Mapping[str, Asset] = MappingProxyType({asset.code: asset for asset in _ALL})
SYMBOLS: frozenset[str] = frozenset(asset.symbol for asset in _ALL)


def get(code: str) -> Asset:
    """Return the instance with this code, such as ``USD`` or ``USDC:solana``.

    Raises: InvalidInput (``unknown_asset``).
    """
    try:
        return ASSETS[code]
    except KeyError:
        raise errors.InvalidInput(code="unknown_asset", detail=f"There is no asset {code!r}.") from None


def resolve(*, symbol: str, chain: str | None) -> Asset:
    """Return the instance of ``symbol`` on ``chain`` (None for fiat).

    Raises: InvalidInput with code ``unknown_asset``, ``chain_required``, ``unknown_chain`` or ``wrong_chain``.
    """
    if symbol not in SYMBOLS:
        raise errors.InvalidInput(code="unknown_asset", detail=f"There is no asset {symbol!r}.", pointer="/asset")
    if chain is None:
        if symbol in ASSETS:
            return ASSETS[symbol]
        raise errors.InvalidInput(
            code="chain_required", detail=f"{symbol} lies on a chain: name which one.", pointer="/chain"
        )
    if chain not in chains.CHAINS:
        raise errors.InvalidInput(code="unknown_chain", detail=f"There is no chain {chain!r}.", pointer="/chain")
    try:
        return ASSETS[f"{symbol}:{chain}"]
    except KeyError:
        raise errors.InvalidInput(
            code="wrong_chain", detail=f"{symbol} does not exist on {chain}.", pointer="/chain"
        ) from None
