"""Uniswap V3: coins are swapped through its pools by the customer's own address.

API: contracts on Ethereum, https://docs.uniswap.org/contracts/v3/reference (checked 2026-11-22): QuoterV2 for quotes,
SwapRouter02 for swaps, each swap with the least that must arrive and a deadline. Auth: the keystore signs. Units: the
token's smallest; a pool's fee is in hundredths of a basis point and stays inside the price. Ether goes in as the call's
value and comes out unwrapped; WETH is never held. Rate limits: the node's. Fees: none beyond the pool's and gas.
Idempotency: the key of the order is the key of the operation in our own table (ADR 0050).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

from core.chains import abi, adapter, config, evm, reports, wallets
from core.chains.config import ChainConfig
from core.chains.operations import OperationView, Step
from core.chains.reports import Outcome
from core.chains.views import StepView
from core.kernel import assets
from core.kernel.assets import Asset
from core.kernel.money import Money
from core.providers import contract
from core.providers.contract import Operation, Order, ProviderType, Report
from defi.providers import sending

CODE = "uniswap_v3"
METHOD = "uniswap_v3"
ROUTER = "uniswap_v3.router"
QUOTER = "uniswap_v3.quoter"
WETH = "WETH"
COINS = ("USDC:ethereum", "USDT:ethereum", "ETH:ethereum")
# Gas of the whole operation with its allowance, for estimates: measured on the development chain, with room.
GAS_OF_A_SWAP = 300_000
VALID_FOR = timedelta(minutes=20)

# The router's word for itself: it keeps the wrapped ether for the moment in which it unwraps it.
_ROUTER_ITSELF = "0x0000000000000000000000000000000000000002"
_SINGLE = "exactInputSingle((address,address,uint24,address,uint256,uint256,uint160))"
_PATH = "exactInput((bytes,address,uint256,uint256))"
_UNWRAP = "unwrapWETH9(uint256,address)"
_MULTICALL = "multicall(uint256,bytes[])"
_QUOTE_SINGLE = "quoteExactInputSingle((address,address,uint256,uint24,uint160))"
_QUOTE_PATH = "quoteExactInput(bytes,uint256)"
_SWAPPED = abi.topic("Swap(address,address,int256,int256,uint160,uint128,int24)")

_CAPABILITY = replace(
    adapter.capability(
        provider=ProviderType.DEX, operation=Operation.SWAP, method=METHOD, assets=COINS, fee_code="inside_the_price"
    ),
    firm_quote=False,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Route:
    """The way through the pools: the coins in order, and the fee of the pool between each and the next."""

    coins: tuple[Asset, ...]
    fees: tuple[int, ...]

    def to_json(self) -> dict[str, list[str]]:
        """Return the form in which it is locked."""
        return {"coins": [coin.code for coin in self.coins], "fees": [str(fee) for fee in self.fees]}

    @classmethod
    def from_json(cls, data: Any) -> Route:
        """Read the locked form back."""
        return cls(
            coins=tuple(assets.get(code) for code in data["coins"]), fees=tuple(int(fee) for fee in data["fees"])
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Swap:
    """A swap as a call of the router holds it. ``target`` is what arrives, unwrapped."""

    given: Money
    target: Asset
    minimum: Money


# Requests


def swap_call(*, chain: ChainConfig, route: Route, swap: Swap, owner: str, deadline: int) -> bytes:
    """Return the call of the router: the swap, and where ether is wanted its unwrapping, until a deadline."""
    is_ether = swap.target.code == chain.native.code
    recipient = _ROUTER_ITSELF if is_ether else owner
    tokens = [_token(chain, coin) for coin in route.coins]
    if len(tokens) == 2:
        given = (tokens[0], tokens[1], route.fees[0], recipient, swap.given.units, swap.minimum.units, 0)
        calls = [abi.encode(_SINGLE, given)]
    else:
        calls = [abi.encode(_PATH, (path_of(tokens, route.fees), recipient, swap.given.units, swap.minimum.units))]
    if is_ether:
        calls.append(abi.encode(_UNWRAP, swap.minimum.units, owner))
    return abi.encode(_MULTICALL, deadline, calls)


def quote_call(*, chain: ChainConfig, route: Route, units: int) -> bytes:
    """Return the call of the quoter. It orders the fields of a swap differently from the router."""
    tokens = [_token(chain, coin) for coin in route.coins]
    if len(tokens) == 2:
        return abi.encode(_QUOTE_SINGLE, (tokens[0], tokens[1], units, route.fees[0], 0))
    return abi.encode(_QUOTE_PATH, path_of(tokens, route.fees), units)


def path_of(tokens: Sequence[str], fees_of_pools: Sequence[int]) -> bytes:
    """Return a way through pools as the contracts read it: token, fee, token, and so on, packed."""
    packed = bytes.fromhex(tokens[0][2:])
    for token, fee in zip(tokens[1:], fees_of_pools, strict=True):
        packed += fee.to_bytes(3) + bytes.fromhex(token[2:])
    return packed


# Answers


def quote(*, route: Route, given: Money) -> Money:
    """Return what would arrive now, after the pools' fees.

    Raises: Rejected when the pools cannot; Refused (``chain_unavailable``), Unavailable, RateLimited.
    """
    chain = config.get(given.asset.chain or "")
    data = quote_call(chain=chain, route=route, units=given.units)
    returned = evm.call(chain=chain.code, to=chain.contract(QUOTER), data=data)
    # Both answers begin with the amount; what follows differs.
    return Money(int(abi.decode("uint256", returned[:32])[0]), route.coins[-1])


def swapped(view: OperationView) -> Outcome:
    """Read from the pools' logs what really went in and came out.

    Raises: OutcomeUnknown where the logs are not those of the call: nothing is booked on a guess.
    """
    step = view.step("swap")
    asked = _asked(step, config.get(view.chain))
    moves = [_amounts(log.data) for log in step.logs if log.topics[:1] == (_SWAPPED,)]
    if not moves or min(moves[-1]) >= 0:
        raise contract.OutcomeUnknown(code="logs_not_understood", detail=f"{step.hash}: no swap in its logs.")
    paid, received = Money(max(moves[0]), asked.given.asset), Money(-min(moves[-1]), asked.target)
    if paid != asked.given or received < asked.minimum:
        raise contract.OutcomeUnknown(code="swap_differs", detail=f"{step.hash}: {paid} for {received}.")
    return Outcome(spent=paid, received=received, facts={"minimum": str(asked.minimum.units)})


class UniswapV3(adapter.ChainAdapter):
    """The adapter. Its verbs are the contract's; see ``core.providers.contract``."""

    code: str = CODE
    name: str = "Uniswap V3"
    capabilities: tuple[contract.Capability, ...] = (_CAPABILITY,)

    def gas_of(self, operation: Operation) -> int:
        return GAS_OF_A_SWAP

    def steps(self, order: Order) -> Sequence[Step]:
        """Swap the order's amount by its locked route and minimum."""
        return sending.with_gas(order, _steps(order))

    def report(self, view: OperationView, operation: Operation) -> Report:
        asked = _asked(view.step("swap"), config.get(view.chain))
        return reports.report(view=view, operation=operation, amount=asked.given, read=swapped)

    def probe(self) -> None:
        """Ask the router which wrapped ether it works with."""
        for chain in config.configured():
            given = config.get(chain)
            evm.call(chain=chain, to=given.contract(ROUTER), data=abi.encode("WETH9()"))


