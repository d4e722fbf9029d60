"""Aave V3 from its own package: provider, pool, configurator, oracle, reserves, lenders and a borrower."""

from __future__ import annotations

from dataclasses import dataclass

from sandbox.chain import contracts
from sandbox.chain.deploy import tokens
from sandbox.chain.deploy.stage import ETHER, ETHER_PRICE, FOREVER, NOBODY, USDC, USDT, Stage
from sandbox.chain.deploy.tokens import AAVE, Tokens

LOGIC = "protocol/libraries/logic"
LIBRARIES = ("BorrowLogic", "BridgeLogic", "EModeLogic", "LiquidationLogic", "PoolLogic", "SupplyLogic")
INIT_RESERVES = (
    "initReserves((address,address,address,uint8,address,address,address,address,"
    "string,string,string,string,string,string,bytes)[])"
)
RAY = 10**27
PRICE_UNIT = 10**8  # the oracle counts US dollars with eight places
VARIABLE = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class Reserve:
    """A token that can be lent: rates in percent, loan limits in basis points as the configurator takes them."""

    symbol: str
    token: str
    decimals: int
    price: int
    optimal_use: int
    slope_below: int
    slope_above: int
    loan: int
    liquidation: int
    bonus: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Market:
    """The contracts that everything else is told to."""

    provider: str
    pool: str
    configurator: str
    oracle: str
    data_provider: str


def create(stage: Stage, money: Tokens) -> dict[str, str]:
    """Deploy the market, list the tokens, let the house lend and borrow; return the addresses by name."""
    reserves = _reserves(money)
    market = _market(stage, reserves)
    _list(stage, market, reserves)
    _lend(stage, market, money)
    _borrow(stage, market, money)
    return {
        "aave_v3.addresses_provider": market.provider,
        "aave_v3.pool": market.pool,
        "aave_v3.oracle": market.oracle,
        "aave_v3.data_provider": market.data_provider,
        "AUSDC:ethereum": receipt_token(stage, market.data_provider, money.usdc),
    }


def receipt_token(stage: Stage, data_provider: str, token: str) -> str:
    """Return the aToken that a lender of a token holds."""
    found = contracts.ask(
        stage.node, data_provider, "getReserveTokensAddresses(address)", token, returns=("address",) * 3
    )
    return str(found[0])


def _reserves(money: Tokens) -> tuple[Reserve, ...]:
    dollar = {"decimals": 6, "price": 1, "optimal_use": 90, "slope_below": 6, "slope_above": 60}
    limits = {"loan": 75_00, "liquidation": 80_00, "bonus": 105_00}
    return (
        Reserve(symbol="USDC", token=money.usdc, **dollar, **limits),
        Reserve(symbol="USDT", token=money.usdt, **dollar, **limits),
        Reserve(
            symbol="WETH",
            token=money.weth,
            decimals=18,
            price=ETHER_PRICE,
            optimal_use=80,
            slope_below=3,
            slope_above=80,
            loan=80_00,
            liquidation=83_00,
            bonus=105_00,
        ),
    )


def _market(stage: Stage, reserves: tuple[Reserve, ...]) -> Market:
    """Deploy the market around its registry, which makes the proxies of the pool and the configurator."""
    boss = stage.deployer
    provider = stage.create(
        AAVE, "protocol/configuration/PoolAddressesProvider.sol", "(string,address)", "diBoaS market", boss.address
    )
    data_provider = stage.create(AAVE, "misc/AaveProtocolDataProvider.sol", "(address)", provider)
    boss.send(provider, "setPoolDataProvider(address)", data_provider)
    boss.send(provider, "setACLAdmin(address)", boss.address)
    acl = stage.create(AAVE, "protocol/configuration/ACLManager.sol", "(address)", provider)
    boss.send(provider, "setACLManager(address)", acl)
    boss.send(acl, "addPoolAdmin(address)", boss.address)
    boss.send(acl, "addAssetListingAdmin(address)", boss.address)
    oracle = _oracle(stage, provider, reserves)
    boss.send(provider, "setPriceOracle(address)", oracle)
    boss.send(provider, "setPoolImpl(address)", _pool(stage, provider))
    boss.send(provider, "setPoolConfiguratorImpl(address)", _configurator(stage))
    return Market(
        provider=provider,
        pool=_of(stage, provider, "getPool()"),
        configurator=_of(stage, provider, "getPoolConfigurator()"),
        oracle=oracle,
        data_provider=data_provider,
    )


