"""Limits are taken atomically, in sets, and given back once, to the right day."""

import threading
from datetime import timedelta

import pytest
from django.db import connection

from core.compliance import limits, models
from core.kernel import errors, ids
from core.kernel.money import Money
from tests.core.compliance.scenes import consume, row, usd, used, verdicts
from tests.core.identity import people

# Level 1 may withdraw 10,000 at once, 20,000 a day, 50,000 a month (seeded).


def shift(customer, days):
    """Let all that the customer took have been taken so many days ago."""
    models.LimitClaim.objects.filter(customer_id=customer.id).update(
        taken_at=models.LimitClaim.objects.get(customer_id=customer.id).taken_at - timedelta(days=days)
    )
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE compliance_limituse SET day = day - %s, month = date_trunc('month', day - %s)::date"
            " WHERE customer_id = %s",
            [days, days, customer.id],
        )


def test_single_limit_is_inclusive(customer):
    assert verdicts(row(customer, 1_000_000)) == ["ok"]
    assert verdicts(row(customer, 1_000_001)) == ["limit_exceeded"]
    assert used(customer) == (1_000_000, 1_000_000)


def test_daily_limit_refuses_what_does_not_fit_and_takes_what_does(customer):
    rows = [row(customer, 1_000_000), row(customer, 900_000), row(customer, 200_000), row(customer, 100_000)]

    assert verdicts(*rows) == ["ok", "ok", "limit_exceeded", "ok"]
    assert used(customer) == (2_000_000, 2_000_000)
    assert models.LimitClaim.objects.count() == 3


def test_whole_set_that_fits_is_taken_at_once(customer, make_customer):
    other = make_customer()
    rows = [row(customer, 100), row(other, 200), row(customer, 300), row(customer, 400, kind="deposit")]

    assert verdicts(*rows) == ["ok"] * 4
    assert (used(customer), used(other), used(customer, "deposit")) == ((400, 400), (200, 200), (400, 400))


def test_one_customer_over_the_limit_does_not_stop_another(customer, make_customer):
    other = make_customer()

    assert verdicts(row(customer, 1_000_001), row(other, 500)) == ["limit_exceeded", "ok"]
    assert (used(customer), used(other)) == ((0, 0), (500, 500))


def test_level_decides(make_customer):
    unknown, trusted = make_customer(kyc_level=0), make_customer(kyc_level=3)

    assert verdicts(row(unknown, 25_000), row(unknown, 1)) == ["ok", "limit_exceeded"]
    assert verdicts(row(trusted, 25_000_000)) == ["ok"]


@pytest.mark.parametrize("odd", [{"kind": "teleport"}, {"asset": "EUR"}])
def test_what_no_row_allows_is_refused(customer, odd):
    assert verdicts(row(customer, 1, **odd)) == ["limit_exceeded"]
    assert models.LimitClaim.objects.count() == 0


def test_unknown_customer_has_no_limits_to_take(db):
    assert verdicts(row(ids.uuid7(), 1)) == ["limit_exceeded"]


def test_taking_twice_for_one_transaction_takes_once(customer):
    first = row(customer, 700_000)

    assert verdicts(first) == ["ok"]
    assert verdicts(first, row(customer, 800_000)) == ["ok", "ok"]
    assert used(customer) == (1_500_000, 1_500_000)


def test_giving_back_frees_the_capacity_once(customer):
    taken = row(customer, 1_000_000)
    back = {**taken, "units": "-1000000"}
    consume(taken, row(customer, 1_000_000))

    assert verdicts(row(customer, 1)) == ["limit_exceeded"]
    assert verdicts(back) == ["ok"]
    assert verdicts(back) == ["ok"]
    assert used(customer) == (1_000_000, 1_000_000)
    assert verdicts(row(customer, 1_000_000)) == ["ok"]


def test_given_back_can_be_taken_again_by_the_same_transaction(customer):
    taken = row(customer, 600_000)
    consume(taken)
    consume({**taken, "units": "-600000"})

    assert verdicts(taken) == ["ok"]
    assert used(customer) == (600_000, 600_000)
    assert models.LimitClaim.objects.get().released_at is None


