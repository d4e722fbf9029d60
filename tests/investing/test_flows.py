"""The life of a purchase and a sale on a scripted exchange, with every figure."""

from itertools import permutations

import pytest

from core.kernel.money import Money
from core.orchestration import outcomes
from core.orchestration.hands import cancel
from core.orchestration.models import DeadLetter
from core.orchestration.outcomes import Reported
from core.providers.contract import Operation, OutcomeUnknown, Query, Rejected, Stage, Unavailable
from investing.models import Holding, HoldingChange, InvestingDetail, InvestingFill
from tests.core.orchestration import world as engine
from tests.core.orchestration.fakes import FakeProvider
from tests.investing import world
from tests.investing.world import BTC, USD, USDC, fill, said

pytestmark = pytest.mark.django_db


def test_a_purchase_is_posted_as_money_md_works_it_out(exchange: FakeProvider) -> None:
    ana = engine.customer("ana", units=50_000)
    exchange.submits = [said(Stage.SETTLED, fill("T1", 9_975, 99_000))]

    made = world.buy(ana, "100.00")
    world.work()

    assert engine.path(made)[4:] == [
        "BALANCE_RESERVED",
        "SENT_TO_PROVIDER",
        "MARKET_ORDER_PLACED",
        "ORDER_FILLED",
        "SETTLEMENT_PENDING",
        "COMPLETED",
    ]
    assert world.figures(ana, USD) == (40_000, 0)
    assert world.figures(ana, BTC) == (99_000, 0)
    assert world.system("fee:platform", USD) == 25
    assert world.system("ext:kraken:available", USD) == -10_000_000 + 9_975
    assert world.system("ext:kraken:available", BTC) == -10 * 10**8 - 99_000


def test_the_order_carries_what_was_locked(exchange: FakeProvider) -> None:
    ana = engine.customer("ana", units=50_000)
    exchange.submits = [said(Stage.SETTLED, fill("T1", 9_975, 99_000))]

    made = world.buy(ana, "100.00")
    world.work()

    (order,) = exchange.orders
    assert order.amount == Money(9_975, USD)
    assert order.target == BTC
    assert (order.terms["side"], order.terms["pair"], order.terms["limit_price"]) == ("buy", "BTC/USD", "101000")
    # 100.00 less 0.25 for us and 0.40 for the exchange, at 100,000 and at 101,000.
    assert (order.terms["expected"], order.terms["minimum"]) == ("99350", "98366")
    assert engine.see(made).receive == Money(99_000, BTC)


def test_what_a_purchase_cost_is_kept_with_what_is_held(exchange: FakeProvider) -> None:
    ana = engine.customer("ana", units=50_000)
    exchange.submits = [said(Stage.SETTLED, fill("T1", 9_975, 99_000))]

    made = world.buy(ana, "100.00")
    world.work()

    held = Holding.objects.get(customer_id=ana.id)
    assert (held.asset, held.basis.quantity, held.basis.cost, held.basis.profit) == ("BTC:bitcoin", 99_000, 10_000, 0)
    detail = InvestingDetail.objects.get(transaction_id=made)
    assert (detail.side, detail.pair, int(detail.spent), int(detail.fee)) == ("buy", "BTC/USD", 10_000, 25)
    assert (detail.order_id, int(detail.received), detail.average_price) == ("O1", 99_000, "100757.575757575758")


def test_fills_that_come_one_by_one_are_posted_one_by_one(exchange: FakeProvider) -> None:
    ana = engine.customer("ana", units=50_000)
    one, two, three = fill("T1", 3_325, 33_000), fill("T2", 3_325, 33_000), fill("T3", 3_325, 33_000)
    exchange.submits = [said(Stage.ACCEPTED)]
    exchange.statuses = [
        said(Stage.SUBMITTED, one),
        said(Stage.SUBMITTED, one, two),
        said(Stage.SETTLED, one, two, three),
    ]

    made = world.buy(ana, "100.00")
    world.work()
    seen = [(engine.see(made).state, world.figures(ana, USD), world.figures(ana, BTC))]
    for _ in range(3):
        world.work(made)
        seen.append((engine.see(made).state, world.figures(ana, USD), world.figures(ana, BTC)))

    assert seen == [
        ("MARKET_ORDER_PLACED", (50_000, 10_000), (0, 0)),
        ("MARKET_ORDER_PLACED", (46_667, 6_667), (33_000, 0)),
        ("MARKET_ORDER_PLACED", (43_333, 3_333), (66_000, 0)),
        ("COMPLETED", (40_000, 0), (99_000, 0)),
    ]
    assert [row.our_fee for row in InvestingFill.objects.filter(transaction_id=made).order_by("number")] == [8, 9, 8]
    assert HoldingChange.objects.count() == 3


