"""The tokens: USDC as Aave's own mintable token, USDT with the habits of the real one, WETH9."""

from __future__ import annotations

from dataclasses import dataclass

from sandbox.chain import contracts
from sandbox.chain.deploy.stage import Stage

AAVE = "@aave/core-v3"


@dataclass(frozen=True, slots=True, kw_only=True)
class Tokens:
    """Addresses of the three tokens."""

    usdc: str
    usdt: str
    weth: str


def create(stage: Stage) -> Tokens:
    """Deploy the tokens."""
    usdc = stage.create(AAVE, "mocks/tokens/MintableERC20.sol", "(string,string,uint8)", "USD Coin", "USDC", 6)
    usdt = stage.deployer.create(stage.artifacts.compile("Tether"))
    weth = stage.create(AAVE, "dependencies/weth/WETH9.sol")
    return Tokens(usdc=usdc, usdt=usdt, weth=weth)


def mint(*, by: contracts.Account, token: str, to: str, units: int) -> None:
    """Make tokens out of nothing; only development's tokens let anybody do this."""
    by.send(token, "mint(address,uint256)", to, units)


def wrap(*, by: contracts.Account, weth: str, units: int) -> None:
    """Turn an account's ether into WETH, so that every WETH can be unwrapped again."""
    held = by.node.number("eth_getBalance", by.address, "latest")
    by.node.call("anvil_setBalance", by.address, hex(held + units))
    by.send(weth, "deposit()", value=units)


def allow(*, by: contracts.Account, token: str, spender: str, units: int) -> None:
    by.send(token, "approve(address,uint256)", spender, units)
