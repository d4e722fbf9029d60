"""The schedule in force: read once, cached, and immutable once published."""

from datetime import timedelta

import pytest
from django.db import DatabaseError, connection, transaction
from django.utils import timezone

from core.fees import models, pricing, schedules
from core.kernel import errors, held
from core.kernel.money import Money

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _fresh_cache():
    held.forget_all()
    yield
    held.forget_all()


ADD_A_RULE = """
    INSERT INTO fees_rule
        (schedule_id, tier, code, domain, kind, method, asset, type, fact, rate, currency, flat_units)
    SELECT id, 'premium', 'x', '', '', '', '', 'flat', '', 0, 'USD', 1 FROM fees_schedule
"""


def draft(version=3, **columns):
    columns.setdefault("effective_from", timezone.now() + timedelta(days=1))
    return models.Schedule.objects.create(version=version, name="Second", **columns)


def test_seeded_schedule_prices_the_worked_example():
    request = pricing.PriceRequest(
        domain="banking", kind="deposit", method="card", amount=Money.of(10_000, "USD"), provider_fee_code="stripe_card"
    )

    sheet = pricing.price(request=request, schedule=schedules.current())

    assert (sheet.schedule_version, sheet.receive.text) == (2, "96.30")
    assert {tier: amount.text for tier, amount in sheet.by_tier.items() if amount} == {
        "platform": "0.50",
        "provider": "3.20",
    }


@pytest.mark.parametrize(
    ("kind", "method", "code", "amount", "total"),
    [
        ("deposit", "ach", "stripe_ach", 1_000_000, "55.00"),
        ("deposit", "card", "stripe_card", 1_000_001, "341.30"),
        ("withdrawal", "ach", "increase_ach", 500_000, "26.24"),
        ("withdrawal", "ach", "increase_ach", 500_001, "29.23"),
        ("withdrawal", "rtp", "increase_rtp", 10_000, "3.24"),
        ("withdrawal", "wire", "increase_wire", 100_000, "20.99"),
        ("transfer", "", "", 500, "0.25"),
    ],
)
def test_seeded_rows(kind, method, code, amount, total):
    request = pricing.PriceRequest(
        domain="banking", kind=kind, method=method, amount=Money.of(amount, "USD"), provider_fee_code=code
    )

    assert pricing.price(request=request, schedule=schedules.current()).total.text == total


def test_second_look_costs_no_query(django_assert_num_queries):
    with django_assert_num_queries(1):
        first = schedules.current()
        second = schedules.current()

    assert first is second


def test_draft_is_not_in_force():
    draft(effective_from=timezone.now() - timedelta(days=1))

    assert schedules.load().version == 2


def test_no_schedule_in_force_is_a_fault():
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE fees_schedule SET effective_to = clock_timestamp() + interval '20 milliseconds' WHERE version = 2"
        )
        cursor.execute("SELECT pg_sleep(0.03)")

    with pytest.raises(errors.SystemFault) as fault:
        schedules.load()

    assert fault.value.code == "no_fee_schedule"


def test_two_published_schedules_never_overlap():
    with pytest.raises(DatabaseError, match="fees_schedule_one_in_force"), transaction.atomic():
        draft(published_at=timezone.now())

    assert models.Schedule.objects.count() == 2


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE fees_schedule SET name = 'x' WHERE version = 2",
        "UPDATE fees_schedule SET published_at = NULL WHERE version = 2",
        "UPDATE fees_schedule SET effective_to = clock_timestamp() - interval '1 day' WHERE version = 2",
        "DELETE FROM fees_schedule WHERE version = 2",
        "UPDATE fees_rule SET rate = 0.9 WHERE code = 'deposit_percent'",
        "DELETE FROM fees_rule WHERE code = 'deposit_percent'",
        ADD_A_RULE,
        "TRUNCATE fees_rule",
        "TRUNCATE fees_schedule CASCADE",
    ],
)
def test_published_schedule_cannot_be_changed(statement):
    before = schedules.load().rules

    with pytest.raises(DatabaseError), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(statement)

    assert schedules.load().rules == before


def test_rule_cannot_be_moved_into_a_published_schedule():
    second = draft()
    rule = models.Rule.objects.create(schedule=second, tier="premium", code="express", type="flat", flat_units=100)

    with pytest.raises(DatabaseError), transaction.atomic():
        models.Rule.objects.filter(pk=rule.pk).update(schedule=models.Schedule.objects.get(version=2))

    assert models.Rule.objects.get(pk=rule.pk).schedule_id == second.pk


@pytest.mark.parametrize(
    "columns",
    [
        {"type": "percent", "rate": "1"},
        {"type": "percent", "rate": "0"},
        {"type": "flat", "rate": "0.1"},
        {"type": "flat", "flat_units": -1},
        {"type": "flat", "min_units": 5, "cap_units": 4},
        {"type": "flat", "tier": "tip"},
    ],
)
def test_senseless_rules_are_refused(columns):
    second = draft()
    columns = {"tier": "platform", "code": "odd", **columns}

    with pytest.raises(DatabaseError), transaction.atomic():
        models.Rule.objects.create(schedule=second, **columns)

    assert not models.Rule.objects.filter(code="odd").exists()