@pytest.mark.parametrize("order", list(permutations(range(3))))
def test_reports_in_any_order_and_repeated_end_in_the_same_books(
    exchange: FakeProvider, order: tuple[int, ...]
) -> None:
    ana = engine.customer("ana", units=50_000)
    parts = [fill("T1", 2_000, 20_000), fill("T2", 3_000, 29_000), fill("T3", 4_975, 49_000)]
    shuffled = [parts[place] for place in order]
    exchange.submits = [said(Stage.SUBMITTED, shuffled[0])]
    exchange.statuses = [
        said(Stage.SUBMITTED, shuffled[0], shuffled[1]),
        said(Stage.SUBMITTED, shuffled[1]),
        said(Stage.SUBMITTED, shuffled[0], shuffled[1]),
        said(Stage.SETTLED, *reversed(shuffled)),
    ]

    made = world.buy(ana, "100.00")
    world.work()
    for _ in range(4):
        world.work(made)

    assert engine.see(made).state == "COMPLETED"
    assert world.figures(ana, USD) == (40_000, 0)
    assert world.figures(ana, BTC) == (98_000, 0)
    assert world.system("fee:platform", USD) == 25
    assert InvestingFill.objects.filter(transaction_id=made).count() == 3


def test_what_the_market_did_not_take_is_given_back(exchange: FakeProvider) -> None:
    ana = engine.customer("ana", units=50_000)
    exchange.submits = [said(Stage.SETTLED, fill("T1", 9_965, 99_000))]

    made = world.buy(ana, "100.00")
    world.work()

    assert engine.see(made).results["given_back"] == "10"
    assert world.figures(ana, USD) == (40_010, 0)


def test_a_purchase_canceled_after_a_part_is_completed_in_part(exchange: FakeProvider) -> None:
    ana = engine.customer("ana", units=50_000)
    part = fill("T1", 3_990, 39_500)
    exchange.submits = [said(Stage.SUBMITTED, part)]
    exchange.statuses = [said(Stage.SETTLED, part, reason="partially_filled")]

    made = world.buy(ana, "100.00")
    world.work()
    world.work(made)

    row = engine.see(made)
    assert (row.state, row.reason, row.results["given_back"]) == ("COMPLETED", "partially_filled", "6000")
    assert world.figures(ana, USD) == (46_000, 0)
    assert world.figures(ana, BTC) == (39_500, 0)
    assert world.system("fee:platform", USD) == 10


def test_a_cancel_that_names_fills_does_not_lose_them(exchange: FakeProvider) -> None:
    ana = engine.customer("ana", units=50_000)
    exchange.submits = [said(Stage.ACCEPTED)]
    exchange.statuses = [said(Stage.CANCELED, fill("T1", 3_990, 39_500), reason="user_canceled")]

    made = world.buy(ana, "100.00")
    world.work()
    world.work(made)

    row = engine.see(made)
    assert (row.state, row.reason) == ("COMPLETED", "partially_filled")
    assert world.figures(ana, BTC) == (39_500, 0)
    assert world.figures(ana, USD) == (46_000, 0)


