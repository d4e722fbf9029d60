"""What every endpoint does before and after its handler."""

import re

import pytest
from structlog.testing import capture_logs

from core.identity import api_keys, customers, models

pytestmark = [pytest.mark.django_db, pytest.mark.urls("tests.core.api.door")]
ECHO = "/api/v1/echo"


def test_without_a_token_nobody_comes_in(anyone):
    response = anyone("GET", ECHO)

    assert (response.status_code, response.json()["code"]) == (401, "authentication_required")
    assert response["WWW-Authenticate"] == 'Bearer realm="diboas"'


@pytest.mark.parametrize("token", ["dk_test_x", "dk_live_" + "a" * 43, "x.y.z", "eyJhbGciOiJub25lIn0.e30.", "ä"])
def test_a_token_that_proves_nothing_is_refused(anyone, token):
    response = anyone("GET", ECHO, Authorization=f"Bearer {token}")

    assert (response.status_code, response.json()["code"]) == (401, "invalid_credentials")
    assert response["WWW-Authenticate"] == 'Bearer realm="diboas"'


@pytest.mark.parametrize("header", ["Basic YTpi", "Bearer", "dk_test_x", ""])
def test_another_scheme_is_no_token(anyone, header):
    assert anyone("GET", ECHO, Authorization=header).json()["code"] == "authentication_required"


def test_an_expired_and_a_revoked_key_have_ended(anyone, customer):
    key, secret = api_keys.issue(customer_id=customer.id, name="x", scopes=["read"], live=False)

    for ended in ({"expires_at": "2026-01-01T00:00:00Z"}, {"expires_at": None, "revoked_at": "2026-01-01T00:00:00Z"}):
        models.ApiKey.objects.filter(id=key.id).update(**ended)
        response = anyone("GET", ECHO, Authorization=f"Bearer {secret}")
        assert (response.status_code, response.json()["code"]) == (401, "api_key_ended")


def test_a_key_with_an_allow_list_works_only_from_there(client, anyone, customer, key_of):
    here, there = "192.0.2.7", "192.0.3.7"
    token = key_of(customer, allowed_addresses=["192.0.2.0/24"])

    answers = [client.get(ECHO, REMOTE_ADDR=ip, headers={"Authorization": f"Bearer {token}"}) for ip in (here, there)]

    assert [answer.status_code for answer in answers] == [200, 403]
    assert answers[1].json()["code"] == "address_not_allowed"


def test_behind_a_proxy_only_what_the_proxy_saw_is_believed(client, customer, key_of, settings):
    token = key_of(customer, allowed_addresses=["192.0.2.7"])
    headers = {"Authorization": f"Bearer {token}", "X-Forwarded-For": "192.0.2.7, 203.0.113.9"}

    assert client.get(ECHO, headers=headers).status_code == 403
    settings.TRUSTED_PROXIES = 1
    assert client.get(ECHO, headers=headers).status_code == 403
    settings.TRUSTED_PROXIES = 2
    assert client.get(ECHO, headers=headers).status_code == 200


def test_in_production_a_test_key_opens_nothing(anyone, customer, settings):
    secrets = {
        live: api_keys.issue(customer_id=customer.id, name="x", scopes=["read"], live=live)[1] for live in (True, False)
    }
    settings.DIBOAS_ENV = "prod"

    codes = {live: anyone("GET", ECHO, Authorization=f"Bearer {s}").status_code for live, s in secrets.items()}

    assert codes == {True: 200, False: 401}


@pytest.mark.parametrize(
    ("method", "scopes", "status"),
    [
        ("GET", ["read"], 200),
        ("GET", ["transact"], 403),
        ("POST", ["transact"], 200),
        ("POST", ["read", "quotes"], 403),
        ("PUT", ["quotes"], 200),
        ("PUT", ["transact"], 403),
    ],
)
def test_a_token_needs_the_scope_of_the_method(anyone, customer, key_of, method, scopes, status):
    response = anyone(method, ECHO, {}, Authorization=f"Bearer {key_of(customer, *scopes)}")

    assert response.status_code == status
    assert status == 200 or response.json()["code"] == "scope_missing"


def test_a_frozen_customer_may_look_but_not_move(own, customer):
    customers.set_status(customer_id=customer.id, status=models.CustomerStatus.FROZEN, actor="staff:1", reason="asked")

    assert own("GET", ECHO).status_code == 200
    response = own("POST", ECHO, {})
    assert (response.status_code, response.json()["code"]) == (423, "account_frozen")


def test_every_answer_says_who_asked_and_how_often_he_may(own):
    response = own("GET", ECHO)

    assert re.fullmatch("req_[0-9a-f]{32}", response["Request-Id"])
    assert response["RateLimit-Policy"] == '"create";q=10;w=60'
    assert re.fullmatch('"create";r=9;t=[0-9]+', response["RateLimit"])
    assert response["Cache-Control"] == "no-store"


def test_request_and_correlation_id_reach_the_handler_and_come_back(own):
    response = own("GET", ECHO, **{"X-Correlation-Id": "order-7781:a.b_C"})

    assert response["X-Correlation-Id"] == "order-7781:a.b_C"
    assert response.json() == {"request_id": response["Request-Id"], "correlation_id": "order-7781:a.b_C"}


@pytest.mark.parametrize("unsafe", ["", "a b", "a" * 65, "a\tb", "ä", "<script>"])
def test_an_unsafe_correlation_id_is_replaced_by_the_request_id(own, unsafe):
    response = own("GET", ECHO, **{"X-Correlation-Id": unsafe})

    assert response["X-Correlation-Id"] == response["Request-Id"]


def test_each_request_is_one_log_line_without_the_token(own, key_of, customer):
    with capture_logs() as lines:
        own("GET", ECHO)

    (line,) = [line for line in lines if line["event"] == "request"]
    assert (line["method"], line["path"], line["status"]) == ("GET", ECHO, 200)
    assert "dk_test_" not in str(lines)


def test_proving_a_fresh_key_costs_one_query(own, django_assert_num_queries):
    own("GET", ECHO)

    with django_assert_num_queries(1):
        assert own("GET", ECHO).status_code == 200


def test_the_first_use_of_a_key_is_noted(own, customer):
    own("GET", ECHO)

    assert models.ApiKey.objects.get(customer_id=customer.id).last_used_at is not None
