"""What buying and selling hold, post and give back: pure, without a database."""

from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest

from core.fees.sheets import FeeLine, FeeSheet
from core.kernel import assets, errors
from core.kernel.money import Money
from core.ledger.movements import CaptureHold, PinHold, PlaceHold, ReleaseHold
from core.orchestration.kinds import Deed
from core.orchestration.models import Transaction
from core.providers.contract import Fill, Operation, Report, Stage
from investing.kinds import trade
from investing.kinds.buy import BUY
from investing.kinds.sell import SELL

USD, BTC = assets.get("USD"), assets.get("BTC:bitcoin")
ANA = UUID("01a20338-e572-71f1-afbc-c712a6a180fd")
TXN = UUID("01a20338-e572-71f1-afbc-c712a6a180fe")
HOLD = UUID("01a20338-e572-71f1-afbc-c712a6a180ff")


def bought(units: int = 10_000) -> Transaction:
    """A purchase for 100 USD: 0.25 of it ours, 0.40 the exchange's by estimate."""
    lines = (
        FeeLine(tier="platform", code="trade_percent", rate="0.25%", amount=Money(25, USD)),
        FeeLine(tier="provider", code="kraken_taker", rate="0.4%", amount=Money(40, USD)),
    )
    sheet = FeeSheet(schedule_version=2, debit=Money(units, USD), receive=Money(units - 65, USD), lines=lines)
    return Transaction(
        id=TXN,
        customer_id=ANA,
        domain="investing",
        kind="buy",
        asset="USD",
        target_asset="BTC:bitcoin",
        side="source",
        units=units,
        debit_units=units,
        fees=sheet.to_json(),
        provider="kraken",
        reservation_id=HOLD,
        terms={"side": "buy", "usd_rate": "1"},
    )


def said(*fills: Fill, stage: Stage = Stage.SUBMITTED, reason: str = "") -> Report:
    return Report(operation=Operation.ORDER, stage=stage, provider_ref="O1", fills=fills, reason=reason)


def fill(trade_id: str, paid: int, received: int) -> Fill:
    return Fill(
        trade_id=trade_id, paid=Money(paid, USD), received=Money(received, BTC), fee=Money(0, USD), price="97000.0"
    )


def post(txn: Transaction, deed: Deed) -> Deed:
    """Note on the transaction what the engine would."""
    txn.results = {**txn.results, **deed.results}
    txn.reservation_id = deed.reservation_id or txn.reservation_id
    return deed


def keys(deed: Deed) -> list[str]:
    return [entry.key for entry in deed.entries]


def test_the_exchange_is_given_the_debit_less_what_we_keep() -> None:
    assert BUY.to_move(transaction=bought(), leg=BUY.legs[0]) == Money(9_975, USD)


def test_a_purchase_is_no_exit() -> None:
    (hold,) = BUY.reserve(transaction=bought(), lifetime=timedelta(minutes=30)).operations

    assert isinstance(hold, PlaceHold)
    assert (hold.units, hold.leaves, hold.account.code) == (10_000, False, f"cust:{ANA.hex}:banking:pooled")


def test_a_sale_holds_coins_where_they_lie() -> None:
    txn = bought(100_000)
    txn.kind, txn.asset, txn.target_asset = "sell", "BTC:bitcoin", "USD"

    (hold,) = SELL.reserve(transaction=txn, lifetime=None).operations

    assert isinstance(hold, PlaceHold)
    assert (hold.units, hold.account.code) == (100_000, f"cust:{ANA.hex}:investing:pooled")


def test_the_hold_is_pinned_before_the_order_goes_out() -> None:
    assert BUY.send(transaction=bought()).operations == (PinHold(hold_id=HOLD),)


def test_a_part_takes_its_share_and_the_rest_is_held_again() -> None:
    txn = bought()

    deed = post(txn, BUY.progressed(transaction=txn, report=said(fill("T1", 3_990, 41_000))))

    again = trade.hold_id(transaction_id=TXN, number=1)
    account = deed.operations[1].account  # type: ignore[union-attr]  # it is the second hold
    assert keys(deed) == [f"{TXN}:fill:T1"]
    assert deed.operations == (
        CaptureHold(hold_id=HOLD, units=4_000),
        PlaceHold(hold_id=again, account=account, units=6_000, lifetime=None),
    )
    assert txn.reservation_id == again
    assert txn.results["fills"] == ["T1"]
    assert (txn.results["held"], txn.results["spent"], txn.results["received"]) == ("6000", "4000", "41000")


def test_each_hold_has_an_id_of_its_own() -> None:
    txn = bought()
    first = post(txn, BUY.progressed(transaction=txn, report=said(fill("T1", 2_000, 1))))
    second = post(txn, BUY.progressed(transaction=txn, report=said(fill("T1", 2_000, 1), fill("T2", 2_000, 1))))

    assert keys(first) == [f"{TXN}:fill:T1"]
    assert keys(second) == [f"{TXN}:fill:T2"]
    assert second.operations[0] == CaptureHold(hold_id=trade.hold_id(transaction_id=TXN, number=1), units=2_005)
    assert txn.reservation_id == trade.hold_id(transaction_id=TXN, number=2)


