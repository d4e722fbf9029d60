"""The price of a transaction: the design's worked figures, thresholds, refusals."""

from decimal import Decimal
from fractions import Fraction

import pytest

from core.fees import pricing, schedules
from core.kernel import errors
from core.kernel.money import Money


def rule(tier, code, rate="0", **numbers):
    scaled = int(Decimal(rate) * schedules.RATE_SCALE)
    return schedules.Rule(tier=tier, code=code, rate=scaled, **numbers)


BANKING = schedules.Schedule(
    version=1,
    rules=(
        rule("platform", "deposit_percent", "0.005", domain="banking", kind="deposit"),
        rule("platform", "withdrawal_percent", "0.005", domain="banking", kind="withdrawal"),
        rule("platform", "withdrawal_fixed", domain="banking", kind="withdrawal", flat_units=99),
        rule("platform", "withdrawal_fixed", domain="banking", kind="withdrawal", method="rtp", flat_units=199),
        rule("platform", "transfer_fixed", domain="banking", kind="transfer", flat_units=25),
        rule("provider", "stripe_card", "0.029", flat_units=30),
        rule("provider", "stripe_ach", "0.008", cap_units=500),
        rule("provider", "increase_ach", flat_units=25),
        rule("compliance", "kyc_once", domain="banking", fact="kyc_fee_due", flat_units=299),
        rule("compliance", "aml_review", domain="banking", kind="withdrawal", flat_units=299, over_units=500000),
        rule("compliance", "aml_large_deposit", "0.0001", domain="banking", kind="deposit", over_units=1000000),
    ),
)


def price(kind, amount, **rest):
    request = pricing.PriceRequest(domain="banking", kind=kind, amount=amount, **rest)
    return pricing.price(request=request, schedule=BANKING)


def usd(text):
    return Money.parse(text, Money.of(0, "USD").asset)


def wish(**rest):
    return pricing.PriceRequest(domain="banking", kind="deposit", amount=usd("100.00"), **rest)


def lines(sheet):
    return [(line.tier, line.code, line.rate, line.amount.text) for line in sheet.lines]


def test_card_deposit_of_100_credits_96_30():
    sheet = price("deposit", usd("100.00"), method="card", provider_fee_code="stripe_card")

    assert lines(sheet) == [
        ("platform", "deposit_percent", "0.5%", "0.50"),
        ("provider", "stripe_card", "2.9% + 0.30 USD", "3.20"),
    ]
    assert (sheet.debit.text, sheet.receive.text, sheet.total.text) == ("100.00", "96.30", "3.70")
    assert sheet.schedule_version == 1


def test_ach_withdrawal_charges_percent_fixed_and_provider():
    sheet = price("withdrawal", usd("100.00"), method="ach", provider_fee_code="increase_ach")

    assert lines(sheet) == [
        ("platform", "withdrawal_fixed", "0.99 USD", "0.99"),
        ("platform", "withdrawal_percent", "0.5%", "0.50"),
        ("provider", "increase_ach", "0.25 USD", "0.25"),
    ]
    assert sheet.receive.text == "98.26"


def test_instant_rail_pays_the_instant_price_instead_of_the_standard_one():
    sheet = price("withdrawal", usd("100.00"), method="rtp", provider_fee_code="increase_ach")

    assert [text for _, code, _, text in lines(sheet) if code == "withdrawal_fixed"] == ["1.99"]


def test_transfer_names_what_arrives_and_the_fee_comes_on_top():
    sheet = price("transfer", usd("5.00"), side="target")

    assert (sheet.debit.text, sheet.receive.text) == ("5.25", "5.00")
    assert lines(sheet) == [("platform", "transfer_fixed", "0.25 USD", "0.25")]


def test_tiers_are_summed_and_the_absent_ones_are_zero():
    sheet = price("withdrawal", usd("6000.00"), provider_fee_code="increase_ach")

    assert {tier: amount.text for tier, amount in sheet.by_tier.items()} == {
        "platform": "30.99",
        "provider": "0.25",
        "network": "0.00",
        "compliance": "2.99",
        "premium": "0.00",
    }


@pytest.mark.parametrize(
    ("kind", "amount", "compliance"),
    [
        ("withdrawal", "5000.00", "0.00"),
        ("withdrawal", "5000.01", "2.99"),
        ("deposit", "10000.00", "0.00"),
        ("deposit", "10000.01", "1.00"),
        ("deposit", "20000.00", "2.00"),
    ],
)
def test_thresholds_are_strict_and_apply_to_the_whole_amount(kind, amount, compliance):
    assert price(kind, usd(amount)).by_tier["compliance"].text == compliance


