"""What every operation of the OpenAPI document has in common: problems, the idempotency key, rate-limit headers."""

from __future__ import annotations

from typing import Any

from drf_spectacular.extensions import OpenApiAuthenticationExtension
from drf_spectacular.openapi import AutoSchema
from drf_spectacular.utils import OpenApiParameter, inline_serializer
from rest_framework.serializers import BooleanField, CharField, Serializer

from core.identity.authentication import ApiKeyAuthentication, JwtAuthentication, StaffSessionAuthentication

_MEDIA = "application/problem+json"
_PROBLEM = {"$ref": "#/components/schemas/Problem"}
_EVERYWHERE = {"400": "Malformed", "429": "Too many requests; see Retry-After", "503": "Not available for a moment"}
_SIGNED_IN = {"401": "Not signed in, or the token has ended", "403": "The scope or a policy forbids it"}
_CHANGING = {"409": "State or version forbids it, or the key is in use", "422": "A business rule forbids it"}

PROBLEM_SCHEMA: dict[str, Any] = {
    "type": "object",
    "description": "RFC 9457, with a stable code.",
    "required": ["type", "title", "status", "detail", "code", "request_id", "retryable", "errors"],
    "properties": {
        "type": {"type": "string", "format": "uri"},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "detail": {"type": "string"},
        "code": {"type": "string"},
        "request_id": {"type": "string"},
        "retryable": {"type": "boolean"},
        "errors": {
            "type": "array",
            "items": {
                "type": "object",
                "required": ["pointer", "code", "detail"],
                "properties": {name: {"type": "string"} for name in ("pointer", "code", "detail")},
            },
        },
    },
}
_KEY = OpenApiParameter(
    name="Idempotency-Key",
    location=OpenApiParameter.HEADER,
    required=True,
    type={"type": "string", "minLength": 1, "maxLength": 255, "pattern": r"^[\x21-\x7e]+$"},
    description="The same key with the same body gets the first answer again, with Idempotency-Replayed: true.",
)


PAGING = [
    OpenApiParameter(name="limit", type=int, description="1 to 100, 25 by default."),
    OpenApiParameter(name="cursor", type=str, description="next_cursor of the page before."),
]


def page_of(shape: type[Serializer[Any]]) -> Any:
    """Return the shape of a list of ``shape``, for ``extend_schema(responses=…)``."""
    return inline_serializer(
        name=f"{shape.__name__}Page",
        fields={
            "data": shape(many=True),
            "has_more": BooleanField(),
            "next_cursor": CharField(allow_null=True),
        },
    )


class ContractSchema(AutoSchema):
    """Adds to each operation what the contract says of all of them."""

    def get_override_parameters(self) -> list[Any]:
        return [_KEY] if self._is_idempotent() else []

    def get_operation(self, *args: Any, **kwargs: Any) -> Any:
        operation = super().get_operation(*args, **kwargs)
        if operation is None:
            return None
        for status, text in self._problems().items():
            content = {_MEDIA: {"schema": _PROBLEM}}
            operation["responses"].setdefault(status, {"description": text, "content": content})
        operation["responses"] = dict(sorted(operation["responses"].items()))
        return operation

    def get_tags(self) -> list[str]:
        return [getattr(self.view, "tag", "") or super().get_tags()[0]]

    def _is_idempotent(self) -> bool:
        return hasattr(getattr(self.view, self.method.lower(), None), "idempotent_operation")

    def _problems(self) -> dict[str, str]:
        problems = dict(_EVERYWHERE)
        if self.view.authentication_classes:
            problems |= _SIGNED_IN
        if "{" in self.path:
            problems |= {"404": "No such object, or somebody else's"}
        if self.method not in {"GET", "HEAD"}:
            problems |= _CHANGING | {"415": "Only application/json is read"}
        return problems


def add_problem_schema(result: dict[str, Any], **_context: object) -> dict[str, Any]:
    """Postprocessing hook: put the Problem schema into the components."""
    result.setdefault("components", {}).setdefault("schemas", {})["Problem"] = PROBLEM_SCHEMA
    return result


class _Bearer(OpenApiAuthenticationExtension):  # type: ignore[no-untyped-call]  # spectacular registers subclasses
    target_class = ApiKeyAuthentication
    name = "ApiKey"

    def get_security_definition(self, auto_schema: AutoSchema) -> dict[str, Any]:
        return {"type": "http", "scheme": "bearer", "description": "An API key: dk_live_… or dk_test_…"}


class _Jwt(OpenApiAuthenticationExtension):  # type: ignore[no-untyped-call]  # spectacular registers subclasses
    target_class = JwtAuthentication
    name = "AccessToken"

    def get_security_definition(self, auto_schema: AutoSchema) -> dict[str, Any]:
        return {"type": "http", "scheme": "bearer", "bearerFormat": "JWT", "description": "From /auth/sign-in."}


class _Staff(OpenApiAuthenticationExtension):  # type: ignore[no-untyped-call]  # spectacular registers subclasses
    target_class = StaffSessionAuthentication
    name = "StaffSession"

    def get_security_definition(self, auto_schema: AutoSchema) -> dict[str, Any]:
        return {"type": "apiKey", "in": "cookie", "name": "sessionid", "description": "The console's session with MFA."}
