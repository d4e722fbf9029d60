"""What is refused before any money is held, and what an order promises at a price."""

from datetime import timedelta

import pytest

from core.kernel import errors
from core.kernel.money import Money
from core.orchestration import accept
from core.orchestration.kinds import Request
from core.orchestration.models import Transaction
from investing.models import InvestingDetail, Pair
from tests.core.market.factories import quoted
from tests.core.orchestration import world as engine
from tests.core.orchestration.fakes import FakeProvider
from tests.investing import world
from tests.investing.world import BTC, ETH, USD, USDC

pytestmark = pytest.mark.django_db


def refusal(request: Request) -> tuple[str, str]:
    """Return the code and the field of a refusal; nothing is written by it."""
    ana = engine.customer("ana", units=100_000_000)
    with pytest.raises(errors.DiboasError) as caught:
        engine.start(ana, request)
    assert Transaction.objects.count() == 0
    assert InvestingDetail.objects.count() == 0
    assert world.figures(ana, USD)[1] == 0
    return caught.value.code, caught.value.pointer


def agreed(kind: str, amount: str, **options: object) -> accept.Agreed:
    ana = engine.customer("ana", units=100_000_000)
    given, wanted = (USD, BTC) if kind == "buy" else (BTC, USD)
    request = world.wish(kind, amount, given=given, wanted=wanted, **options)
    return accept.agree(request=request, customer_id=ana.id)


def test_a_purchase_promises_what_its_worst_price_brings(exchange: FakeProvider) -> None:
    found = agreed("buy", "1000.00")

    # 1,000 less 2.50 for us and 4.00 for the exchange.
    assert found.prepared.sheet.receive == Money(99_350, USD)
    assert found.expected == Money(993_500, BTC)
    assert found.minimum == Money(983_663, BTC)
    assert (found.terms["price"], found.terms["limit_price"], found.terms["band_bps"]) == ("100000", "101000", "100")


def test_a_sale_promises_what_is_left_of_its_worst_price_after_the_exchanges_fee(exchange: FakeProvider) -> None:
    found = agreed("sell", "0.01000000")

    # 0.01 less 0.25 % is 0.009975; at 100,000 less 0.4 %, and at 99,000 less 0.4 %.
    assert found.prepared.sheet.receive == Money(997_500, BTC)
    assert found.expected == Money(99_351, USD)
    assert found.minimum == Money(98_357, USD)


def test_a_customer_may_allow_less_than_the_band_but_not_more(exchange: FakeProvider) -> None:
    assert agreed("buy", "1000.00", max_slippage_bps=20).terms["limit_price"] == "100200"


def test_a_wider_wish_stays_within_the_band(exchange: FakeProvider) -> None:
    assert agreed("buy", "1000.00", max_slippage_bps=5_000).terms["limit_price"] == "101000"


def test_a_price_that_is_too_old_binds_nobody(exchange: FakeProvider) -> None:
    quoted("BTC/USD", "100000", age=timedelta(minutes=10))

    assert refusal(world.wish("buy", "100.00", given=USD, wanted=BTC)) == ("price_stale", "/target/asset")


def test_without_a_price_there_is_no_order(exchange: FakeProvider) -> None:
    Pair.objects.create(
        code="SOL/USDT", base="SOL:solana", quote="USDT:ethereum", maximum_cost=1, minimum=1, minimum_cost=1,
        price_decimals=2, lot_decimals=8, taker_fee="0.004",
    )  # fmt: skip
    from_sui = world.wish("buy", "100.00", given=USD, wanted=world.assets.get("SUI:sui"))

    assert refusal(from_sui) == ("price_unavailable", "/target/asset")


def test_a_pair_that_is_not_offered_is_refused(exchange: FakeProvider) -> None:
    Pair.objects.filter(code="ETH/USD").update(is_offered=False)

    assert refusal(world.wish("buy", "100.00", given=USD, wanted=ETH)) == ("pair_not_offered", "/target/asset")