def test_kyc_is_charged_only_when_it_is_due():
    due = price("deposit", usd("100.00"), facts=pricing.Facts(kyc_fee_due=True))

    assert ("compliance", "kyc_once", "2.99 USD", "2.99") in lines(due)
    assert price("deposit", usd("100.00")).by_tier["compliance"].units == 0


def test_capped_provider_fee_stops_at_its_cap():
    below = price("deposit", usd("600.00"), provider_fee_code="stripe_ach")
    above = price("deposit", usd("700.00"), provider_fee_code="stripe_ach")

    assert below.by_tier["provider"].text == "4.80"
    assert above.by_tier["provider"].text == "5.00"
    assert lines(above)[1][2] == "0.8%, at most 5.00 USD"


def test_minimum_lifts_a_small_percentage():
    schedule = schedules.Schedule(version=7, rules=(rule("platform", "spread", "0.01", min_units=50),))
    request = pricing.PriceRequest(domain="banking", kind="deposit", amount=usd("10.00"))

    assert pricing.price(request=request, schedule=schedule).total.text == "0.50"


@pytest.mark.parametrize(("amount", "fee"), [("1.00", "0.01"), ("0.99", "0.00"), ("3.00", "0.02"), ("2.99", "0.01")])
def test_each_line_rounds_half_up(amount, fee):
    assert price("deposit", usd(amount)).total.text == fee


def test_provider_quote_replaces_the_rule():
    sheet = price("deposit", usd("100.00"), provider_fee_code="stripe_card", provider_fee=usd("1.23"))

    assert lines(sheet)[1] == ("provider", "stripe_card", "quoted", "1.23")


def test_fees_as_high_as_the_amount_are_refused():
    with pytest.raises(errors.Refused) as refused:
        price("transfer", usd("0.25"))

    assert refused.value.code == "fees_exceed_amount"
    assert price("transfer", usd("0.26")).receive.text == "0.01"


@pytest.mark.parametrize("side", ["source", "target"])
def test_zero_amount_is_invalid(side):
    with pytest.raises(errors.InvalidInput) as refused:
        price("deposit", usd("0.00"), side=side)

    assert (refused.value.code, refused.value.pointer) == ("invalid_amount", f"/{side}/amount")


def test_unknown_provider_rule_is_a_fault_not_a_free_ride():
    with pytest.raises(errors.SystemFault) as fault:
        price("deposit", usd("100.00"), provider_fee_code="nobody")

    assert fault.value.code == "fee_rule_missing"


def test_fixed_usd_fee_converts_at_the_price_of_the_asset():
    one_coin = Money.of(10**18, "ETH:ethereum")

    sheet = price("transfer", one_coin, usd_price=Decimal(3000))

    assert sheet.total.units == 83_333_333_333_333  # 0.25 / 3000 ETH, half up


def test_fixed_usd_fee_without_a_price_is_refused():
    with pytest.raises(errors.Refused) as refused:
        price("transfer", Money.of(10**18, "ETH:ethereum"))

    assert refused.value.code == "rate_unavailable"


def test_threshold_in_usd_counts_the_value_of_the_asset():
    at = price("withdrawal", Money.of(2 * 10**8, "BTC:bitcoin"), usd_price=Decimal(2500))
    over = price("withdrawal", Money.of(2 * 10**8 + 1, "BTC:bitcoin"), usd_price=Decimal(2500))

    assert at.by_tier["compliance"].units == 0
    assert over.by_tier["compliance"].units == 119_600  # 2.99 / 2500 BTC


def test_what_the_chain_costs_is_a_line_of_its_own():
    schedule = schedules.Schedule(version=7, rules=(rule("platform", "percent", "0.01"),))

    sheet = pricing.price(request=wish(network_fee=usd("1.25")), schedule=schedule)

    assert [(line.tier, line.code, line.amount.text) for line in sheet.lines] == [
        ("platform", "percent", "1.00"),
        ("network", "network_estimate", "1.25"),
    ]
    assert sheet.receive.text == "97.75"


def test_what_is_known_only_at_the_end_is_on_no_price():
    share = rule("platform", "performance", "0.1", type="share_of_yield")
    schedule = schedules.Schedule(version=7, rules=(share,))

    sheet = pricing.price(request=wish(), schedule=schedule)

    assert sheet.lines == ()
    assert schedule.rate_at_the_end(code="performance", domain="defi", kind="harvest") == Fraction(1, 10)
    assert schedule.rate_at_the_end(code="management", domain="defi", kind="harvest") == 0
