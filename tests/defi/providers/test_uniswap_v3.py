"""Calls of Uniswap to the byte, and its logs read strictly."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

import pytest

from core.chains import abi, config
from core.chains.models import OperationState
from core.chains.node.answers import Log
from core.chains.views import OperationView, StepView
from core.kernel import assets, clock
from core.kernel.money import Money
from core.providers import contract
from defi.providers import uniswap_v3
from defi.providers.uniswap_v3 import Route, Swap

USDC, USDT, ETH = (assets.get(f"{symbol}:ethereum") for symbol in ("USDC", "USDT", "ETH"))
OWNER = "0x00000000000000000000000000000000000000AA"
# Mainnet's own addresses, as in the published vector.
CONTRACTS = {
    "USDC:ethereum": "0xA0b86991c6218b36c1d19D4a2e9Eb0cE3606eB48",
    "USDT:ethereum": "0xdAC17F958D2ee523a2206206994597C13D831ec7",
    "WETH": "0xC02aaA39b223FE8D0A0e5C4F27eAD9083C756Cc2",
    "uniswap_v3.router": "0x68b3465833fb72A70ecDF485E0e4C7bD8665Fc45",
}
WETH = CONTRACTS["WETH"][2:].lower()


@pytest.fixture(autouse=True)
def _mainnet(settings: Any) -> None:
    settings.CHAINS = {"ethereum": {"rpc_url": "http://127.0.0.1:9", "chain_id": 1, "contracts": CONTRACTS}}


def _word(value: int | str) -> str:
    return f"{value:064x}" if isinstance(value, int) else value.removeprefix("0x").lower().rjust(64, "0")


def _call(route: Route, given: Money, minimum: int) -> bytes:
    swap = Swap(given=given, target=route.coins[-1], minimum=Money(minimum, route.coins[-1]))
    return uniswap_v3.swap_call(
        chain=config.get("ethereum"), route=route, swap=swap, owner=OWNER, deadline=1_800_000_000
    )


def test_a_quote_is_asked_for_as_in_the_published_vector() -> None:
    # 1 WETH to USDC in the pool of 0.05 %: here the amount stands before the fee.
    data = uniswap_v3.quote_call(
        chain=config.get("ethereum"), route=Route(coins=(ETH, USDC), fees=(500,)), units=10**18
    )

    words = (WETH, CONTRACTS["USDC:ethereum"], 10**18, 500, 0)
    assert data.hex() == "c6a5026a" + "".join(_word(word) for word in words)


def test_a_swap_of_tokens_names_owner_minimum_and_deadline() -> None:
    data = _call(Route(coins=(USDC, USDT), fees=(100,)), Money(5_000_000, USDC), 4_990_000)

    deadline, calls = abi.decode("uint256,bytes[]", data[4:])
    words = (CONTRACTS["USDC:ethereum"], CONTRACTS["USDT:ethereum"], 100, OWNER, 5_000_000, 4_990_000, 0)
    assert (data[:4].hex(), deadline, len(calls)) == ("5ae401dc", 1_800_000_000, 1)
    assert calls[0].hex() == "04e45aaf" + "".join(_word(word) for word in words)


def test_ether_comes_out_unwrapped_and_never_less_than_the_minimum() -> None:
    data = _call(Route(coins=(USDC, ETH), fees=(500,)), Money(3_000_000_000, USDC), 99 * 10**16)

    _, calls = abi.decode("uint256,bytes[]", data[4:])
    words = (CONTRACTS["USDC:ethereum"], WETH, 500, 2, 3_000_000_000, 99 * 10**16, 0)
    assert calls[0].hex() == "04e45aaf" + "".join(_word(word) for word in words)
    assert calls[1].hex() == "49404b7c" + _word(99 * 10**16) + _word(OWNER)


def test_a_way_over_two_pools_is_packed() -> None:
    packed = uniswap_v3.path_of(["0x" + "11" * 20, "0x" + "22" * 20, "0x" + "33" * 20], [500, 100])

    assert packed.hex() == "11" * 20 + "0001f4" + "22" * 20 + "000064" + "33" * 20


def _view(data: bytes, *logs: Log) -> OperationView:
    step = StepView(
        label="swap",
        sender=OWNER,
        to=CONTRACTS["uniswap_v3.router"],
        value=0,
        data="0x" + data.hex(),
        nonce=0,
        gas_limit=1,
        hash="0xswap",
        hashes=("0xswap",),
        offers=(),
        logs=logs,
    )
    now = clock.SYSTEM.now()
    return OperationView(
        id=uuid4(),
        key="k",
        chain="ethereum",
        reference="txn_1",
        state=OperationState.FINAL,
        version=1,
        steps=(step,),
        confirmations=12,
        required=12,
        reason_code="",
        reason="",
        created_at=now,
        changed_at=now,
    )


def _log(amount0: int, amount1: int) -> Log:
    numbers = (amount0, amount1, 2**96, 10**18, -200_000)
    data = b"".join(number.to_bytes(32, signed=True) for number in numbers)
    topic = "0xc42079f94a6350d7e6235f29174924f928cc2ac818eb64fed8004e115fbcca67"
    return Log(address="0xpool", topics=(topic, _word(1), _word(2)), data="0x" + data.hex(), index=0)


def test_what_really_came_out_is_read_from_the_pool() -> None:
    data = _call(Route(coins=(USDC, ETH), fees=(500,)), Money(3_000_000_000, USDC), 99 * 10**16)

    done = uniswap_v3.swapped(_view(data, _log(3_000_000_000, -999 * 10**15)))

    assert (done.spent, done.received) == (Money(3_000_000_000, USDC), Money(999 * 10**15, ETH))


def test_of_two_pools_the_first_takes_and_the_last_gives() -> None:
    data = _call(Route(coins=(ETH, USDC, USDT), fees=(500, 100)), Money(10**18, ETH), 2_980_000_000)

    done = uniswap_v3.swapped(_view(data, _log(-2_998_000_000, 10**18), _log(2_998_000_000, -2_997_000_000)))

    assert (done.spent, done.received) == (Money(10**18, ETH), Money(2_997_000_000, USDT))


@pytest.mark.parametrize(
    "logs",
    [
        [],
        [_log(3_000_000_000, 10)],
        [_log(2_999_999_999, -(10**18))],
        [_log(3_000_000_000, -98 * 10**16)],
    ],
)
def test_logs_that_are_not_those_of_the_call_book_nothing(logs: list[Log]) -> None:
    data = _call(Route(coins=(USDC, ETH), fees=(500,)), Money(3_000_000_000, USDC), 99 * 10**16)

    with pytest.raises(contract.OutcomeUnknown):
        uniswap_v3.swapped(_view(data, *logs))


def test_a_route_is_locked_and_read_back() -> None:
    route = Route(coins=(ETH, USDC, USDT), fees=(500, 100))

    assert Route.from_json(route.to_json()) == route
