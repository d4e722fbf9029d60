"""Every operation of our own OpenAPI document, with what it allows and what it does not, made up by schemathesis.

``DIBOAS_LONG=1`` makes it 300 requests for each operation instead of a few.
"""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from schemathesis import Case, GenerationMode
from schemathesis.core import NOT_SET
from schemathesis.core.result import Ok

from core.audit import books
from tests.abuse.conftest import Door, problem

DOCUMENT = Path(__file__).resolve().parents[2] / "docs" / "openapi.yaml"
EXAMPLES = 300 if os.environ.get("DIBOAS_LONG") == "1" else 6
SCHEMA = schemathesis.openapi.from_path(str(DOCUMENT))
OPERATIONS = {one.ok().label: one.ok() for one in SCHEMA.get_all_operations() if isinstance(one, Ok)}
QUIET = settings(
    max_examples=EXAMPLES,
    deadline=None,
    database=None,
    phases=[Phase.generate],
    suppress_health_check=list(HealthCheck),
)
pytestmark = [pytest.mark.django_db, pytest.mark.timeout(1800)]


@pytest.mark.parametrize("mode", list(GenerationMode), ids=lambda mode: mode.value)
@pytest.mark.parametrize("label", sorted(OPERATIONS))
def test_no_request_is_a_server_error(door: Door, label: str, mode: GenerationMode) -> None:
    @QUIET
    @given(case=OPERATIONS[label].as_strategy(generation_mode=mode))
    def knock(case: Case[Any]) -> None:
        answer = send(door, case)
        assert answer.status_code < 500, (case.as_curl_command(), answer.content)
        if answer.status_code >= 400:
            problem(answer)

    knock()

    assert [str(one) for one in books.run()] == []


def send(door: Door, case: Case[Any]) -> Any:
    """Send a made-up request through the door; what HTTP itself cannot carry is left out."""
    path = case.formatted_path.removeprefix("/api/v1") or "/"
    query = urlencode({name: str(value) for name, value in (case.query or {}).items()}, errors="replace")
    body = b"" if case.body is NOT_SET else json.dumps(case.body, default=str).encode()
    headers = {
        str(name).lower().replace("-", "_"): str(value)
        for name, value in (case.headers or {}).items()
        if str(name).lower() == "idempotency-key" and str(value).isprintable()
    }
    return door.send(case.method, f"{path}?{query}", body, **headers)
