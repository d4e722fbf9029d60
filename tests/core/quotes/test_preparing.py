"""From a request and its candidates to a price with a provider."""

import dataclasses

import pytest

from core.kernel import errors
from core.kernel.money import Money
from core.quotes import preparing
from tests.core.quotes.factories import SCHEDULE, WEIGHTS, candidate, inputs, prepare


def test_deposit_is_priced_with_its_only_provider():
    prepared = prepare(offered=[candidate()])

    assert (prepared.provider, prepared.eta_seconds) == ("stripe", 4)
    assert (prepared.sheet.debit.text, prepared.sheet.receive.text) == ("100.00", "96.30")
    assert prepared.min_receive.text == "96.30"
    assert prepared.suggestions == ()
    assert prepared.decision is not None
    assert prepared.decision.candidates[0].candidate.cost.text == "3.70"


def test_target_amount_arrives_exactly():
    prepared = prepare(amount=9_630, side="target", offered=[candidate()])

    assert (prepared.sheet.debit.text, prepared.sheet.receive.text) == ("100.00", "96.30")


def test_transfer_needs_no_provider():
    prepared = prepare("transfer", 500, side="target", offered=None)

    assert (prepared.provider, prepared.decision, prepared.sheet.debit.text) == ("", None, "5.25")


def test_best_score_wins_and_the_price_is_the_winners():
    prepared = prepare(offered=[candidate("dear"), candidate("cheap", fee_code="cheap")])

    assert (prepared.provider, prepared.sheet.total.text) == ("cheap", "1.50")


def test_provider_quote_is_passed_through():
    prepared = prepare(offered=[candidate(provider_fee=Money.of(111, "USD"))])

    assert prepared.sheet.by_tier["provider"].text == "1.11"


@pytest.mark.parametrize(
    ("odd", "why"),
    [
        ({"eligible": False, "why": "breaker open"}, "breaker open"),
        ({"assets": ("EUR",)}, "does not serve this asset"),
        ({"maximum_units": 9_999}, "The amount is above what can be carried out."),
        ({"minimum_units": 10_001}, "The amount is below what can be carried out."),
        ({"provider_fee": Money.of(9_950, "USD")}, "The fees are as high as the amount or higher."),
    ],
)
def test_candidates_that_cannot_are_kept_with_the_reason_and_not_chosen(odd, why):
    prepared = prepare(offered=[candidate("odd", **odd), candidate("good")])

    assert prepared.provider == "good"
    stored = [one.to_json() for one in prepared.decision.candidates]
    assert [(one["provider"], one["eligible"]) for one in stored] == [("good", True), ("odd", False)]
    assert stored[1]["why"] == why


@pytest.mark.parametrize(
    ("odd", "code"),
    [
        ({"maximum_units": 9_999}, "amount_above_maximum"),
        ({"minimum_units": 10_001}, "amount_below_minimum"),
        ({"provider_fee": Money.of(9_950, "USD")}, "fees_exceed_amount"),
    ],
)
def test_request_that_nobody_can_do_is_refused_with_what_the_customer_can_change(odd, code):
    with pytest.raises(errors.Refused) as refused:
        prepare(offered=[candidate("down", eligible=False, why="breaker open"), candidate(**odd)])

    assert refused.value.code == code


@pytest.mark.parametrize("offered", [[], [candidate(eligible=False, why="breaker open")], [candidate(assets=("EUR",))]])
def test_nobody_available_is_worth_a_retry(offered):
    with pytest.raises(preparing.NoProvider) as refused:
        prepare(offered=offered)

    assert (refused.value.code, refused.value.http_status, refused.value.retryable) == (
        "no_provider_available",
        503,
        True,
    )


def test_payout_limits_count_what_is_paid_out_not_the_debit():
    offered = [candidate("increase", operation="payout", fee_code="cheap", maximum_units=9_801)]

    assert prepare("withdrawal", 10_000, offered=offered).sheet.receive.units == 9_801
    with pytest.raises(errors.Refused):
        prepare("withdrawal", 10_001, offered=offered)


def test_highest_accepted_fee_is_inclusive_and_above_it_is_refused():
    offered = [candidate()]

    assert prepare(offered=offered, wishes={"max_fee_percent": "3.7"}).provider == "stripe"
    with pytest.raises(errors.Refused) as refused:
        prepare(offered=offered, wishes={"max_fee_percent": "3.69"})
    assert refused.value.code == "fee_above_preference"


def test_highest_accepted_fee_holds_for_transfers_too():
    with pytest.raises(errors.Refused) as refused:
        prepare("transfer", 500, side="target", offered=None, wishes={"max_fee_percent": "4"})

    assert refused.value.code == "fee_above_preference"


def test_min_receive_leaves_room_only_on_indicative_quotes():
    wishes = {"max_slippage_bps": 50}

    firm = prepare(offered=[candidate()], wishes=wishes)
    indicative = prepare(offered=[candidate(firm_quote=False)], wishes=wishes)

    assert firm.min_receive.text == "96.30"
    assert indicative.min_receive.text == "95.81"  # 96.30 less 0.5 %, rounded down: 95.8185


def test_suggestion_is_cheaper_and_can_be_had_by_asking_for_it():
    offered = [candidate("fast", eta=4), candidate("slow", fee_code="cheap", eta=172_800)]

    now = prepare(offered=offered, wishes={"speed": 1})
    (suggestion,) = now.suggestions
    later = prepare(offered=offered, wishes={"speed": 0})

    assert now.provider == "fast"
    assert suggestion == {"code": "prefer_cost", "saves": {"amount": "2.20", "asset": "USD"}, "costs": "2 days"}
    assert later.provider == "slow"
    assert (now.sheet.total - later.sheet.total).text == "2.20"
    assert later.suggestions == ()


def test_what_is_out_is_never_suggested():
    offered = [candidate("fast"), candidate("slow", fee_code="cheap", eta=172_800, eligible=False, why="breaker open")]

    assert prepare(offered=offered, wishes={"speed": 1}).suggestions == ()


def again(offered, *, schedule=SCHEDULE, **wish):
    """Prepare a wish, and prepare it again with its price locked; return both and how often the second one priced."""
    first = preparing.prepare(inputs=inputs(offered=offered, **wish), schedule=SCHEDULE, weights=WEIGHTS)
    wanted = dataclasses.replace(inputs(offered=offered, **wish), locked=first.sheet)
    asked = []
    price = preparing.pricing.price
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(preparing.pricing, "price", lambda **given: asked.append(given) or price(**given))
        second = preparing.prepare(inputs=wanted, schedule=schedule, weights=WEIGHTS)
    return first, second, len(asked)


@pytest.mark.parametrize(("side", "amount"), [("source", 10_000), ("target", 9_630)])
def test_a_locked_price_is_not_made_again_and_everything_said_is_the_same(side, amount):
    offered = [candidate("dear"), candidate("cheap", fee_code="cheap"), candidate("also dear")]

    first, second, priced = again(offered, side=side, amount=amount)

    assert second == first
    assert first.provider == "cheap"
    assert priced == 2  # those whose own rule is not in the locked price


def test_a_new_schedule_is_priced_anew():
    newer = dataclasses.replace(SCHEDULE, version=2)

    _, second, priced = again([candidate()], schedule=newer)

    assert (second.sheet.schedule_version, priced) == (2, 1)


def test_what_a_provider_quotes_itself_is_priced_anew():
    offered = [candidate(), candidate("quoting", provider_fee=Money.of(1, "USD"))]

    first, second, priced = again(offered)

    assert (second, priced) == (first, 2)