def test_a_repeated_report_posts_nothing() -> None:
    txn = bought()
    post(txn, BUY.progressed(transaction=txn, report=said(fill("T1", 2_000, 1))))

    again = BUY.progressed(transaction=txn, report=said(fill("T1", 2_000, 1)))

    assert not again
    assert again.results == {}


def test_the_last_report_frees_what_is_left_with_the_capture() -> None:
    txn = bought()

    deed = post(txn, BUY.progressed(transaction=txn, report=said(fill("T1", 9_900, 1), stage=Stage.SETTLED)))
    end = post(txn, BUY.complete(transaction=txn, report=said(fill("T1", 9_900, 1), stage=Stage.SETTLED)))

    assert deed.operations == (CaptureHold(hold_id=HOLD, units=9_925),)
    assert end.operations == ()
    assert txn.results["given_back"] == "75"
    assert "reason" not in txn.results


def test_fills_that_were_posted_before_the_end_leave_a_hold_to_release() -> None:
    txn = bought()
    post(txn, BUY.progressed(transaction=txn, report=said(fill("T1", 9_900, 1), stage=Stage.EXECUTED)))

    late = BUY.progressed(transaction=txn, report=said(fill("T1", 9_900, 1), stage=Stage.SETTLED))
    end = BUY.complete(transaction=txn, report=said(fill("T1", 9_900, 1), stage=Stage.SETTLED))

    assert not late
    assert end.operations == (ReleaseHold(hold_id=trade.hold_id(transaction_id=TXN, number=1)),)
    assert end.results["given_back"] == "75"


@pytest.mark.parametrize(
    ("stage", "reason"), [(Stage.SETTLED, "partially_filled"), (Stage.CANCELED, ""), (Stage.DECLINED, "halted")]
)
def test_what_ended_in_the_middle_is_completed_in_part(stage: Stage, reason: str) -> None:
    txn = bought()
    report = said(fill("T1", 3_990, 41_000), stage=stage, reason=reason)

    post(txn, BUY.progressed(transaction=txn, report=report))
    end = post(txn, BUY.complete(transaction=txn, report=report))

    assert end.operations == ()
    assert (txn.results["reason"], txn.results["given_back"]) == ("partially_filled", "6000")


def test_an_end_without_a_single_fill_is_not_believed() -> None:
    with pytest.raises(errors.ProcessingFault) as caught:
        BUY.complete(transaction=bought(), report=said(stage=Stage.SETTLED))

    assert caught.value.code == "settled_without_fills"


@pytest.mark.parametrize(
    "wrong",
    [
        Fill(trade_id="T", paid=Money(1, BTC), received=Money(1, BTC), fee=Money(0, USD), price="1"),
        Fill(trade_id="T", paid=Money(1, USD), received=Money(1, USD), fee=Money(0, USD), price="1"),
        Fill(trade_id="T", paid=Money(-1, USD), received=Money(1, BTC), fee=Money(0, USD), price="1"),
    ],
)
def test_a_fill_of_something_else_is_refused(wrong: Fill) -> None:
    with pytest.raises(errors.ProcessingFault) as caught:
        BUY.progressed(transaction=bought(), report=said(wrong))

    assert caught.value.code == "fill_mismatch"


def test_the_projector_is_told_what_each_fill_cost_in_dollars() -> None:
    txn = bought()
    deed = BUY.progressed(transaction=txn, report=said(fill("T1", 3_990, 41_000), fill("T2", 5_985, 61_000)))

    assert [(note.trade_id, note.worth_cents, note.our_fee.units) for note in deed.notes] == [
        ("T1", 4_000, 10),
        ("T2", 6_000, 15),
    ]


def late_child(security: dict[str, Any]) -> Transaction:
    return Transaction(
        id=ANA, customer_id=ANA, domain="investing", kind="reversal", asset="USD", provider="kraken",
        receive_units=4_000, security=security,
    )  # fmt: skip


def test_an_order_executed_after_we_gave_it_up_is_posted_as_what_it_is() -> None:
    child = late_child({"news": "late", "spent": ["USD", "9975"], "received": ["BTC:bitcoin", "102000"]})

    deed = BUY.reverse(child=child, parent=bought())

    (entry,) = deed.entries
    assert {(line.account.code.split(":")[-1], line.units) for line in entry.lines} == {
        ("pooled", -4_000), ("receivable", -5_975), ("available", 9_975), ("pooled", 102_000), ("available", -102_000),
    }  # fmt: skip
    assert [note.received.units for note in deed.notes] == [102_000]


@pytest.mark.parametrize("security", [{"news": "returned"}, {"news": "late"}])
def test_news_that_say_too_little_are_for_a_person(security: dict[str, Any]) -> None:
    with pytest.raises(errors.SystemFault) as caught:
        BUY.reverse(child=late_child(security), parent=bought())

    assert caught.value.code == "not_reversible"
