"""/me and /me/preferences."""

import pytest

from core.identity import customers
from core.kernel import ids

ME, PREFERENCES = "/api/v1/me", "/api/v1/me/preferences"
pytestmark = pytest.mark.django_db


def test_me_is_exactly_this(own, customer):
    response = own("GET", ME)

    assert (response.status_code, response["ETag"]) == (200, '"1"')
    assert response.json() == {
        "id": ids.render(ids.Prefix.CUSTOMER, customer.id),
        "object": "customer",
        "handle": customer.handle,
        "email": customer.email,
        "display_name": "Ann Example",
        "country": "DE",
        "kyc_level": 1,
        "status": "active",
        "preferences": {},
        "version": 1,
    }


def test_a_change_is_written_and_raises_the_version(own, customer):
    response = own("PATCH", ME, {"display_name": "Anna", "country": "pt"})

    assert (response.status_code, response["ETag"]) == (200, '"2"')
    view = customers.get(customer.id)
    assert (view.display_name, view.country, view.version) == ("Anna", "PT", 2)


@pytest.mark.parametrize("tag", ['"1"', '"9", "1"', "*"])
def test_if_match_with_the_version_passes(own, tag):
    assert own("PATCH", ME, {"display_name": "Anna"}, **{"If-Match": tag}).status_code == 200


@pytest.mark.parametrize("tag", ['"2"', "1", 'W/"1"'])
def test_if_match_with_another_version_changes_nothing(own, customer, tag):
    response = own("PATCH", ME, {"display_name": "Anna"}, **{"If-Match": tag})

    assert (response.status_code, response.json()["code"]) == (412, "version_mismatch")
    assert customers.get(customer.id) == customer


@pytest.mark.parametrize(
    ("body", "code", "pointer"),
    [
        ({"kyc_level": 3}, "unknown_field", "/kyc_level"),
        ({"rate_class": "bench"}, "unknown_field", "/rate_class"),
        ({"handle": "admin"}, "unknown_field", "/handle"),
        ({"display_name": ""}, "required", "/display_name"),
        ({"display_name": "a\u202eb"}, "invalid_name", "/display_name"),
        ({"country": "XX"}, "unknown_country", "/country"),
    ],
)
def test_nobody_changes_what_is_not_his_to_change(own, customer, body, code, pointer):
    response = own("PATCH", ME, body)

    assert response.status_code == 400
    assert [(error["code"], error["pointer"]) for error in response.json()["errors"]] == [(code, pointer)]
    assert customers.get(customer.id) == customer


def test_preferences_are_merged(own, customer):
    own("PATCH", PREFERENCES, {"speed": 0.2, "max_fee_percent": "5"})
    response = own("PATCH", PREFERENCES, {"max_fee_percent": "2.50", "max_slippage_bps": 50})

    assert response.status_code == 200
    assert customers.get(customer.id).preferences == {"speed": 0.2, "max_fee_percent": "2.50", "max_slippage_bps": 50}


@pytest.mark.parametrize(
    ("body", "pointer"),
    [
        ({"speed": 2}, "/speed"),
        ({"max_fee_percent": "lots"}, "/max_fee_percent"),
        ({"max_slippage_bps": -1}, "/max_slippage_bps"),
        ({"display_currency": "XYZ"}, "/display_currency"),
        ({"theme": "dark"}, "/theme"),
    ],
)
def test_a_bad_preference_is_named_and_nothing_is_kept(own, customer, body, pointer):
    response = own("PATCH", PREFERENCES, body)

    assert response.status_code == 400
    assert [error["pointer"] for error in response.json()["errors"]] == [pointer]
    assert customers.get(customer.id).preferences == {}