def test_a_market_that_is_closed_takes_no_order(exchange: FakeProvider) -> None:
    Pair.objects.filter(code="BTC/USD").update(is_open=False)

    assert refusal(world.wish("buy", "100.00", given=USD, wanted=BTC)) == ("market_closed", "/target/asset")


@pytest.mark.parametrize(
    ("amount", "code"),
    [("9.99", "amount_below_minimum"), ("250000.01", "amount_above_maximum")],
)
def test_a_purchase_has_a_least_and_a_most(exchange: FakeProvider, amount: str, code: str) -> None:
    assert refusal(world.wish("buy", amount, given=USD, wanted=BTC)) == (code, "/source/amount")


def test_the_exchanges_own_minimum_holds_after_fees(exchange: FakeProvider) -> None:
    Pair.objects.filter(code="BTC/USD").update(minimum=10_000)

    assert refusal(world.wish("buy", "10.00", given=USD, wanted=BTC)) == ("amount_below_minimum", "/source/amount")


@pytest.mark.parametrize(("amount", "is_enough"), [("0.00005073", False), ("0.00005100", True)])
def test_a_sale_is_worth_five_dollars_at_its_worst(exchange: FakeProvider, amount: str, is_enough: bool) -> None:
    request = world.wish("sell", amount, given=BTC, wanted=USD)
    if is_enough:
        ana = engine.customer("ana")
        assert accept.agree(request=request, customer_id=ana.id).minimum >= Money(500, USD)
    else:
        assert refusal(request) == ("amount_below_minimum", "/source/amount")


def test_the_balance_has_to_be_there(exchange: FakeProvider) -> None:
    ana = engine.customer("ana", units=9_999)

    with pytest.raises(errors.Refused) as caught:
        world.buy(ana, "100.00")

    assert caught.value.code == "insufficient_funds"
    assert Transaction.objects.count() == 0


def test_dollar_coins_are_valued_by_their_own_price(exchange: FakeProvider) -> None:
    quoted("USDC/USD", "0.99")
    ana = engine.customer("ana")

    found = accept.agree(request=world.wish("buy", "100.000000", given=USDC, wanted=BTC), customer_id=ana.id)

    assert found.terms["usd_rate"] == "99/100"
    assert found.terms["usd_price"] == "0.99"
    assert found.terms["price"] == "101010.10101010101"


def test_the_order_is_kept_as_it_was_locked(exchange: FakeProvider) -> None:
    ana = engine.customer("ana", units=50_000)

    made = world.buy(ana, "100.00")

    row = InvestingDetail.objects.get(transaction_id=made)
    assert (row.side, row.pair, row.gives, row.gets) == ("buy", "BTC/USD", "USD", "BTC:bitcoin")
    assert (int(row.asked), row.limit_price, int(row.received)) == (10_000, "101000", 0)


def test_so_many_coins_take_what_they_cost_at_worst_and_our_fee(exchange: FakeProvider) -> None:
    ana = engine.customer("ana")

    found = accept.agree(request=world.exactly("0.01000000"), customer_id=ana.id)

    # 0.01 at 101,000 is 1,010.00, with 0.4 % for the exchange 1,014.04, and so much more that 0.25 % of it is ours.
    assert found.source == Money(101_661, USD)
    given = found.prepared.sheet.receive + found.prepared.sheet.by_tier["provider"]
    assert given == Money(101_407, USD)
    assert (found.expected, found.minimum) == (Money(1_000_000, BTC), Money(1_000_000, BTC))
    assert found.terms["quantity"] == "0.01000000"


@pytest.mark.parametrize(
    ("request_", "code"),
    [
        (world.exactly("0.00005000"), "amount_below_minimum"),
        (world.exactly("0.00009800"), "amount_below_minimum"),
        (world.exactly("2.50000000"), "amount_above_maximum"),
        (world.exactly("0.100000000000000001", coin=ETH), "amount_not_tradable"),
        (world.exactly("100.00", kind="sell"), "amount_side_not_supported"),
    ],
)
def test_what_is_to_arrive_has_its_limits_too(exchange: FakeProvider, request_: Request, code: str) -> None:
    assert refusal(request_) == (code, "/target/amount")