def _pool(stage: Stage, provider: str) -> str:
    libraries = {name: stage.create(AAVE, f"{LOGIC}/{name}.sol") for name in LIBRARIES}
    libraries["FlashLoanLogic"] = stage.create(AAVE, f"{LOGIC}/FlashLoanLogic.sol", libraries=libraries)
    pool = stage.create(AAVE, "protocol/pool/Pool.sol", "(address)", provider, libraries=libraries)
    stage.deployer.send(pool, "initialize(address)", provider)
    return pool


def _configurator(stage: Stage) -> str:
    logic = stage.create(AAVE, f"{LOGIC}/ConfiguratorLogic.sol")
    return stage.create(AAVE, "protocol/pool/PoolConfigurator.sol", libraries={"ConfiguratorLogic": logic})


def _oracle(stage: Stage, provider: str, reserves: tuple[Reserve, ...]) -> str:
    feed = "mocks/oracle/CLAggregators/MockAggregator.sol"
    feeds = [stage.create(AAVE, feed, "(int256)", reserve.price * PRICE_UNIT) for reserve in reserves]
    return stage.create(
        AAVE,
        "misc/AaveOracle.sol",
        "(address,address[],address[],address,address,uint256)",
        *(provider, [reserve.token for reserve in reserves], feeds, NOBODY, NOBODY, PRICE_UNIT),
    )


def _list(stage: Stage, market: Market, reserves: tuple[Reserve, ...]) -> None:
    """List the tokens: each can be lent, borrowed and used as collateral."""
    receipt = stage.create(AAVE, "protocol/tokenization/AToken.sol", "(address)", market.pool)
    fixed = stage.create(AAVE, "protocol/tokenization/StableDebtToken.sol", "(address)", market.pool)
    floating = stage.create(AAVE, "protocol/tokenization/VariableDebtToken.sol", "(address)", market.pool)
    entries = []
    for each in reserves:
        names = [f"Aave {each.symbol}", f"a{each.symbol}"]
        names += [f"Aave variable debt {each.symbol}", f"variableDebt{each.symbol}"]
        names += [f"Aave stable debt {each.symbol}", f"stableDebt{each.symbol}"]
        strategy = _strategy(stage, market.provider, each)
        entry = (receipt, fixed, floating, each.decimals, strategy, each.token, stage.deployer.address, NOBODY)
        entries.append((*entry, *names, b""))
    stage.deployer.send(market.configurator, INIT_RESERVES, entries)
    for each in reserves:
        _configure(stage, market.configurator, each)


def _configure(stage: Stage, configurator: str, reserve: Reserve) -> None:
    send, token = stage.deployer.send, reserve.token
    send(
        configurator,
        "configureReserveAsCollateral(address,uint256,uint256,uint256)",
        *(token, reserve.loan, reserve.liquidation, reserve.bonus),
    )
    send(configurator, "setReserveBorrowing(address,bool)", token, True)  # noqa: FBT003 - a contract's argument
    send(configurator, "setReserveFactor(address,uint256)", token, 10_00)


def _strategy(stage: Stage, provider: str, reserve: Reserve) -> str:
    """Deploy the rates of one reserve; nobody borrows at a stable rate here."""
    percent = RAY // 100
    rates = (reserve.optimal_use * percent, 0, reserve.slope_below * percent, reserve.slope_above * percent)
    return stage.create(
        AAVE,
        "protocol/pool/DefaultReserveInterestRateStrategy.sol",
        f"(address{',uint256' * 9})",
        *(provider, *rates, 0, 0, 0, 0, 0),
    )


def _lend(stage: Stage, market: Market, money: Tokens) -> None:
    for token, units in ((money.usdc, 10_000_000 * USDC), (money.usdt, 2_000_000 * USDT)):
        tokens.mint(by=stage.lender, token=token, to=stage.lender.address, units=units)
        _supply(stage.lender, market.pool, token, units)


def _borrow(stage: Stage, market: Market, money: Tokens) -> None:
    """Borrow against ether, far from liquidation for years: the interest on it is what lenders earn."""
    collateral = 20_000 * ETHER
    tokens.wrap(by=stage.borrower, weth=money.weth, units=collateral)
    _supply(stage.borrower, market.pool, money.weth, collateral)
    for token, units in ((money.usdc, 7_500_000 * USDC), (money.usdt, 1_500_000 * USDT)):
        stage.borrower.send(
            market.pool,
            "borrow(address,uint256,uint256,uint16,address)",
            *(token, units, VARIABLE, 0, stage.borrower.address),
        )


def _supply(by: contracts.Account, pool: str, token: str, units: int) -> None:
    tokens.allow(by=by, token=token, spender=pool, units=FOREVER)
    by.send(pool, "supply(address,uint256,address,uint16)", token, units, by.address, 0)


def _of(stage: Stage, contract: str, signature: str) -> str:
    found: str = contracts.ask(stage.node, contract, signature, returns=("address",))
    return found
