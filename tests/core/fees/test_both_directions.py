"""Fees inside and fees on top agree, to the last unit, for any schedule."""

from hypothesis import given, settings
from hypothesis import strategies as st

from core.fees import pricing, schedules
from core.kernel import errors
from core.kernel.money import Money

RATES = st.integers(min_value=0, max_value=schedules.RATE_SCALE // 10)
UNITS = st.integers(min_value=0, max_value=5_000)
RULES = st.builds(
    schedules.Rule,
    tier=st.sampled_from(["platform", "provider", "network", "compliance", "premium"]),
    code=st.uuids().map(str),
    rate=RATES,
    flat_units=UNITS,
    min_units=st.none() | st.integers(min_value=0, max_value=200),
    cap_units=st.none() | st.integers(min_value=200, max_value=9_000),
    over_units=st.none() | st.integers(min_value=0, max_value=60_000),
).filter(lambda rule: rule.tier != "provider")
SCHEDULES = st.lists(RULES, max_size=5).map(lambda rules: schedules.Schedule(version=1, rules=tuple(rules)))
AMOUNTS = st.integers(min_value=1, max_value=120_000)


def sheet_for(schedule, units, side):
    request = pricing.PriceRequest(domain="banking", kind="deposit", amount=Money.of(units, "USD"), side=side)
    return pricing.price(request=request, schedule=schedule)


def receipt(schedule, gross):
    """What arrives of ``gross`` by the rules read literally; may be negative."""
    total = 0
    for rule in schedule.rules:
        if rule.over_units is not None and gross <= rule.over_units:
            continue
        fee = rule.rate * gross + rule.flat_units * schedules.RATE_SCALE
        if rule.min_units is not None:
            fee = max(fee, rule.min_units * schedules.RATE_SCALE)
        if rule.cap_units is not None:
            fee = min(fee, rule.cap_units * schedules.RATE_SCALE)
        total += (2 * fee + schedules.RATE_SCALE) // (2 * schedules.RATE_SCALE)
    return gross - total


@given(schedule=SCHEDULES, units=AMOUNTS)
def test_source_amount_is_the_debit_and_lines_add_up(schedule, units):
    expected = receipt(schedule, units)
    try:
        sheet = sheet_for(schedule, units, "source")
    except errors.Refused:
        assert expected <= 0
        return

    assert sheet.debit.units == units
    assert sheet.receive.units == expected
    assert sum(line.amount.units for line in sheet.lines) == units - expected


@given(schedule=SCHEDULES, units=AMOUNTS)
def test_target_amount_arrives_exactly_and_is_debited_consistently(schedule, units):
    sheet = sheet_for(schedule, units, "target")

    assert sheet.receive.units == units
    assert sheet_for(schedule, sheet.debit.units, "source") == sheet


@settings(max_examples=60)
@given(schedule=SCHEDULES, units=st.integers(min_value=1, max_value=3_000))
def test_target_gross_is_the_smallest_one(schedule, units):
    gross = sheet_for(schedule, units, "target").debit.units

    assert all(receipt(schedule, smaller) != units for smaller in range(1, gross))


@given(units=st.integers(min_value=1, max_value=10**30))
def test_target_is_exact_for_eighteen_decimals(units):
    schedule = schedules.Schedule(
        version=1,
        rules=(
            schedules.Rule(tier="platform", code="a", rate=25_000_000),
            schedules.Rule(tier="network", code="b", rate=1),
            schedules.Rule(tier="premium", code="c", rate=333_333_333),
        ),
    )
    request = pricing.PriceRequest(domain="banking", kind="send", amount=Money.of(units, "ETH:ethereum"), side="target")

    assert pricing.price(request=request, schedule=schedule).receive.units == units
