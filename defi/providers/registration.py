"""Makes the protocols known where their chain is set up: the door between configuration and stateless adapters."""

from __future__ import annotations

from core.chains import config
from core.providers import registry
from defi.kinds import legs
from defi.providers import aave_v3, uniswap_v3


def register() -> None:
    """Make the providers of DeFi known, if there is a chain for them. Called once, when the domain's app is ready."""
    if config.is_configured(legs.CHAIN):
        registry.register(aave_v3.AaveV3, code=aave_v3.CODE)
        registry.register(uniswap_v3.UniswapV3, code=uniswap_v3.CODE)
