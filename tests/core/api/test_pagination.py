"""Lists by cursor."""

import base64

import pytest

from core.identity import api_keys, models
from core.kernel import ids

KEYS = "/api/v1/api-keys"
pytestmark = pytest.mark.django_db


@pytest.fixture
def made(customer):
    """30 keys besides the one that the caller uses, oldest first."""
    return [api_keys.issue(customer_id=customer.id, name=f"k{n}", scopes=["read"], live=False)[0].id for n in range(30)]


def names(page):
    return [ids.parse(ids.Prefix.API_KEY, row["id"]) for row in page["data"]]


def test_a_page_has_25_rows_unless_asked_otherwise(signed_in, made):
    assert len(signed_in("GET", KEYS).json()["data"]) == 25
    assert len(signed_in("GET", f"{KEYS}?limit=100").json()["data"]) == 30
    assert len(signed_in("GET", f"{KEYS}?limit=1").json()["data"]) == 1


def test_the_pages_hold_every_row_once_newest_first_also_when_rows_are_added(signed_in, made, customer):
    seen, cursor = [], ""
    while cursor is not None:
        page = signed_in("GET", f"{KEYS}?limit=7{cursor and '&cursor='}{cursor}").json()
        seen += names(page)
        cursor = page["next_cursor"]
        assert page["has_more"] == (cursor is not None)
        api_keys.issue(customer_id=customer.id, name="new", scopes=["read"], live=False)

    assert seen == made[::-1]


def test_a_page_that_ends_exactly_says_that_there_is_no_more(signed_in, made):
    page = signed_in("GET", f"{KEYS}?limit=30").json()

    assert (len(page["data"]), page["has_more"], page["next_cursor"]) == (30, False, None)


def test_each_page_costs_one_query(own, made, django_assert_num_queries):
    own("GET", KEYS)

    with django_assert_num_queries(2):
        own("GET", f"{KEYS}?limit=3")


@pytest.mark.parametrize("limit", ["0", "101", "-1", "1.5", "x", "", "٣", "1e1", "9999999999"])
def test_a_bad_limit_is_refused(signed_in, limit):
    response = signed_in("GET", f"{KEYS}?limit={limit}")

    assert (response.status_code, response.json()["code"]) == (400, "invalid_limit")
    assert response.json()["errors"][0]["pointer"] == "/query/limit"


@pytest.mark.parametrize("cursor", ["", "x", "!!!", "a" * 500, base64.urlsafe_b64encode(b"'; DROP").decode(), "é"])
def test_a_bad_cursor_is_refused(signed_in, cursor):
    response = signed_in("GET", f"{KEYS}?cursor={cursor}")

    assert (response.status_code, response.json()["code"]) == (400, "invalid_cursor")


def test_a_filter_that_is_not_named_is_refused(signed_in):
    response = signed_in("GET", f"{KEYS}?secret_hash__startswith=a")

    assert (response.status_code, response.json()["code"]) == (400, "unknown_filter")
    assert models.ApiKey.objects.count() == 0
