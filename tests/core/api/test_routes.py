"""Every route, as nobody, as somebody else and as its owner."""

import pytest
from django.urls import URLPattern

from core.api import urls
from core.identity import api_keys
from core.kernel import ids

pytestmark = pytest.mark.django_db
OPEN = {"auth/sign-up", "auth/sign-in", "auth/refresh"}
METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE")
ROUTES = [
    (method, pattern)
    for pattern in urls.urlpatterns
    for method in METHODS
    if hasattr(pattern.callback.view_class, method.lower())
]


def address(pattern: URLPattern, key_id: str) -> str:
    return "/api/v1/" + str(pattern.pattern).replace("<str:key_id>", key_id)


@pytest.fixture
def key_id(customer):
    key, _ = api_keys.issue(customer_id=customer.id, name="target", scopes=["read"], live=False)
    return ids.render(ids.Prefix.API_KEY, key.id)


@pytest.mark.parametrize(("method", "pattern"), ROUTES, ids=[f"{m} {p.pattern}" for m, p in ROUTES])
def test_nobody_gets_in_but_where_it_is_open(anyone, key_id, method, pattern):
    response = anyone(method, address(pattern, key_id), {})

    expected = 400 if str(pattern.pattern) in OPEN else 401
    assert response.status_code == expected
    assert response["Content-Type"] == "application/problem+json"


@pytest.mark.parametrize(("method", "pattern"), ROUTES, ids=[f"{m} {p.pattern}" for m, p in ROUTES])
def test_a_token_without_scopes_for_it_gets_403(anyone, customer, key_of, key_id, method, pattern):
    token = key_of(customer, "quotes")

    response = anyone(method, address(pattern, key_id), {}, Authorization=f"Bearer {token}")

    if not str(pattern.pattern).startswith("auth/"):
        assert (response.status_code, response.json()["code"]) == (403, "scope_missing")
    else:
        assert response.status_code in {400, 401}, "keys do not count there"


@pytest.mark.parametrize("method", ["GET", "DELETE"])
def test_an_object_of_somebody_else_is_404_and_ones_own_is_there(own, other, key_id, method):
    assert other(method, f"/api/v1/api-keys/{key_id}").status_code == 404
    assert own(method, f"/api/v1/api-keys/{key_id}").status_code in {200, 204}


def test_two_customers_see_themselves(own, other, customer):
    assert own("GET", "/api/v1/me").json()["handle"] == customer.handle
    assert other("GET", "/api/v1/me").json()["handle"] != customer.handle
