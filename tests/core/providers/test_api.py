"""GET /providers."""

from typing import Any

import pytest
from django.test import Client

from core.identity import api_keys
from core.providers import calls, health, registry, states
from core.providers.health import Observation
from tests.core.identity import people
from tests.core.providers.fakes import Fake

pytestmark = [pytest.mark.django_db, pytest.mark.urls("diboas.urls")]


@pytest.fixture
def fake() -> Any:
    made = Fake()
    with registry.replaced(made):
        yield made


def get(fake: Fake) -> Any:
    customer = people.make_customer()
    token = api_keys.issue(customer_id=customer.id, name="test", scopes=("read",), live=False)[1]
    answer = people.client_of_its_own().get("/api/v1/providers", headers={"Authorization": f"Bearer {token}"})
    assert answer.status_code == 200, answer.content
    return answer.json()


def test_it_takes_a_caller() -> None:
    assert Client().get("/api/v1/providers").status_code == 401


def test_each_provider_shows_what_it_can_do_and_how_it_is(fake: Fake) -> None:
    calls.observe(Observation(provider=fake.code, operation="charge", good=True, duration_ms=100))
    health._cache.clear()

    body = get(fake)

    provider = body["data"][0]
    assert (body["has_more"], body["next_cursor"], len(body["data"])) == (False, None, 1)
    assert (provider["code"], provider["name"], provider["mode"]) == (fake.code, "Fake", "enabled")
    assert provider["capabilities"] == [
        {
            "type": "ON_RAMP",
            "operation": "charge",
            "method": "card",
            "limits": [
                {"asset": "USD", "minimum": "10.00", "maximum": "5000.00"},
                {"asset": "EUR", "minimum": "10.00", "maximum": "5000.00"},
            ],
            "eta_seconds": 4,
            "firm_quote": False,
        }
    ]
    charge = provider["operations"][0]
    assert (charge["operation"], charge["breaker"], charge["health"]["samples"]) == ("charge", "closed", 1)
    assert charge["health"]["success_rate"].startswith("0.9")
    assert charge["last_hour"] == {"calls": 0, "failures": 0, "success_rate": None, "p50_ms": 0.0, "p95_ms": 0.0}


def test_a_switched_off_provider_says_so_and_not_why(fake: Fake) -> None:
    states.change(provider=fake.code, mode=states.Mode.DISABLED, actor="staff:1", reason="they lied")

    body = get(fake)

    assert body["data"][0]["mode"] == "disabled"
    assert "they lied" not in str(body)
