"""Security headers: strict everywhere, wider only where the console's scripts need it."""

import pytest
from django.conf import settings
from django.http import HttpResponse
from django.test import Client

pytestmark = pytest.mark.django_db


def policy(response: HttpResponse) -> dict[str, list[str]]:
    parts = (part.split() for part in response.headers["Content-Security-Policy"].split(";"))
    return {name: values for name, *values in parts}


def test_the_api_allows_scripts_of_its_own_and_nothing_evaluated(client: Client) -> None:
    directives = policy(client.get("/api/v1/nothing-here"))

    assert directives["default-src"] == ["'none'"]
    assert "'unsafe-eval'" not in directives["script-src"]
    assert "'unsafe-inline'" not in directives["style-src"]
    assert directives["connect-src"] == ["'self'", settings.LIVE_URL]
    assert directives["frame-ancestors"] == ["'none'"]


def test_only_the_consoles_path_may_evaluate(client: Client) -> None:
    inside = policy(client.get(f"/{settings.CONSOLE_PATH}nothing-here"))
    beside = policy(client.get("/consolation"))

    assert "'unsafe-eval'" in inside["script-src"]
    assert "'unsafe-eval'" not in beside["script-src"]
    assert inside["default-src"] == ["'none'"]


def test_headers_that_every_answer_carries(client: Client) -> None:
    headers = client.get("/api/v1/nothing-here").headers

    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["X-Frame-Options"] == "DENY"
    assert headers["Referrer-Policy"] == "same-origin"
    assert headers["Cross-Origin-Opener-Policy"] == "same-origin"
