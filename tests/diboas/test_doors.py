"""The short way for machines: the same answers as by the long way, without what only browsers need."""

import json

import pytest
from django.conf import settings
from django.test import Client
from pytest_django import Settings

from core.identity import api_keys
from core.identity.principals import ALL_SCOPES
from tests.core.identity.people import make_customer

pytestmark = pytest.mark.django_db
FRESH = {"Request-Id", "X-Correlation-Id", "RateLimit"}


def long_way(wrapper: Settings) -> Client:
    wrapper.MACHINE_DOORS = []
    return Client()


def secret() -> str:
    return api_keys.issue(customer_id=make_customer().id, name="Door", scopes=sorted(ALL_SCOPES), live=False)[1]


def asked(client: Client, method: str, path: str, headers: dict[str, str]) -> tuple[int, bytes, dict[str, str]]:
    answer = client.generic(method, path, b"{}", content_type="application/json", headers=headers)
    shown = {name: value for name, value in answer.headers.items() if name not in FRESH}
    return answer.status_code, answer.content, shown


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/api/v1/transactions"),
        ("GET", "/api/v1/transactions/txn_nothing"),
        ("POST", "/api/v1/banking/transactions"),
        ("PUT", "/api/v1/banking/transactions"),
        ("GET", "/api/v1/banking/nothing-here"),
        ("POST", "/api/v1/quotes"),
        ("POST", "/webhooks/stripe"),
        ("GET", "/webhooks/stripe"),
    ],
)
@pytest.mark.parametrize("signed_in", [True, False])
def test_the_answer_is_that_of_the_long_way(
    client: Client, settings: Settings, method: str, path: str, signed_in: bool
) -> None:
    headers = {"Authorization": f"Bearer {secret()}"} if signed_in else {}

    status, body, shown = asked(client, method, path, headers)
    far_status, far_body, far_shown = asked(long_way(settings), method, path, headers)

    assert (status, shown) == (far_status, far_shown)
    assert {**json.loads(body), "request_id": ""} == {**json.loads(far_body), "request_id": ""}


def test_a_strange_host_is_refused_there_too(client: Client) -> None:
    answer = client.get("/api/v1/transactions", headers={"Host": "evil.example"})

    assert (answer.status_code, answer.json()["code"]) == (400, "bad_request")


def test_no_door_leads_to_staff_or_sign_in() -> None:
    assert not any("/auth".startswith(door) or door.startswith("/api/v1/auth") for door in settings.MACHINE_DOORS)
