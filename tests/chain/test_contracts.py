"""The contracts on the development chain are the real ones and do what the real ones do."""

from __future__ import annotations

import pytest

from sandbox.chain import contracts
from tests.chain.handle import Chain

DOLLAR, ETHER = 10**6, 10**18
FOREVER = 2**256 - 1
QUOTE = "quoteExactInputSingle((address,address,uint256,uint24,uint160))"
SWAP = "exactInputSingle((address,address,uint24,address,uint256,uint256,uint160))"
NAMES = {
    "USDC:ethereum",
    "USDT:ethereum",
    "AUSDC:ethereum",
    "WETH",
    "uniswap_v3.factory",
    "uniswap_v3.position_manager",
    "uniswap_v3.router",
    "uniswap_v3.quoter",
    "aave_v3.addresses_provider",
    "aave_v3.pool",
    "aave_v3.oracle",
    "aave_v3.data_provider",
}


def quote(chain: Chain, sold: str, bought: str, *, units: int, fee: int) -> int:
    wish = (chain.address(sold), chain.address(bought), units, fee, 0)
    found = chain.ask("uniswap_v3.quoter", QUOTE, wish, returns=("uint256", "uint160", "uint32", "uint256"))
    return int(found[0])


def swap(chain: Chain, who: str, sold: str, bought: str, *, units: int, fee: int, least: int = 0) -> int:
    """Swap and return what arrived."""
    before = chain.balance_of(bought, who)
    chain.send(who, sold, "approve(address,uint256)", chain.contracts["uniswap_v3.router"], units)
    wish = (chain.address(sold), chain.address(bought), fee, who, units, least, 0)
    chain.send(who, "uniswap_v3.router", SWAP, wish)
    return chain.balance_of(bought, who) - before


def lend(chain: Chain, who: str, *, units: int) -> None:
    chain.mint("USDC:ethereum", who, units)
    chain.send(who, "USDC:ethereum", "approve(address,uint256)", chain.contracts["aave_v3.pool"], units)
    supply = "supply(address,uint256,address,uint16)"
    chain.send(who, "aave_v3.pool", supply, chain.contracts["USDC:ethereum"], units, who, 0)


def test_every_name_has_an_address_with_code(chain: Chain) -> None:
    codes = {name: chain.node.call("eth_getCode", address, "latest") for name, address in chain.contracts.items()}

    assert set(codes) == NAMES
    assert {name for name, code in codes.items() if len(code) < 500} == set()


def test_contracts_know_each_other(chain: Chain) -> None:
    known = chain.contracts

    def told(contract: str, signature: str) -> str:
        return str(chain.ask(contract, signature, returns=("address",))).lower()

    assert told("aave_v3.addresses_provider", "getPool()") == known["aave_v3.pool"].lower()
    assert told("aave_v3.addresses_provider", "getPriceOracle()") == known["aave_v3.oracle"].lower()
    assert told("aave_v3.addresses_provider", "getPoolDataProvider()") == known["aave_v3.data_provider"].lower()
    assert told("AUSDC:ethereum", "UNDERLYING_ASSET_ADDRESS()") == known["USDC:ethereum"].lower()
    assert told("uniswap_v3.router", "factory()") == known["uniswap_v3.factory"].lower()
    assert told("uniswap_v3.quoter", "factory()") == known["uniswap_v3.factory"].lower()
    assert told("uniswap_v3.router", "WETH9()") == known["WETH"].lower()


@pytest.mark.parametrize(
    ("sold", "bought", "units", "fee", "about"),
    [
        ("USDC:ethereum", "WETH", 3_000 * DOLLAR, 500, ETHER),
        ("USDC:ethereum", "WETH", 3_000 * DOLLAR, 3000, ETHER),
        ("USDC:ethereum", "USDT:ethereum", 1_000 * DOLLAR, 100, 1_000 * DOLLAR),
    ],
)
def test_a_swap_gives_what_was_quoted(chain: Chain, sold: str, bought: str, units: int, fee: int, about: int) -> None:
    who = chain.accounts[1]
    chain.mint(sold, who, units)
    expected = quote(chain, sold, bought, units=units, fee=fee)

    received = swap(chain, who, sold, bought, units=units, fee=fee, least=expected)

    assert received == expected
    # The fee and the move of the price cost something, but less than two percent more than the fee.
    assert about * (1_000_000 - fee) // 1_000_000 >= received > about * (980_000 - fee) // 1_000_000
    assert chain.balance_of(sold, who) == 0


def test_a_swap_for_less_than_wanted_is_refused(chain: Chain) -> None:
    who = chain.accounts[1]
    chain.mint("USDC:ethereum", who, 3_000 * DOLLAR)
    expected = quote(chain, "USDC:ethereum", "WETH", units=3_000 * DOLLAR, fee=500)

    with pytest.raises(contracts.Failed, match="Too little received"):
        swap(chain, who, "USDC:ethereum", "WETH", units=3_000 * DOLLAR, fee=500, least=expected + 1)

    assert chain.balance_of("USDC:ethereum", who) == 3_000 * DOLLAR


def test_tether_wants_its_allowance_taken_back_first(chain: Chain) -> None:
    who, spender = chain.accounts[1], chain.contracts["uniswap_v3.router"]
    approve = "approve(address,uint256)"
    chain.send(who, "USDT:ethereum", approve, spender, 5)

    with pytest.raises(contracts.Failed, match="zero first"):
        chain.send(who, "USDT:ethereum", approve, spender, 7)
    chain.send(who, "USDT:ethereum", approve, spender, 0)
    chain.send(who, "USDT:ethereum", approve, spender, 7)

    assert chain.ask("USDT:ethereum", "allowance(address,address)", who, spender) == 7


def test_a_month_of_interest_follows_the_index_to_the_last_unit(chain: Chain) -> None:
    who, ray = chain.accounts[1], 10**27
    lend(chain, who, units=1_000 * DOLLAR)
    scaled = chain.ask("AUSDC:ethereum", "scaledBalanceOf(address)", who)

    chain.travel(30 * 86_400)

    income = "getReserveNormalizedIncome(address)"
    index = chain.ask("aave_v3.pool", income, chain.contracts["USDC:ethereum"])
    balance = chain.balance_of("AUSDC:ethereum", who)
    assert balance == (scaled * index + ray // 2) // ray
    # 7.5 of 10 million are borrowed at 6 % * 75/90, a tenth goes to the treasury: about 3.4 % a year.
    assert 2_700_000 < balance - 1_000 * DOLLAR < 2_850_000


def test_what_was_lent_comes_back_with_its_interest(chain: Chain) -> None:
    who = chain.accounts[1]
    lend(chain, who, units=1_000 * DOLLAR)
    chain.travel(30 * 86_400)

    withdraw = "withdraw(address,uint256,address)"
    chain.send(who, "aave_v3.pool", withdraw, chain.contracts["USDC:ethereum"], FOREVER, who)

    assert chain.balance_of("AUSDC:ethereum", who) == 0
    assert chain.balance_of("USDC:ethereum", who) > 1_002 * DOLLAR


def test_a_withdrawal_of_too_much_says_the_contracts_number(chain: Chain) -> None:
    who = chain.accounts[1]
    lend(chain, who, units=1_000 * DOLLAR)

    with pytest.raises(contracts.Failed, match=r"reverted: 32$"):
        chain.send(
            who,
            "aave_v3.pool",
            "withdraw(address,uint256,address)",
            *(chain.contracts["USDC:ethereum"], 1_001 * DOLLAR, who),
        )

    assert chain.balance_of("USDC:ethereum", who) == 0
