"""Which transactions pass and which wait for a person."""

from datetime import timedelta

import pytest
from django.utils import timezone

from core.compliance import gate, models
from core.kernel import held, ids
from core.orchestration.gates import PASSED, Verdict
from tests.core.compliance.scenes import party, subject, usd

pytestmark = pytest.mark.django_db


def review(one):
    return gate.review([one])[one.transaction_id]


def earlier(customer_id, *amounts, kind="withdrawal", ago=timedelta(minutes=5)):
    for units in amounts:
        models.LimitClaim.objects.create(
            ref=ids.uuid7(), customer_id=customer_id, kind=kind, asset="USD", units=units, taken_at=timezone.now() - ago
        )


def test_ordinary_transaction_passes():
    assert review(subject()) is PASSED


def test_unidentified_customer_waits_for_identification():
    finding = review(subject(customer=party(kyc_level=0)))

    assert (finding.verdict, finding.stage, finding.code) == (Verdict.HOLD, "KYC_VERIFICATION", "identity_needed")
    assert finding.evidence == {"kyc_level": 0, "needed": 1}


@pytest.mark.parametrize(
    ("level", "units", "code"),
    [(1, 500_000, ""), (1, 500_001, "large_withdrawal"), (2, 500_001, "large_withdrawal"), (3, 25_000_000, "")],
)
def test_large_withdrawal_waits_below_level_three_and_the_threshold_is_strict(level, units, code):
    finding = review(subject(customer=party(kyc_level=level), amount=usd(units)))

    assert finding.code == code


def test_large_withdrawal_keeps_the_evidence():
    finding = review(subject(amount=usd(600_000)))

    assert (finding.stage, finding.evidence) == (
        "COMPLIANCE_CHECK",
        {"amount": "6000.00 USD", "over": "5000.00 USD"},
    )


@pytest.mark.parametrize("kind", ["deposit", "transfer"])
def test_threshold_of_withdrawals_is_not_for_other_kinds(kind):
    assert review(subject(kind=kind, amount=usd(900_000))) is PASSED


@pytest.mark.parametrize(
    ("facts", "role"),
    [
        ({"customer": party(display_name="Quimera, Ximena Tenebrosa")}, "customer"),
        ({"customer": party(handle="shadow_syndicate")}, "customer_handle"),
        ({"counterparty": party(display_name="Ximena Tenebrosa Quimera"), "kind": "transfer"}, "counterparty"),
        ({"counterparty": party(handle="shadow_syndicate"), "kind": "transfer"}, "counterparty_handle"),
        ({"instrument_holder": "X. Tenebrosa Quimera Ximena"}, "instrument_holder"),
    ],
)
def test_both_sides_and_the_instrument_are_screened_at_every_level(facts, role):
    finding = review(subject(**facts))

    assert (finding.verdict, finding.code) == (Verdict.HOLD, "name_screening")
    assert [hit["role"] for hit in finding.evidence["hits"]] == [role]
    assert finding.evidence["hits"][0]["score"] >= 90


@pytest.mark.parametrize("facts", [{"customer": party(country="KP")}, {"counterparty": party(country="IR")}])
def test_high_risk_country_waits(facts):
    assert review(subject(**facts)).code == "high_risk_country"


def test_third_amount_just_under_the_threshold_within_a_day_waits():
    customer = party()
    earlier(customer.customer_id, 450_000, 400_000)

    finding = review(subject(customer=customer, amount=usd(499_999)))

    assert finding.code == "withdrawal_structuring"
    assert finding.evidence["transactions"] == 3


@pytest.mark.parametrize(
    ("amounts", "ago", "units"),
    [
        ((450_000,), timedelta(minutes=5), 499_999),
        ((450_000, 399_999), timedelta(minutes=5), 499_999),
        ((450_000, 450_000), timedelta(hours=25), 499_999),
        ((450_000, 450_000), timedelta(minutes=5), 399_999),
    ],
)
def test_fewer_smaller_or_older_ones_are_no_structuring(amounts, ago, units):
    customer = party()
    earlier(customer.customer_id, *amounts, ago=ago)

    assert review(subject(customer=customer, amount=usd(units))) is PASSED


def test_twentieth_withdrawal_within_an_hour_waits():
    busy, calm = party(), party()
    earlier(busy.customer_id, *[100] * 19)
    earlier(calm.customer_id, *[100] * 18)

    assert review(subject(customer=busy)).code == "withdrawal_velocity"
    assert review(subject(customer=calm)) is PASSED


def test_a_burst_that_is_reviewed_as_one_set_counts_itself():
    busy, other = party(), party()
    earlier(busy.customer_id, *[100] * 17)
    burst = [subject(customer=busy) for _ in range(4)]
    alone = subject(customer=other)

    findings = gate.review([*burst[:2], alone, *burst[2:]])

    assert [findings[one.transaction_id].code for one in burst] == [
        "",
        "",
        "withdrawal_velocity",
        "withdrawal_velocity",
    ]
    assert findings[alone.transaction_id] is PASSED


def test_own_claim_does_not_count_as_an_earlier_one():
    customer = party()
    earlier(customer.customer_id, *[100] * 18)
    mine = subject(customer=customer)
    models.LimitClaim.objects.create(
        ref=mine.transaction_id, customer_id=customer.customer_id, kind="withdrawal", asset="USD", units=100,
        taken_at=timezone.now(),
    )  # fmt: skip

    assert review(mine) is PASSED


def test_opened_stage_is_not_looked_at_again_but_the_other_is():
    unknown = subject(customer=party(kyc_level=0, country="KP"), cleared=frozenset({"KYC_VERIFICATION"}))

    assert review(unknown).code == "high_risk_country"
    assert review(subject(amount=usd(900_000), cleared=frozenset({"COMPLIANCE_CHECK"}))) is PASSED


def test_identity_comes_before_compliance():
    finding = review(subject(customer=party(kyc_level=0, display_name="Ximena Tenebrosa Quimera")))

    assert finding.stage == "KYC_VERIFICATION"


def test_inactive_rule_holds_nobody():
    models.HoldRule.objects.filter(code="large_withdrawal").update(is_active=False)
    held.forget_all()

    assert review(subject(amount=usd(600_000))) is PASSED


def test_a_set_costs_two_queries_at_most_and_trusted_customers_none(django_assert_num_queries):
    gate.review([subject()])
    ordinary = [subject(customer=party(kyc_level=1)) for _ in range(50)]
    trusted = [subject(customer=party(kyc_level=3)) for _ in range(50)]

    with django_assert_num_queries(1):
        found = gate.review(ordinary)
    with django_assert_num_queries(0):
        gate.review(trusted)

    assert {one.transaction_id for one in ordinary} == set(found)
