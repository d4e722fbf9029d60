"""Increase's errors: a JSON problem whose ``type`` its SDK maps to exceptions."""

from __future__ import annotations

from sandbox.engine.provider import Refused
from sandbox.engine.values import Answer, json_answer


def answer(*, status: int, type: str, title: str, detail: str | None = None, **more: object) -> Answer:  # noqa: A002
    """Return an error answer; ``more`` are further fields such as ``errors`` or ``resource_id``."""
    return json_answer({"type": type, "title": title, "detail": detail, "status": status, **more}, status=status)


def invalid(field: str, message: str) -> Refused:
    """Return the refusal of a parameter: 400, naming the field."""
    return Refused(
        answer(
            status=400,
            type="invalid_parameters_error",
            title="Your request contains invalid parameters.",
            detail=f"{field}: {message}",
            errors=[{"field": field, "message": message}],
        )
    )


def malformed(detail: str) -> Refused:
    """Return the refusal of a body that is not a JSON object: 400."""
    return Refused(
        answer(status=400, type="malformed_request_error", title="The request cannot be parsed.", detail=detail)
    )


def unauthorized() -> Refused:
    """Return the refusal of a bad key: 401."""
    return Refused(
        answer(
            status=401,
            type="invalid_api_key_error",
            title="The API key is invalid.",
            detail="Send a valid key as Authorization: Bearer.",
            reason="no_credential",
        )
    )


def missing(what: str) -> Refused:
    """Return the refusal for an object that does not exist: 404."""
    return Refused(answer(status=404, type="object_not_found_error", title=f"Could not find the {what}."))


def no_such_method(method: str, path: str) -> Refused:
    """Return the refusal of a path that does not exist: 404."""
    return Refused(
        answer(status=404, type="api_method_not_found_error", title=f"There is no endpoint {method} {path}.")
    )


def not_now(detail: str) -> Refused:
    """Return the refusal of a step that the object's state does not allow: 409."""
    return Refused(
        answer(status=409, type="invalid_operation_error", title="The operation is not possible.", detail=detail)
    )
