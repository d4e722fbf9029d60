"""The OpenAPI document of what this package serves."""

import pytest
from django.urls import include, path
from drf_spectacular.drainage import GENERATOR_STATS
from drf_spectacular.generators import SchemaGenerator

PROBLEM = {"$ref": "#/components/schemas/Problem"}


@pytest.fixture(scope="module")
def document():
    with GENERATOR_STATS.silence():
        return SchemaGenerator(patterns=[path("api/v1/", include("core.api.urls"))]).get_schema(public=True)


def operations(document):
    return {(method, url): op for url, ops in document["paths"].items() for method, op in ops.items()}


def test_the_document_comes_without_a_warning_and_names_every_operation(document):
    assert not GENERATOR_STATS
    names = [operation["operationId"] for operation in operations(document).values()]
    assert len(names) == len(set(names)) == 15


def test_every_error_of_every_operation_is_a_problem(document):
    for operation in operations(document).values():
        errors = {status: answer for status, answer in operation["responses"].items() if status >= "400"}
        assert {"400", "429", "503"} <= set(errors)
        assert all(answer["content"] == {"application/problem+json": {"schema": PROBLEM}} for answer in errors.values())


def test_the_idempotency_key_is_required_where_the_code_requires_it(document):
    asking = {
        where
        for where, operation in operations(document).items()
        for parameter in operation.get("parameters", [])
        if parameter["name"] == "Idempotency-Key" and parameter["required"]
    }

    assert asking == {("post", "/api/v1/api-keys")}


def test_only_sign_in_is_open_to_anybody(document):
    opened = {url for (_, url), operation in operations(document).items() if operation.get("security", [{}]) == [{}]}

    assert opened == {f"/api/v1/auth/{name}" for name in ("sign-up", "sign-in", "refresh")}