@pytest.mark.parametrize("answer", [Rejected(code="price_moved"), said(Stage.CANCELED, reason="price_moved")])
def test_an_order_that_found_no_price_within_the_limit_ends_without_effect(
    exchange: FakeProvider, answer: object
) -> None:
    ana = engine.customer("ana", units=50_000)
    exchange.submits = [answer]  # type: ignore[list-item]  # an error or a step

    made = world.buy(ana, "100.00")
    world.work()

    assert (engine.see(made).state, engine.see(made).reason) == ("FAILED", "price_moved")
    assert world.figures(ana, USD) == (50_000, 0)
    assert Holding.objects.count() == 0


def test_an_exchange_that_is_down_gives_the_money_back_after_three_tries(exchange: FakeProvider) -> None:
    ana = engine.customer("ana", units=50_000)
    exchange.submits = [Unavailable(), Unavailable(), Unavailable()]

    made = world.buy(ana, "100.00")
    world.work()
    for _ in range(3):
        world.work(made)

    assert (engine.see(made).state, engine.see(made).reason) == ("FAILED", "provider_unavailable")
    assert world.figures(ana, USD) == (50_000, 0)


def test_an_order_whose_answer_was_lost_is_asked_for_by_our_name_before_anything_else(exchange: FakeProvider) -> None:
    ana = engine.customer("ana", units=50_000)
    exchange.submits = [OutcomeUnknown()]
    exchange.statuses = [said(Stage.SETTLED, fill("T1", 9_975, 99_000))]

    made = world.buy(ana, "100.00")
    world.work()
    assert world.figures(ana, USD) == (50_000, 10_000)
    world.work(made)

    (order,), (query,) = exchange.orders, exchange.queries
    assert query.key == order.key
    assert query.provider_ref == ""
    assert engine.see(made).state == "COMPLETED"
    assert world.figures(ana, BTC) == (99_000, 0)


def test_an_order_that_never_arrived_is_sent_again_under_the_same_name(exchange: FakeProvider) -> None:
    ana = engine.customer("ana", units=50_000)
    exchange.submits = [OutcomeUnknown(), said(Stage.SETTLED, fill("T1", 9_975, 99_000))]
    exchange.statuses = [None]

    made = world.buy(ana, "100.00")
    world.work()
    world.work(made)
    world.work(made)

    assert [order.key for order in exchange.orders] == [exchange.orders[0].key] * 2
    assert engine.see(made).state == "COMPLETED"
    assert world.figures(ana, BTC) == (99_000, 0)


def test_a_sale_brings_money_home_and_realises_the_profit(exchange: FakeProvider) -> None:
    ana = engine.customer("ana", units=50_000)
    exchange.submits = [
        said(Stage.SETTLED, fill("T1", 9_975, 100_000)),
        said(Stage.SETTLED, fill("T2", 39_900, 4_100, given=BTC, got=USD)),
        said(Stage.SETTLED, fill("T3", 59_850, 5_900, given=BTC, got=USD)),
    ]
    world.buy(ana, "100.00")
    world.work()

    first = world.sell(ana, "0.00040000")
    world.work()
    second = world.sell(ana, "0.00060000")
    world.work()

    held = Holding.objects.get(customer_id=ana.id)
    assert [engine.see(one).state for one in (first, second)] == ["COMPLETED", "COMPLETED"]
    assert engine.see(first).receive == Money(4_100, USD)
    assert world.figures(ana, USD) == (50_000, 0)
    assert world.figures(ana, BTC) == (0, 0)
    assert world.system("fee:platform", BTC) == 250
    # 41.00 for coins that cost 40.00, then 59.00 for coins that cost 60.00.
    assert (held.basis.quantity, held.basis.cost, held.basis.profit) == (0, 0, 0)
    assert [int(row.profit) for row in HoldingChange.objects.order_by("number")] == [0, 100, -100]


def test_dollar_coins_buy_bitcoin_and_are_no_holding_themselves(exchange: FakeProvider) -> None:
    ana = engine.customer("ana", units=50_000)
    exchange.submits = [
        said(Stage.SETTLED, fill("T1", 19_950, 199_000_000, given=USD, got=USDC)),
        said(Stage.SETTLED, fill("T2", 99_750_000, 99_000, given=USDC, got=BTC)),
    ]

    world.buy(ana, "200.00", coin=USDC)
    world.work()
    world.buy(ana, "100.000000", money=USDC)
    world.work()

    assert world.figures(ana, USDC) == (99_000_000, 0)
    held = Holding.objects.get(customer_id=ana.id)
    assert (held.asset, held.basis.cost) == ("BTC:bitcoin", 10_000)


