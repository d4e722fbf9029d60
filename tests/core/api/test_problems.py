"""Errors: one shape, exact, without a trace of the inside."""

import pytest
from django.test import Client

pytestmark = [pytest.mark.django_db, pytest.mark.urls("tests.core.api.door")]


def problem(response):
    """Return the body without the request id, which must be the one of the header."""
    assert response["Content-Type"] == "application/problem+json"
    assert response["Cache-Control"] == "no-store"
    body = response.json()
    assert body.pop("request_id") == response["Request-Id"]
    return body


@pytest.mark.parametrize(
    ("name", "status", "title", "code", "detail", "retryable"),
    [
        ("not_found", 404, "Not Found", "not_found", "There is no such thing.", False),
        ("conflict", 409, "Conflict", "too_late", "It was sent.", False),
        ("refused", 422, "Unprocessable Entity", "insufficient_funds", "You have 5.00 USD.", False),
        ("system", 500, "Internal Server Error", "internal_error", "Something went wrong on our side.", False),
        ("bug", 500, "Internal Server Error", "internal_error", "Something went wrong on our side.", False),
        (
            "database",
            503,
            "Service Unavailable",
            "unavailable",
            "The service is not available for a moment.",
            True,
        ),
    ],
)
def test_an_error_becomes_its_problem(anyone, name, status, title, code, detail, retryable):
    response = anyone("GET", f"/api/v1/raise/{name}")

    assert response.status_code == status
    assert problem(response) == {
        "type": f"urn:diboas:problem:{code}",
        "title": title,
        "status": status,
        "detail": detail,
        "code": code,
        "retryable": retryable,
        "errors": [],
    }


def test_an_error_about_a_field_names_it_by_its_pointer(anyone):
    response = anyone("GET", "/api/v1/raise/invalid")

    assert response.status_code == 400
    assert problem(response) == {
        "type": "urn:diboas:problem:invalid_amount",
        "title": "Bad Request",
        "status": 400,
        "detail": "Not an amount.",
        "code": "invalid_amount",
        "retryable": False,
        "errors": [{"pointer": "/source/amount", "code": "invalid_amount", "detail": "Not an amount."}],
    }


def test_the_errors_of_a_serializer_become_pointers(anyone):
    body = problem(anyone("GET", "/api/v1/raise/serializer"))

    assert (body["status"], body["code"]) == (400, "invalid_input")
    assert body["errors"] == [{"pointer": "/a/b~0~1", "code": "bad", "detail": "Bad."}]


@pytest.mark.parametrize("name", ["system", "bug", "database", "down"])
def test_nothing_of_the_inside_is_told(anyone, name):
    response = anyone("GET", f"/api/v1/raise/{name}")

    assert b"secret internals" not in response.content
    assert b"sk_live" not in response.content
    assert b"Traceback" not in response.content


def test_a_dependency_that_is_down_is_worth_another_try(anyone):
    response = anyone("GET", "/api/v1/raise/down")

    body = problem(response)
    assert (body["status"], body["code"], body["retryable"]) == (503, "unavailable", True)
    assert response["Retry-After"] == "1"


@pytest.mark.parametrize(
    ("method", "path", "status", "code"),
    [
        ("GET", "/api/v1/nowhere", 404, "not_found"),
        ("POST", "/api/v2/me", 404, "not_found"),
        ("GET", "/webhooks/nobody", 404, "not_found"),
        ("GET", "/api/v1/me/", 404, "not_found"),
        ("DELETE", "/api/v1/echo", 405, "method_not_allowed"),
        ("OPTIONS", "/api/v1/echo", 405, "method_not_allowed"),
        ("GET", "/livez", 500, "internal_error"),
    ],
)
def test_what_no_view_answers_is_a_problem_too(own, client, method, path, status, code):
    client.raise_request_exception = False

    response = own(method, path)

    assert response.status_code == status
    assert problem(response)["code"] == code
    assert b"secret internals" not in response.content


def test_a_wrong_method_says_which_are_right(own):
    assert own("DELETE", "/api/v1/echo")["Allow"] == "GET, POST, PUT, HEAD"


def test_any_other_content_type_is_refused(own, client, customer, key_of):
    response = client.post(
        "/api/v1/echo", "a=1", content_type="application/x-www-form-urlencoded", headers=_bearer(key_of(customer))
    )

    assert response.status_code == 415
    assert problem(response)["code"] == "unsupported_media_type"


@pytest.mark.parametrize("raw", [b"{", b'{"a":NaN}', b'{"a":"\\u0000"}', b'{"a":"\\ud800"}', b"\xff", b"[" * 5000])
def test_what_is_not_json_is_refused(own, raw):
    response = own("POST", "/api/v1/echo", raw)

    assert response.status_code == 400
    assert problem(response)["code"] == "invalid_json"


@pytest.mark.parametrize("raw", [b"[]", b'"a"', b"1", b"null"])
def test_a_body_that_is_no_object_is_refused(own, raw):
    assert problem(own("POST", "/api/v1/echo", raw))["code"] == "invalid_body"


def test_an_escaped_backslash_before_u0000_is_plain_text(own):
    assert own("POST", "/api/v1/echo", rb'{"a":"\\u0000"}').json() == {"a": "\\u0000"}


def test_a_body_that_is_too_large_is_refused(own, settings):
    settings.DATA_UPLOAD_MAX_MEMORY_SIZE = 100

    response = own("POST", "/api/v1/make", {"name": "x" * 200}, **{"Idempotency-Key": "k"})

    assert (response.status_code, problem(response)["code"]) == (413, "body_too_large")


def test_a_browser_gets_pages_where_pages_live(db):
    response = Client(headers={"Accept": "text/html"}).get("/nowhere")

    assert response.status_code == 404
    assert response["Content-Type"].startswith("text/html")


def _bearer(token):
    return {"Authorization": f"Bearer {token}"}
