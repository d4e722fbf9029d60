"""The entries of DeFi to the last unit, each balanced per asset instance."""

from __future__ import annotations

from collections import defaultdict
from uuid import UUID

from core.fees.sheets import FeeLine, FeeSheet
from core.kernel import assets
from core.kernel.money import Money
from core.ledger.movements import Entry
from defi import postings

ANA = UUID("01a20338-e572-71f1-afbc-c712a6a180fd")
USDC = assets.get("USDC:ethereum")
AUSDC = assets.get("AUSDC:ethereum")
ETH = assets.get("ETH:ethereum")
SHEET = FeeSheet(
    schedule_version=2,
    debit=Money(500_000_000, USDC),
    receive=Money(498_500_000, USDC),
    lines=(
        FeeLine(tier="platform", code="trade_percent", rate="0.25%", amount=Money(1_250_000, USDC)),
        FeeLine(tier="network", code="network_estimate", rate="estimated", amount=Money(250_000, USDC)),
    ),
)


def _lines(entry: Entry) -> dict[tuple[str, str], int]:
    sums: dict[str, int] = defaultdict(int)
    for line in entry.lines:
        sums[line.account.asset] += line.units
    assert not any(sums.values())
    found = {(line.account.code.replace(ANA.hex, "ana"), line.account.asset): line.units for line in entry.lines}
    assert len(found) == len(entry.lines)
    return found


def test_what_goes_to_the_customers_address_is_the_net_and_the_fees_are_earned() -> None:
    entry = postings.custody_out(key="k", customer_id=ANA, sheet=SHEET)

    assert _lines(entry) == {
        ("cust:ana:banking:pooled", "USDC:ethereum"): -500_000_000,
        ("cust:ana:banking:wallet", "USDC:ethereum"): 498_500_000,
        ("fee:platform", "USDC:ethereum"): 1_250_000,
        ("fee:network", "USDC:ethereum"): 250_000,
        ("ext:chain:treasury", "USDC:ethereum"): 498_500_000,
        ("ext:chain:wallet:ana", "USDC:ethereum"): -498_500_000,
    }


def test_what_came_back_unused_is_the_exact_inverse() -> None:
    out = _lines(postings.custody_out(key="k", customer_id=ANA, sheet=SHEET))
    undone = _lines(postings.custody_out_undone(key="k:undo", customer_id=ANA, sheet=SHEET))

    assert undone == {account: -units for account, units in out.items()}


def test_a_supply_gives_units_that_do_not_rebase_for_coins() -> None:
    entry = postings.exchanged(
        key="k", kind="supply", customer_id=ANA, paid=Money(498_500_000, USDC), received=Money(495_113_207, AUSDC)
    )

    assert _lines(entry) == {
        ("cust:ana:banking:wallet", "USDC:ethereum"): -498_500_000,
        ("ext:chain:wallet:ana", "USDC:ethereum"): 498_500_000,
        ("cust:ana:defi:wallet", "AUSDC:ethereum"): 495_113_207,
        ("ext:chain:wallet:ana", "AUSDC:ethereum"): -495_113_207,
    }


def test_what_a_swap_brings_belongs_to_the_home_of_its_asset() -> None:
    entry = postings.exchanged(
        key="k", kind="swap", customer_id=ANA, paid=Money(300_000_000, USDC), received=Money(10**17, ETH)
    )

    assert _lines(entry)["cust:ana:investing:wallet", "ETH:ethereum"] == 10**17
