"""Stripe's errors, as its SDK maps them to exceptions."""

from __future__ import annotations

from sandbox.engine.provider import Refused
from sandbox.engine.values import Answer, Json, json_answer

_DOC = "https://stripe.com/docs/error-codes/"


def answer(*, status: int, type: str, message: str, **more: object) -> Answer:  # noqa: A002 - Stripe's own word
    """Return an error answer; ``more`` are further fields such as code, param, decline_code."""
    error: Json = {name: value for name, value in more.items() if value is not None}
    error |= {"message": message, "type": type}
    if "code" in error:
        error["doc_url"] = _DOC + str(error["code"]).replace("_", "-")
    return json_answer({"error": error}, status=status)


def invalid(message: str, *, param: str | None = None, code: str | None = None, **more: object) -> Refused:
    """Return the refusal of a request that does not hold: 400."""
    return Refused(answer(status=400, type="invalid_request_error", message=message, param=param, code=code, **more))


def missing(what: str, id: str, *, param: str = "id") -> Refused:  # noqa: A002 - Stripe's own word
    """Return the refusal for an object that does not exist: 404 in a path, 400 as a parameter."""
    status = 404 if param in ("id", "intent") else 400
    return Refused(
        answer(
            status=status,
            type="invalid_request_error",
            message=f"No such {what}: '{id}'",
            param=param,
            code="resource_missing",
        )
    )


def unauthorized(message: str) -> Refused:
    """Return the refusal of a bad key: 401."""
    return Refused(answer(status=401, type="invalid_request_error", message=message))


def unexpected_state(message: str, *, intent: Json) -> Refused:
    """Return the refusal of a step that the intent's status does not allow."""
    return invalid(message, code="payment_intent_unexpected_state", payment_intent=intent)
