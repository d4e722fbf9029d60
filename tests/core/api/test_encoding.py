"""JSON out: exact, or not at all."""

from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal
from uuid import UUID

import pytest

from core.api import encoding


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (datetime(2026, 1, 31, 12, 0, tzinfo=UTC), b'"2026-01-31T12:00:00.000000Z"'),
        (datetime(2026, 1, 31, 12, 0, 0, 5, tzinfo=timezone(timedelta(hours=2))), b'"2026-01-31T10:00:00.000005Z"'),
        (UUID(int=10), b'"00000000-0000-0000-0000-00000000000a"'),
        ({"é": None}, '{"é":null}'.encode()),
    ],
)
def test_values_have_one_form(value, text):
    assert encoding.dumps(value) == text


@pytest.mark.parametrize("value", [Decimal("1.10"), {"a": [Decimal(1)]}, object(), {1, 2}])
def test_what_has_no_exact_form_is_not_written(value):
    with pytest.raises(TypeError):
        encoding.dumps(value)
