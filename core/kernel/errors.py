"""The few error roots from which every anticipated error of the platform derives."""

from __future__ import annotations

from enum import StrEnum
from typing import ClassVar


class Severity(StrEnum):
    """How bad an error is and so what happens next (product rule).

    LOW is told to the caller and never retried, MEDIUM is retried and then sent to another provider,
    HIGH is retried and then compensated, CRITICAL is parked for a person with an alert.
    """

    LOW = "LOW"
    MEDIUM = "MEDIUM"
    HIGH = "HIGH"
    CRITICAL = "CRITICAL"


class DiboasError(Exception):
    """Any anticipated error: a stable ``code``, a plain sentence, and the field it is about, if one.

    ``pointer`` is a JSON pointer such as ``/source/amount``.
    """

    severity: ClassVar[Severity] = Severity.CRITICAL
    retryable: ClassVar[bool] = False
    default_code: ClassVar[str] = "error"

    def __init__(self, *, code: str = "", detail: str = "", pointer: str = "") -> None:
        self.code = code or self.default_code
        self.detail = detail
        self.pointer = pointer
        super().__init__(f"{self.code}: {detail}" if detail else self.code)


class InvalidInput(DiboasError):
    """What was sent is malformed. HTTP 400."""

    severity = Severity.LOW
    default_code = "invalid_input"


class Refused(DiboasError):
    """What was asked is well-formed but a business rule says no. HTTP 422."""

    severity = Severity.LOW
    default_code = "refused"


class NotFound(DiboasError):
    """There is no such object, or it is somebody else's. HTTP 404."""

    severity = Severity.LOW
    default_code = "not_found"


class Conflict(DiboasError):
    """The object is not in a state or version that allows this. HTTP 409."""

    severity = Severity.LOW
    default_code = "conflict"


class ConnectionFault(DiboasError):
    """A dependency could not be reached or did not answer. Retried, then another provider is tried."""

    severity = Severity.MEDIUM
    retryable = True
    default_code = "connection_fault"


class ProcessingFault(DiboasError):
    """A step of a transaction failed on our side. Retried, then compensated."""

    severity = Severity.HIGH
    retryable = True
    default_code = "processing_fault"


class SystemFault(DiboasError):
    """Something that must never happen did. Parked for a person, with an alert."""

    severity = Severity.CRITICAL
    default_code = "system_fault"
