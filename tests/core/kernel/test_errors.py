"""The roots: how bad each is, whether it is worth repeating, and what it says."""

import pytest

from core.kernel import errors
from core.kernel.errors import Severity


@pytest.mark.parametrize(
    ("root", "severity", "retryable", "code"),
    [
        (errors.InvalidInput, Severity.LOW, False, "invalid_input"),
        (errors.Refused, Severity.LOW, False, "refused"),
        (errors.NotFound, Severity.LOW, False, "not_found"),
        (errors.Conflict, Severity.LOW, False, "conflict"),
        (errors.ConnectionFault, Severity.MEDIUM, True, "connection_fault"),
        (errors.ProcessingFault, Severity.HIGH, True, "processing_fault"),
        (errors.SystemFault, Severity.CRITICAL, False, "system_fault"),
    ],
)
def test_each_root_has_its_class(
    root: type[errors.DiboasError], severity: Severity, retryable: bool, code: str
) -> None:
    error = root()

    assert (error.severity, error.retryable, error.code) == (severity, retryable, code)
    assert str(error) == code
    assert isinstance(error, errors.DiboasError)


def test_an_error_says_what_and_where() -> None:
    error = errors.InvalidInput(code="invalid_amount", detail="Not a number.", pointer="/source/amount")

    assert (error.code, error.detail, error.pointer) == ("invalid_amount", "Not a number.", "/source/amount")
    assert str(error) == "invalid_amount: Not a number."
    assert errors.InvalidInput().pointer == ""


def test_what_nobody_classified_is_for_a_person() -> None:
    class Odd(errors.DiboasError):
        pass

    assert (Odd.severity, Odd.retryable) == (Severity.CRITICAL, False)
