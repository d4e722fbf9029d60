"""Reading a body field by field."""

from datetime import UTC, datetime

import pytest

from core.api import bodies
from core.kernel import errors

HOLE = {"a": None}


def test_what_is_there_is_returned_as_it_is():
    assert bodies.text({"a": " x "}, "a") == " x "
    assert bodies.find_text({"a": ""}, "a") == ""
    assert bodies.texts({"a": ["x", "y"]}, "a") == ["x", "y"]
    assert bodies.find_object({"a": {}}, "a") == {}
    assert bodies.find_moment({"a": "2026-01-31T12:00:00Z"}, "a") == datetime(2026, 1, 31, 12, tzinfo=UTC)


@pytest.mark.parametrize("body", [{}, HOLE])
def test_missing_and_null_are_the_same(body):
    assert bodies.find_text(body, "a") is None
    assert bodies.texts(body, "a") == []
    assert bodies.find_object(body, "a") is None
    assert bodies.find_moment(body, "a") is None


@pytest.mark.parametrize(
    ("read", "value", "code"),
    [
        (bodies.text, None, "required"),
        (bodies.text, "", "required"),
        (bodies.find_text, 5, "invalid_type"),
        (bodies.find_text, ["x"], "invalid_type"),
        (bodies.find_text, "x" * 201, "too_long"),
        (bodies.texts, "x", "invalid_type"),
        (bodies.texts, ["x", 1], "invalid_type"),
        (bodies.texts, ["x"] * 21, "too_long"),
        (bodies.find_object, [], "invalid_type"),
        (bodies.find_object, "x", "invalid_type"),
        (bodies.find_moment, "2026-01-31T12:00:00", "invalid_time"),
        (bodies.find_moment, "2026-02-30T12:00:00Z", "invalid_time"),
        (bodies.find_moment, "x", "invalid_time"),
        (bodies.find_moment, 1769860800, "invalid_type"),
    ],
)
def test_anything_else_is_refused_by_pointer(read, value, code):
    with pytest.raises(errors.InvalidInput) as caught:
        read({"a": value}, "a", at="/source")

    assert (caught.value.code, caught.value.pointer) == (code, "/source/a")
