"""Fills are charged so that their shares sum to the whole, in whatever portions and however often they are told."""

from fractions import Fraction

from hypothesis import given
from hypothesis import strategies as st

from core.kernel import assets
from core.kernel.money import Money
from core.providers.contract import Fill
from investing.analysis import execution
from investing.analysis.execution import Plan, Share, Tally

USD, BTC = assets.get("USD"), assets.get("BTC:bitcoin")


def fill(trade: str, paid: int, received: int) -> Fill:
    return Fill(
        trade_id=trade, paid=Money(paid, USD), received=Money(received, BTC), fee=Money(0, USD), price="100000.0"
    )


def plan(given: int = 9_975, platform: int = 25) -> Plan:
    return Plan(given=Money(given, USD), fees={"platform": platform})


def figures(shares: list[Share]) -> list[tuple[int, int]]:
    return [(share.charged.units, share.fee.units) for share in shares]


def test_one_fill_of_all_takes_the_whole_fee() -> None:
    shares, tally = execution.tell(plan=plan(), tally=Tally(), fills=[fill("A", 9_975, 100_000)])

    assert figures(shares) == [(9_975, 25)]
    assert (tally.trades, tally.paid, tally.received, tally.fees, tally.spent) == (("A",), 9_975, 100_000, 25, 10_000)


def test_three_equal_fills_share_a_fee_that_three_do_not_divide() -> None:
    fills = [fill("A", 3_325, 1), fill("B", 3_325, 1), fill("C", 3_325, 1)]

    shares, tally = execution.tell(plan=plan(), tally=Tally(), fills=fills)

    assert figures(shares) == [(3_325, 8), (3_325, 9), (3_325, 8)]
    assert tally.spent == 10_000


def test_half_an_order_pays_half_the_fee_rounded_half_up() -> None:
    shares, _ = execution.tell(plan=plan(given=1_000, platform=25), tally=Tally(), fills=[fill("A", 500, 1)])

    assert figures(shares) == [(500, 13)]


def test_a_fill_that_was_posted_is_not_told_again() -> None:
    first, tally = execution.tell(plan=plan(), tally=Tally(), fills=[fill("A", 5_000, 1)])
    again, after = execution.tell(plan=plan(), tally=tally, fills=[fill("A", 5_000, 1), fill("B", 4_975, 1)])

    assert figures(first + again) == [(5_000, 13), (4_975, 12)]
    assert after.trades == ("A", "B")


def test_one_fill_that_is_named_twice_in_a_report_counts_once() -> None:
    shares, tally = execution.tell(plan=plan(), tally=Tally(), fills=[fill("A", 5_000, 1), fill("A", 5_000, 1)])

    assert len(shares) == 1
    assert tally.paid == 5_000


def test_what_the_exchange_takes_beyond_the_plan_is_ours_to_bear() -> None:
    shares, tally = execution.tell(plan=plan(), tally=Tally(), fills=[fill("A", 9_000, 1), fill("B", 1_000, 1)])

    assert figures(shares) == [(9_000, 23), (975, 2)]
    assert [share.overrun.units for share in shares] == [0, 25]
    assert tally.spent == 10_000


def test_a_tally_reads_back_what_it_wrote() -> None:
    _, tally = execution.tell(plan=plan(), tally=Tally(), fills=[fill("A", 5_000, 7)])

    read = Tally.of({**tally.results(), "held": "42", "holds": "3"})

    assert (read.trades, read.paid, read.received, read.fees) == (("A",), 5_000, 7, 13)
    assert (read.held, read.holds) == (42, 3)


@given(
    portions=st.lists(st.integers(1, 10**12), min_size=1, max_size=30),
    platform=st.integers(0, 10**10),
    network=st.integers(0, 10**6),
)
def test_shares_sum_to_the_fee_to_the_last_unit(portions: list[int], platform: int, network: int) -> None:
    whole = Plan(given=Money(sum(portions), USD), fees={"platform": platform, "network": network})
    fills = [fill(str(number), portion, 1) for number, portion in enumerate(portions)]

    shares, tally = execution.tell(plan=whole, tally=Tally(), fills=fills)

    assert sum(share.fees["platform"].units for share in shares) == platform
    assert sum(share.fees["network"].units for share in shares) == network
    assert all(each.units >= 0 for share in shares for each in share.fees.values())
    assert tally.spent == sum(portions) + platform + network


@given(
    portions=st.lists(st.integers(1, 10**9), min_size=2, max_size=12),
    unfilled=st.integers(0, 10**9),
    platform=st.integers(0, 10**8),
    cut=st.integers(0, 12),
)
def test_in_how_many_reports_the_fills_come_changes_nothing(
    portions: list[int], unfilled: int, platform: int, cut: int
) -> None:
    order = Plan(given=Money(sum(portions) + unfilled, USD), fees={"platform": platform})
    fills = [fill(str(number), portion, 2) for number, portion in enumerate(portions)]

    at_once, whole = execution.tell(plan=order, tally=Tally(), fills=fills)
    before, tally = execution.tell(plan=order, tally=Tally(), fills=fills[:cut])
    after, in_parts = execution.tell(plan=order, tally=tally, fills=fills)

    due = Fraction(sum(portions), sum(portions) + unfilled) * platform
    assert figures(at_once) == figures(before + after)
    assert whole == in_parts
    assert abs(whole.fees - due) <= Fraction(1, 2)