def test_giving_back_what_was_never_taken_gives_nothing(customer):
    consume(row(customer, 500))

    assert verdicts(row(customer, -500)) == ["ok"]
    assert used(customer) == (500, 500)


def test_giving_back_and_taking_in_one_set_is_greedy_in_our_favour(customer):
    old = row(customer, 1_000_000)
    consume(old, row(customer, 1_000_000))

    assert verdicts({**old, "units": "-1000000"}, row(customer, 1_000_000)) == ["ok", "ok"]
    assert used(customer) == (2_000_000, 2_000_000)


def test_yesterday_does_not_count_today(customer):
    consume(row(customer, 1_000_000))
    shift(customer, 40)

    assert verdicts(row(customer, 1_000_000), row(customer, 1_000_000)) == ["ok", "ok"]
    assert used(customer) == (2_000_000, 2_000_000)


def test_what_was_taken_in_another_month_is_given_back_to_nobody(customer):
    taken = row(customer, 1_000_000)
    consume(taken)
    shift(customer, 40)
    consume(row(customer, 5))

    assert verdicts({**taken, "units": "-1000000"}) == ["ok"]
    assert used(customer) == (5, 5)


def test_month_counts_every_day_of_it(customer):
    models.LimitUse.objects.create(
        customer_id=customer.id, kind="withdrawal", asset="USD", day="2000-01-01", day_units=0, month="2000-01-01",
        month_units=0,
    )  # fmt: skip
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE compliance_limituse SET month_units = 4900000,"
            " month = date_trunc('month', clock_timestamp() AT TIME ZONE 'UTC')::date"
        )

    assert verdicts(row(customer, 100_001), row(customer, 100_000)) == ["limit_exceeded", "ok"]
    assert used(customer) == (100_000, 5_000_000)


def test_the_door_tells_what_the_reservation_would(customer):
    consume(row(customer, 1_000_000), row(customer, 900_000))

    limits.check(customer=customer, kind="withdrawal", amount=usd(100_000))
    with pytest.raises(errors.Refused) as refused:
        limits.check(customer=customer, kind="withdrawal", amount=usd(100_001))

    assert (refused.value.code, refused.value.detail) == ("limit_exceeded", "What is left for today is 1000.00 USD.")
    assert used(customer) == (1_900_000, 1_900_000)


@pytest.mark.parametrize(("kind", "amount"), [("withdrawal", usd(1_000_001)), ("withdrawal", Money.of(1, "EUR"))])
def test_the_door_refuses_without_asking_the_database_what_can_never_pass(
    customer, kind, amount, django_assert_num_queries
):
    limits.check(customer=customer, kind=kind, amount=usd(1))

    with django_assert_num_queries(0), pytest.raises(errors.Refused):
        limits.check(customer=customer, kind=kind, amount=amount)


def test_allowances_show_what_is_left(customer):
    consume(row(customer, 1_000_000), row(customer, 600_000))

    in_dollars = [one for one in limits.allowances(customer=customer) if one.most.asset.code == "USD"]
    by_kind = {one.kind: one for one in in_dollars}

    assert {"deposit", "transfer", "withdrawal", "buy"} <= by_kind.keys()
    withdrawal = by_kind["withdrawal"]
    assert (withdrawal.used_today.text, withdrawal.left_today.text) == ("16000.00", "4000.00")
    assert (withdrawal.left_this_month.text, withdrawal.most.text) == ("34000.00", "4000.00")
    assert by_kind["deposit"].most.text == "10000.00"


def test_many_at_once_never_take_more_than_the_limit(committed_db):
    customer = people.make_customer()
    outcomes = []
    start = threading.Barrier(8)

    def take():
        try:
            start.wait()
            for _ in range(5):
                outcomes.extend(verdicts(row(customer, 300_000), row(customer, 300_000)))
        finally:
            connection.close()

    threads = [threading.Thread(target=take) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert sorted(outcomes) == ["limit_exceeded"] * 74 + ["ok"] * 6
    assert used(customer) == (1_800_000, 1_800_000)
