"""Which chains this installation talks to, and where its contracts are. The only reader of ``settings.CHAINS``."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.conf import settings

from core.chains.families import families
from core.kernel import assets, chains, errors
from core.kernel.assets import Asset

GWEI = 10**9
# Valued in units that rebase as they are moved, or kept by another domain's books: never watched for arrivals.
_NOT_MOVED = "defi"


@dataclass(frozen=True, slots=True, kw_only=True)
class ChainConfig:
    """One chain as it is set up here.

    ``confirmations``: so many blocks, its own included, until our own transaction counts as done. ``fee_cap``: what we
    pay for one unit of gas at most, in the smallest unit. ``stuck_after_s``: when a waiting transaction gets a higher
    fee.
    """

    code: str
    rpc_url: str
    chain_id: int
    confirmations: int
    explorer: str
    contracts: Mapping[str, str]
    fee_cap: int
    stuck_after_s: float
    poll_s: float

    @property
    def native(self) -> Asset:
        """The asset in which gas is paid."""
        return assets.resolve(symbol=chains.get(self.code).native, chain=self.code)

    def contract(self, name: str) -> str:
        """Return the address of a contract, such as ``uniswap_v3.router``.

        Raises: Refused (``chain_unavailable``) when this installation knows none.
        """
        try:
            return families.of(self.code).check_address(self.contracts[name])
        except KeyError:
            raise unavailable(f"{name} has no address on {self.code} here.") from None

    def token(self, asset: Asset) -> str:
        """Return the contract of a token of this chain.

        Raises: Refused (``chain_unavailable``); InvalidInput (``wrong_chain``).
        """
        if asset.chain != self.code or asset.code == self.native.code:
            raise errors.InvalidInput(code="wrong_chain", detail=f"{asset.code} is no token on {self.code}.")
        return self.contract(asset.code)

    def watched(self) -> dict[str, Asset]:
        """Return the tokens whose transfers are money for us, by contract address in lower case."""
        return {
            self.contract(code).lower(): assets.ASSETS[code]
            for code in self.contracts
            if code in assets.ASSETS and assets.ASSETS[code].home_domain != _NOT_MOVED
        }


def configured() -> list[str]:
    """List the codes of the chains that are set up here."""
    return sorted(_settings())


def is_configured(chain: str) -> bool:
    """Say whether a chain is set up here."""
    return chain in _settings()


def get(chain: str) -> ChainConfig:
    """Return how a chain is set up.

    Raises: Refused (``chain_unavailable``) when it is not.
    """
    given = _settings().get(chain)
    if given is None:
        raise unavailable(f"{chain} is not set up in this installation.")
    return ChainConfig(
        code=chain,
        rpc_url=str(given["rpc_url"]),
        chain_id=int(given["chain_id"]),
        confirmations=int(given.get("confirmations", 12)),
        explorer=str(given.get("explorer", "")),
        contracts=dict(given.get("contracts", {})),
        fee_cap=int(given.get("fee_cap_gwei", 500)) * GWEI,
        stuck_after_s=float(given.get("stuck_after_s", 60)),
        poll_s=float(given.get("poll_s", 2)),
    )


def unavailable(detail: str) -> errors.Refused:
    """Return the error of whatever needs a chain, or a contract on it, that this installation lacks."""
    return errors.Refused(code="chain_unavailable", detail=detail)


def _settings() -> Mapping[str, Mapping[str, Any]]:
    found: Mapping[str, Mapping[str, Any]] = getattr(settings, "CHAINS", {})
    return found
