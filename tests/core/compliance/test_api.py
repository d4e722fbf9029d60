"""What a customer may read: what is left, and how far he is known. Nothing else."""

import pytest
from django.test import Client

from core.identity import api_keys, customers
from tests.core.compliance.scenes import consume, row
from tests.core.identity import people


@pytest.fixture
def ask(customer):
    _, secret = api_keys.issue(customer_id=customer.id, name="test", scopes=["read"], live=False)
    client = Client(headers={"Authorization": f"Bearer {secret}"})
    return lambda path: client.get(f"/api/v1/compliance/{path}")


def test_limits_show_what_is_left_today_and_this_month(customer, ask):
    consume(row(customer, 1_000_000))

    answer = ask("limits")

    assert answer.status_code == 200
    body = answer.json()
    assert (body["object"], body["kyc_level"]) == ("compliance_limits", 1)
    withdrawal = next(one for one in body["limits"] if one["kind"] == "withdrawal")
    assert withdrawal["daily"] == {
        "limit": {"amount": "20000.00", "asset": "USD"},
        "used": {"amount": "10000.00", "asset": "USD"},
        "left": {"amount": "10000.00", "asset": "USD"},
    }
    assert withdrawal["most_now"] == {"amount": "10000.00", "asset": "USD"}


def test_somebody_elses_use_does_not_show(customer, ask):
    consume(row(people.make_customer(), 1_000_000))

    assert {float(one["daily"]["used"]["amount"]) for one in ask("limits").json()["limits"]} == {0.0}


def test_profile_shows_the_level_and_nothing_of_rules(customer, ask):
    customers.change(customer_id=customer.id, fields={"kyc_level": 2}, version=customer.version)

    assert ask("profile").json() == {
        "object": "compliance_profile",
        "kyc_level": 2,
        "is_verified": True,
        "status": "active",
        "country": "DE",
    }


@pytest.mark.parametrize("path", ["limits", "profile"])
def test_nobody_reads_without_signing_in(db, path):
    assert Client().get(f"/api/v1/compliance/{path}").status_code == 401
