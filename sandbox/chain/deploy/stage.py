"""What every step of the deployment works with."""

from __future__ import annotations

from dataclasses import dataclass

from sandbox.chain import artifacts, contracts, rpc

# What the markets are opened at: US dollars per ether.
ETHER_PRICE = 3_000
USDC, USDT, ETHER = 10**6, 10**6, 10**18
NOBODY = "0x" + "00" * 20
FOREVER = 2**256 - 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Stage:
    """The node, the compiled contracts, and the node's own accounts by what they do."""

    node: rpc.Connection
    artifacts: artifacts.Artifacts
    deployer: contracts.Account
    maker: contracts.Account  # provides liquidity to the pools
    lender: contracts.Account
    borrower: contracts.Account

    def create(
        self, package: str, path: str, signature: str = "()", *values: object, libraries: dict[str, str] | None = None
    ) -> str:
        """Deploy a contract of a package; the signature is its constructor's."""
        code = self.artifacts.code(package, path, libraries)
        return self.deployer.create(code + contracts.encode_values(contracts.types_of(signature), values).hex())


def open_on(*, node: rpc.Connection, found: artifacts.Artifacts) -> Stage:
    """Return the stage with the node's first four accounts in their roles."""
    deployer, maker, lender, borrower = (contracts.Account(node, each) for each in node.call("eth_accounts")[:4])
    return Stage(node=node, artifacts=found, deployer=deployer, maker=maker, lender=lender, borrower=borrower)