def _steps(order: Order) -> list[Step]:
    chain, owner = config.get(adapter.chain_of(order)), adapter.owner_of(order)
    route = Route.from_json(order.terms["route"])
    swap = Swap(given=order.amount, target=route.coins[-1], minimum=Money(int(order.terms["minimum"]), route.coins[-1]))
    deadline = int((sending.chain_time(chain.code) + VALID_FOR).timestamp())
    address = wallets.address_of(owner=owner, chain=chain.code)
    data = swap_call(chain=chain, route=route, swap=swap, owner=address, deadline=deadline)
    router = chain.contract(ROUTER)
    if order.amount.asset.code == chain.native.code:
        return [Step(sender=owner, to=router, data=data, value=order.amount.units, label="swap")]
    allowing = sending.allowances(owner=owner, amount=order.amount, spender=router)
    return [*allowing, Step(sender=owner, to=router, data=data, label="swap")]


def _asked(step: StepView, chain: ChainConfig) -> Swap:
    """Read what a stored call of the router asks for: the truth, whatever the order said."""
    _, calls = abi.decode("uint256,bytes[]", bytes.fromhex(step.data[10:]))
    if calls[0][:4] == abi.selector(_SINGLE):
        ((first, last, _, _, units, minimum, _),) = abi.decode(abi.types_of(_SINGLE)[0], calls[0][4:])
    else:
        ((path, _, units, minimum),) = abi.decode(abi.types_of(_PATH)[0], calls[0][4:])
        first, last = "0x" + path[:20].hex(), "0x" + path[-20:].hex()
    given, target = _coin(chain, first), _coin(chain, last)
    return Swap(given=Money(int(units), given), target=target, minimum=Money(int(minimum), target))


def _amounts(data: str) -> tuple[int, int]:
    one, other = abi.decode("int256,int256", bytes.fromhex(data[2:130]))
    return int(one), int(other)


def _token(chain: ChainConfig, coin: Asset) -> str:
    return chain.contract(WETH) if coin.code == chain.native.code else chain.token(coin)


def _coin(chain: ChainConfig, token: str) -> Asset:
    return chain.native if token.lower() == chain.contract(WETH).lower() else chain.watched()[token.lower()]
