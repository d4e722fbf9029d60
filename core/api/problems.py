"""Errors as ``application/problem+json``: one shape for ours, DRF's, Django's and the unexpected.

Source: RFC 9457, with the members that the contract adds.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any

import structlog
from django.core.exceptions import PermissionDenied, RequestDataTooBig, SuspiciousOperation
from django.db import OperationalError
from django.http import Http404, HttpResponse
from rest_framework import exceptions
from rest_framework.views import set_rollback

from core.api import context, encoding
from core.identity.authentication import CHALLENGE
from core.kernel import errors

_log = structlog.get_logger(__name__)
MEDIA_TYPE = "application/problem+json"
_TYPE = "urn:diboas:problem:"
_BY_ROOT: tuple[tuple[type[errors.DiboasError], int], ...] = (
    (errors.InvalidInput, 400),
    (errors.NotFound, 404),
    (errors.Conflict, 409),
    (errors.Refused, 422),
    (errors.ConnectionFault, 503),
    (errors.ProcessingFault, 503),
)
_RETRYABLE = frozenset({429, 503})
_RETRY_AFTER_S = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class FieldError:
    """What is wrong with one field; ``pointer`` is a JSON pointer into the body."""

    pointer: str
    code: str
    detail: str

    def as_dict(self) -> dict[str, str]:
        return {"pointer": self.pointer, "code": self.code, "detail": self.detail}


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """One error answer. Without a ``detail`` the title of the status stands in."""

    status: int
    code: str
    detail: str = ""
    retryable: bool = False
    errors: Sequence[FieldError] = ()
    headers: Mapping[str, str] = field(default_factory=dict)

    def response(self) -> HttpResponse:
        """Return the HTTP answer of this problem."""
        title = HTTPStatus(self.status).phrase
        body = {
            "type": _TYPE + self.code,
            "title": title,
            "status": self.status,
            "detail": self.detail or f"{title}.",
            "code": self.code,
            "request_id": context.current().request_id,
            "retryable": self.retryable or self.status in _RETRYABLE,
            "errors": [error.as_dict() for error in self.errors],
        }
        headers = {"Cache-Control": "no-store", **self.headers}
        return HttpResponse(encoding.dumps(body), status=self.status, content_type=MEDIA_TYPE, headers=headers)


# What failed inside is for the log: its text may hold a provider's words or a secret.
_INTERNAL = Problem(status=500, code="internal_error", detail="Something went wrong on our side.")
_UNAVAILABLE = Problem(
    status=503,
    code="unavailable",
    detail="The service is not available for a moment.",
    headers={"Retry-After": str(_RETRY_AFTER_S)},
)


def exception_handler(error: Exception, _context: Mapping[str, Any]) -> HttpResponse:
    """Answer for any exception that left a view. DRF calls this."""
    set_rollback()
    return of_exception(error).response()


def of_exception(error: Exception) -> Problem:
    """Return the problem that an exception is. The unexpected is logged in full and told in no detail."""
    if isinstance(error, errors.DiboasError):
        return _of_ours(error)
    if isinstance(error, exceptions.APIException):
        return _of_drf(error)
    if isinstance(error, Http404):
        return Problem(status=404, code="not_found", detail="There is nothing here.")
    if isinstance(error, PermissionDenied):
        return Problem(status=403, code="forbidden", detail="You may not do this.")
    if isinstance(error, RequestDataTooBig):
        return Problem(status=413, code="body_too_large", detail="The body is too large.")
    if isinstance(error, SuspiciousOperation):
        return Problem(status=400, code="bad_request", detail="The request is malformed.")
    return _of_unexpected(error)


def _of_ours(error: errors.DiboasError) -> Problem:
    status = _status(error)
    if status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        _log.error("problem.fault", code=error.code, status=status, exc_info=error)
        return _UNAVAILABLE if status == HTTPStatus.SERVICE_UNAVAILABLE else _INTERNAL
    fields = (FieldError(pointer=error.pointer, code=error.code, detail=error.detail),) if error.pointer else ()
    return Problem(
        status=status,
        code=error.code,
        detail=error.detail,
        retryable=error.retryable,
        errors=fields,
        headers=_headers(error, status),
    )


def _headers(error: errors.DiboasError, status: int) -> dict[str, str]:
    if status == HTTPStatus.UNAUTHORIZED:
        return {"WWW-Authenticate": CHALLENGE}
    wait = getattr(error, "retry_after", _RETRY_AFTER_S if error.retryable else 0)
    return {"Retry-After": str(wait)} if wait else {}


def _status(error: errors.DiboasError) -> int:
    override = getattr(error, "http_status", None)
    if override is not None:
        return int(override)
    return next((status for root, status in _BY_ROOT if isinstance(error, root)), 500)


def _of_drf(error: exceptions.APIException) -> Problem:
    headers: dict[str, str] = {}
    if challenge := getattr(error, "auth_header", None):
        headers["WWW-Authenticate"] = challenge
    if isinstance(error, exceptions.ValidationError):
        fields = tuple(_fields(error.get_full_details(), ""))
        return Problem(status=400, code="invalid_input", detail="Some fields are not valid.", errors=fields)
    code = _DRF_CODES.get(type(error)) or str(error.get_codes())
    return Problem(status=error.status_code, code=code, detail=str(error.detail), headers=headers)


_DRF_CODES: dict[type[exceptions.APIException], str] = {
    exceptions.MethodNotAllowed: "method_not_allowed",
    exceptions.UnsupportedMediaType: "unsupported_media_type",
    exceptions.NotAuthenticated: "authentication_required",
}


def _fields(details: Any, pointer: str) -> list[FieldError]:
    if isinstance(details, dict) and set(details) == {"message", "code"}:
        return [FieldError(pointer=pointer, code=str(details["code"]), detail=str(details["message"]))]
    if isinstance(details, dict):
        return [error for key, value in details.items() for error in _fields(value, _child(pointer, str(key)))]
    return [error for value in details for error in _fields(value, pointer)]


def _child(pointer: str, key: str) -> str:
    if key == "non_field_errors":
        return pointer
    return f"{pointer}/{key.replace('~', '~0').replace('/', '~1')}"


def _of_unexpected(error: Exception) -> Problem:
    _log.exception("problem.unexpected", exc_info=error)
    return _UNAVAILABLE if isinstance(error, OperationalError) else _INTERNAL