def test_an_order_executed_after_we_gave_it_up_is_the_customers_and_a_person_is_told(exchange: FakeProvider) -> None:
    ana = engine.customer("ana", units=50_000)
    exchange.submits = [Rejected(code="order_invalid")]
    made = world.buy(ana, "100.00")
    world.work()
    assert engine.see(made).state == "FAILED"

    attempt = engine.attempts(made)[0]
    asked = Query(
        operation=Operation.ORDER, key=attempt.key, reference=engine.see(made).public_id, amount=attempt.amount
    )
    report = said(Stage.SETTLED, fill("T1", 9_975, 99_000))(asked)
    outcomes.apply([Reported(provider="kraken", source="poll", report=report)])
    world.work()

    assert world.figures(ana, USD) == (50_000 - 9_975, 0)
    assert world.figures(ana, BTC) == (99_000, 0)
    assert Holding.objects.get(customer_id=ana.id).basis.cost == 9_975
    assert [letter.error for letter in DeadLetter.objects.all()] == ["settled_after_failed"]


def test_an_order_that_stalls_is_canceled_when_its_time_is_over(exchange: FakeProvider) -> None:
    ana = engine.customer("ana", units=50_000)
    part = fill("T1", 3_990, 39_500)
    exchange.submits = [said(Stage.SUBMITTED, part)]
    exchange.cancels = [said(Stage.SETTLED, part, reason="partially_filled")]

    made = world.buy(ana, "100.00")
    world.work()
    engine.past_deadline(made)
    world.work()

    row = engine.see(made)
    assert (row.state, row.reason, row.results["given_back"]) == ("COMPLETED", "partially_filled", "6000")
    assert world.figures(ana, USD) == (46_000, 0)


def test_an_order_that_never_moved_expires_without_effect(exchange: FakeProvider) -> None:
    ana = engine.customer("ana", units=50_000)
    exchange.submits = [said(Stage.ACCEPTED)]
    exchange.cancels = [said(Stage.CANCELED, reason="order_canceled")]

    made = world.buy(ana, "100.00")
    world.work()
    assert engine.see(made).deadline_at is not None
    engine.past_deadline(made)
    world.work()

    assert engine.see(made).state == "EXPIRED"
    assert world.figures(ana, USD) == (50_000, 0)
    assert Holding.objects.count() == 0


def test_a_customer_may_cancel_what_has_not_been_executed_yet(exchange: FakeProvider) -> None:
    ana = engine.customer("ana", units=50_000)
    part = fill("T1", 3_990, 39_500)
    exchange.submits = [said(Stage.SUBMITTED, part)]
    exchange.cancels = [said(Stage.SETTLED, part, reason="partially_filled")]
    made = world.buy(ana, "100.00")
    world.work()

    cancel.request(transaction_id=made, customer_id=ana.id, actor=f"customer:{ana.id.hex}")
    world.work()

    assert (engine.see(made).state, engine.see(made).reason) == ("COMPLETED", "partially_filled")
    assert world.figures(ana, BTC) == (39_500, 0)


def test_so_many_coins_are_bought_and_what_was_held_for_the_worst_price_comes_back(exchange: FakeProvider) -> None:
    ana = engine.customer("ana", units=200_000)
    exchange.submits = [said(Stage.SETTLED, fill("T1", 100_400, 1_000_000))]

    made = world.buy_exactly(ana, "0.01000000")
    assert engine.see(made).debit == Money(101_661, USD)
    world.work()

    assert exchange.orders[0].terms["quantity"] == "0.01000000"
    assert engine.see(made).receive == Money(1_000_000, BTC)
    # 1,004.00 to the exchange and a quarter of a percent of what it took with our fee to us.
    assert world.figures(ana, USD) == (200_000 - 100_400 - 251, 0)
    assert engine.see(made).results["given_back"] == "1010"
