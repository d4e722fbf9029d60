"""Uniswap V3 from its own packages: factory, position manager, router, quoter, and pools with liquidity."""

from __future__ import annotations

import math
from dataclasses import dataclass

from sandbox.chain import contracts
from sandbox.chain.deploy import tokens
from sandbox.chain.deploy.stage import ETHER, ETHER_PRICE, FOREVER, NOBODY, USDC, USDT, Stage
from sandbox.chain.deploy.tokens import Tokens

CORE = "@uniswap/v3-core"
PERIPHERY = "@uniswap/v3-periphery"
ROUTERS = "@uniswap/swap-router-contracts"
MINT = "mint((address,address,uint24,int24,int24,uint256,uint256,uint256,uint256,address,uint256))"
SPACING = {100: 1, 500: 10, 3000: 60}
HIGHEST_TICK = 887_272
STEP = 1.0001  # the price between one tick and the next


@dataclass(frozen=True, slots=True, kw_only=True)
class Side:
    """One token of a pool and how much of it is put in."""

    token: str
    units: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Market:
    """A pool: what two amounts are worth the same, the fee, and how far liquidity reaches to both sides (percent)."""

    one: Side
    other: Side
    fee: int
    reach: float | None  # None: any price


def create(stage: Stage, money: Tokens) -> dict[str, str]:
    """Deploy the contracts, open the pools, and return the addresses by name."""
    factory = stage.create(CORE, "UniswapV3Factory.sol")
    stage.deployer.send(factory, "enableFeeAmount(uint24,int24)", 100, SPACING[100])
    positions = stage.create(
        PERIPHERY,
        "NonfungiblePositionManager.sol",
        "(address,address,address)",
        *(factory, money.weth, _descriptor(stage, money)),
    )
    router = stage.create(
        ROUTERS, "SwapRouter02.sol", "(address,address,address,address)", NOBODY, factory, positions, money.weth
    )
    quoter = stage.create(ROUTERS, "lens/QuoterV2.sol", "(address,address)", factory, money.weth)
    _stock(stage, money, positions)
    for market in _markets(money):
        _open(stage, positions, market)
    return {
        "uniswap_v3.factory": factory,
        "uniswap_v3.position_manager": positions,
        "uniswap_v3.router": router,
        "uniswap_v3.quoter": quoter,
    }


def _descriptor(stage: Stage, money: Tokens) -> str:
    drawing = stage.create(PERIPHERY, "libraries/NFTDescriptor.sol")
    return stage.create(
        PERIPHERY,
        "NonfungibleTokenPositionDescriptor.sol",
        "(address,bytes32)",
        *(money.weth, b"ETH".ljust(32, b"\0")),
        libraries={"NFTDescriptor": drawing},
    )


def _markets(money: Tokens) -> tuple[Market, ...]:
    def dollars(units: int) -> Side:
        return Side(token=money.usdc, units=units * USDC)

    def ether(units: int) -> Side:
        return Side(token=money.weth, units=units * ETHER)

    return (
        Market(one=dollars(3_000_000), other=ether(3_000_000 // ETHER_PRICE), fee=500, reach=25.0),
        Market(one=dollars(3_000_000), other=ether(3_000_000 // ETHER_PRICE), fee=3000, reach=None),
        Market(one=dollars(5_000_000), other=Side(token=money.usdt, units=5_000_000 * USDT), fee=100, reach=0.5),
    )


def _stock(stage: Stage, money: Tokens, positions: str) -> None:
    """Give the market maker what it puts in, and let the position manager take it."""
    tokens.mint(by=stage.maker, token=money.usdc, to=stage.maker.address, units=20_000_000 * USDC)
    tokens.mint(by=stage.maker, token=money.usdt, to=stage.maker.address, units=10_000_000 * USDT)
    tokens.wrap(by=stage.maker, weth=money.weth, units=5_000 * ETHER)
    for token in (money.usdc, money.usdt, money.weth):
        tokens.allow(by=stage.maker, token=token, spender=positions, units=FOREVER)


def _open(stage: Stage, positions: str, market: Market) -> None:
    """Create a pool at the market's price and put the liquidity around it."""
    low, high = sorted((market.one, market.other), key=lambda side: int(side.token, 16))
    # The square root of the price with 96 binary places, exact: the pool counts the second token per first one.
    root = math.isqrt((high.units << 192) // low.units)
    stage.maker.send(
        positions,
        "createAndInitializePoolIfNecessary(address,address,uint24,uint160)",
        *(low.token, high.token, market.fee, root),
    )
    bottom, top = _ticks(price=high.units / low.units, market=market)
    latest = stage.node.call("eth_getBlockByNumber", "latest", False)  # noqa: FBT003 - JSON-RPC has only positions
    deadline = int(latest["timestamp"], 16) + 3600
    amounts = (low.units, high.units, low.units // 2, high.units // 2)
    position = (low.token, high.token, market.fee, bottom, top, *amounts, stage.maker.address, deadline)
    stage.maker.send(positions, MINT, position)


def _ticks(*, price: float, market: Market) -> tuple[int, int]:
    """Return the ticks between which the liquidity lies, on the grid of the pool's fee."""
    grid = SPACING[market.fee]
    if market.reach is None:
        widest = HIGHEST_TICK // grid * grid
        return -widest, widest
    here, wide = math.log(price, STEP), math.log(1 + market.reach / 100, STEP)
    return math.floor((here - wide) / grid) * grid, math.ceil((here + wide) / grid) * grid


def pool(stage: Stage, factory: str, market: tuple[str, str, int]) -> str:
    """Return the address of a pool."""
    found: str = contracts.ask(stage.node, factory, "getPool(address,address,uint24)", *market, returns=("address",))
    return found
