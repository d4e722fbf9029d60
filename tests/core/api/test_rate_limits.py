"""Rate limits: per customer and scope, from data."""

import pytest

from core.identity import models
from core.identity.rate_limits import rate_limits

pytestmark = [pytest.mark.django_db, pytest.mark.urls("tests.core.api.door")]
ECHO = "/api/v1/echo"


@pytest.mark.parametrize(
    ("scope", "limit"),
    [("create", "10/minute"), ("balance", "30/minute"), ("quote", "100/minute"), ("x", "300/minute")],
)
def test_the_standard_class_has_the_limits_of_the_product(db, scope, limit):
    assert rate_limits.find(rate_class="standard", scope=scope) == limit
    assert rate_limits.find(rate_class="unheard-of", scope=scope) == limit


def test_the_eleventh_request_of_a_minute_is_refused_with_when_to_come_back(own):
    answers = [own("GET", ECHO) for _ in range(11)]

    assert [answer.status_code for answer in answers] == [200] * 10 + [429]
    last = answers[-1]
    assert (last.json()["code"], last.json()["retryable"]) == ("rate_limited", True)
    assert 1 <= int(last["Retry-After"]) <= 120
    assert last["RateLimit-Policy"] == '"create";q=10;w=60'
    assert last["RateLimit"].startswith('"create";r=0;t=')


def test_one_customer_does_not_use_up_the_limit_of_another(own, other):
    for _ in range(11):
        own("GET", ECHO)

    assert other("GET", ECHO).status_code == 200


def test_scopes_are_counted_apart(own):
    for _ in range(11):
        own("GET", ECHO)

    assert own("GET", "/api/v1/me").status_code == 200


def test_the_rate_class_of_the_customer_decides(anyone, make_customer, key_of):
    bench = key_of(make_customer(rate_class="bench"))

    answers = [anyone("GET", ECHO, Authorization=f"Bearer {bench}") for _ in range(12)]

    assert {answer.status_code for answer in answers} == {200}
    assert answers[0]["RateLimit-Policy"] == '"create";q=1000000;w=60'


def test_a_changed_row_changes_the_limit(own):
    models.RateClass.objects.filter(code="standard", scope="create").update(limit="1/minute")
    rate_limits.forget()

    assert [own("GET", ECHO).status_code for _ in range(2)] == [200, 429]


def test_a_limit_that_cannot_be_read_cannot_be_written(refused_by):
    with refused_by("identity_rate_class_limit"):
        models.RateClass.objects.filter(code="standard").update(limit="10 per minute")
