"""POST, GET and DELETE /api-keys. A secret is in the first answer and never anywhere again."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any, ClassVar
from uuid import UUID

from django.conf import settings
from django.http import HttpResponse
from drf_spectacular.utils import extend_schema
from rest_framework import exceptions
from rest_framework.request import Request

from core.api import bodies, encoding, openapi, pagination
from core.api.endpoints import shapes
from core.api.idempotent import idempotent
from core.api.views import ApiView, no_content
from core.identity import api_keys
from core.identity.principals import Principal, Scope
from core.kernel import clock, errors, ids


class ScopeNotHeld(exceptions.PermissionDenied):
    """Nobody gives away more than he has."""

    def __init__(self) -> None:
        super().__init__(detail="A key cannot have scopes that your own token lacks.", code="scope_not_held")


class KeyBounded(exceptions.PermissionDenied):
    """A key that ends or works from some addresses only must not make one that does not."""

    def __init__(self) -> None:
        super().__init__(detail="Sign in to make API keys.", code="sign_in_required")


class _KeysView(ApiView):
    tag = "api-keys"
    scopes: ClassVar[dict[str, Scope]] = {"GET": Scope.MANAGE, "POST": Scope.MANAGE, "DELETE": Scope.MANAGE}
    open_when_frozen = True

    @property
    def customer_id(self) -> UUID:
        """Whose keys these are: always the caller's."""
        customer_id = self.principal.customer_id
        if customer_id is None:
            raise api_keys.KeyNotFound(detail="You are not a customer.")
        return customer_id


class ApiKeysView(_KeysView):
    """All keys of the caller, and a new one."""

    @extend_schema(request=shapes.ApiKeyBody, responses={201: shapes.NewApiKeyAnswer}, operation_id="api_keys_create")
    @idempotent("api_keys.create")
    def post(self, request: Request) -> HttpResponse:
        body = bodies.of(request, allowed=("name", "scopes", "expires_at", "allowed_addresses"))
        scopes = bodies.texts(body, "scopes")
        _may_give(self.principal, scopes)
        key, secret = api_keys.issue(
            customer_id=self.customer_id,
            name=bodies.text(body, "name"),
            scopes=scopes,
            live=settings.DIBOAS_ENV == "prod",
            expires_at=_expiry(body),
            allowed_addresses=bodies.texts(body, "allowed_addresses"),
        )
        shown = shapes.api_key(key)
        response = encoding.response(
            {**shown, "secret": secret}, status=201, headers={"Location": f"/api/v1/api-keys/{shown['id']}"}
        )
        response.stored = encoding.dumps(shown)  # type: ignore[attr-defined]  # what a replay gets
        return response

    @extend_schema(
        parameters=openapi.PAGING, responses={200: openapi.page_of(shapes.ApiKeyAnswer)}, operation_id="api_keys_list"
    )
    def get(self, request: Request) -> HttpResponse:
        page, rows = pagination.paginate(request, api_keys.of_customer(self.customer_id))
        return encoding.response(pagination.envelope(rows, page=page, key=lambda row: row.id, render=shapes.api_key))


class ApiKeyView(_KeysView):
    """One key of the caller."""

    @extend_schema(responses={200: shapes.ApiKeyAnswer}, operation_id="api_keys_get")
    def get(self, request: Request, key_id: str) -> HttpResponse:
        return encoding.response(shapes.api_key(api_keys.get(customer_id=self.customer_id, key_id=_id(key_id))))

    @extend_schema(responses={204: None}, operation_id="api_keys_revoke")
    def delete(self, request: Request, key_id: str) -> HttpResponse:
        api_keys.revoke(customer_id=self.customer_id, key_id=_id(key_id))
        return no_content()


def _id(text: str) -> UUID:
    return ids.parse(ids.Prefix.API_KEY, text)


def _may_give(principal: Principal, scopes: list[str]) -> None:
    if principal.is_bounded_key:
        raise KeyBounded
    if not set(scopes) & {scope.value for scope in Scope} <= principal.scopes:
        raise ScopeNotHeld


def _expiry(body: Mapping[str, Any]) -> datetime | None:
    when = bodies.find_moment(body, "expires_at")
    if when is not None and when <= clock.SYSTEM.now():
        raise errors.InvalidInput(code="expiry_in_past", detail="Give a moment in the future.", pointer="/expires_at")
    return when
