"""The entries of trades, as money.md works them out: exact lines, each side balanced in its own asset."""

from collections import defaultdict
from uuid import UUID

from core.kernel import assets
from core.kernel.money import Money
from core.ledger.movements import Entry
from core.providers.contract import Fill
from investing import postings
from investing.analysis import execution
from investing.analysis.execution import Plan, Share, Tally

ANA = UUID("01a20338-e572-71f1-afbc-c712a6a180fd")
CASH, COINS = f"cust:{ANA.hex}:banking:pooled", f"cust:{ANA.hex}:investing:pooled"
USD, BTC, USDC = assets.get("USD"), assets.get("BTC:bitcoin"), assets.get("USDC:ethereum")


def lines(entry: Entry) -> dict[tuple[str, str], int]:
    assert all(line.units for line in entry.lines)
    return {(line.account.code, line.account.asset): line.units for line in entry.lines}


def is_balanced(entry: Entry) -> bool:
    sums: dict[str, int] = defaultdict(int)
    for line in entry.lines:
        sums[line.account.asset] += line.units
    return set(sums.values()) == {0}


def share(paid: Money, received: Money, *, given: int, platform: int) -> Share:
    fill = Fill(trade_id="T1", paid=paid, received=received, fee=Money(0, USD), price="1")
    plan = Plan(given=Money(given, paid.asset), fees={"platform": platform})
    return execution.tell(plan=plan, tally=Tally(), fills=[fill])[0][0]


def test_buying_is_posted_as_money_md_works_it_out() -> None:
    part = share(Money(10_026, USD), Money(103_000, BTC), given=10_026, platform=25)

    entry = postings.fill(key="k", kind="buy_fill", customer_id=ANA, provider="kraken", share=part)

    assert lines(entry) == {
        (CASH, "USD"): -10_051,
        ("ext:kraken:available", "USD"): 10_026,
        ("fee:platform", "USD"): 25,
        (COINS, "BTC:bitcoin"): 103_000,
        ("ext:kraken:available", "BTC:bitcoin"): -103_000,
    }
    assert is_balanced(entry)


def test_selling_takes_the_fee_in_coins_and_brings_money_home_to_banking() -> None:
    part = share(Money(99_750, BTC), Money(9_612, USD), given=99_750, platform=250)

    entry = postings.fill(key="k", kind="sell_fill", customer_id=ANA, provider="kraken", share=part)

    assert lines(entry) == {
        (COINS, "BTC:bitcoin"): -100_000,
        ("ext:kraken:available", "BTC:bitcoin"): 99_750,
        ("fee:platform", "BTC:bitcoin"): 250,
        (CASH, "USD"): 9_612,
        ("ext:kraken:available", "USD"): -9_612,
    }
    assert is_balanced(entry)


def test_dollar_coins_stay_in_banking_on_both_sides() -> None:
    part = share(Money(10_000, USD), Money(99_600_000, USDC), given=10_000, platform=0)

    entry = postings.fill(key="k", kind="buy_fill", customer_id=ANA, provider="kraken", share=part)

    assert lines(entry) == {
        (CASH, "USD"): -10_000,
        ("ext:kraken:available", "USD"): 10_000,
        (CASH, "USDC:ethereum"): 99_600_000,
        ("ext:kraken:available", "USDC:ethereum"): -99_600_000,
    }


def test_an_overrun_is_our_cost_and_not_the_customers() -> None:
    part = share(Money(10_030, USD), Money(103_000, BTC), given=10_026, platform=25)

    entry = postings.fill(key="k", kind="buy_fill", customer_id=ANA, provider="kraken", share=part)

    assert lines(entry)[CASH, "USD"] == -10_051
    assert lines(entry)["ext:kraken:available", "USD"] == 10_030
    assert lines(entry)["cost:variance", "USD"] == -4
    assert is_balanced(entry)


def test_a_late_execution_takes_what_is_free_and_the_rest_is_owed() -> None:
    entry = postings.late(
        key="k",
        customer_id=ANA,
        provider="kraken",
        paid=Money(10_000, USD),
        covered=Money(4_000, USD),
        received=Money(103_000, BTC),
    )

    assert lines(entry) == {
        (CASH, "USD"): -4_000,
        (f"cust:{ANA.hex}:receivable", "USD"): -6_000,
        ("ext:kraken:available", "USD"): 10_000,
        (COINS, "BTC:bitcoin"): 103_000,
        ("ext:kraken:available", "BTC:bitcoin"): -103_000,
    }
    assert is_balanced(entry)
