"""The base of every endpoint: who is it, how often, with which scope; then the handler; then the headers."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar

import structlog
from django.http import HttpResponse
from django.http.response import HttpResponseBase
from rest_framework import exceptions, negotiation
from rest_framework.authentication import BaseAuthentication
from rest_framework.request import Request
from rest_framework.views import APIView

from core.api import encoding, problems, rate_limits
from core.api.openapi import ContractSchema
from core.identity import addresses, api_keys
from core.identity.authentication import ApiKeyAuthentication, JwtAuthentication, StaffSessionAuthentication
from core.identity.principals import Principal, Scope
from core.kernel import errors

_SAFE = frozenset({"GET", "HEAD"})


class AccountFrozen(errors.Refused):
    """The customer may look but not move anything. HTTP 423."""

    default_code = "account_frozen"
    http_status = 423


class ScopeMissing(exceptions.PermissionDenied):
    """The token may not be used for this."""

    def __init__(self, scope: str) -> None:
        super().__init__(detail=f"This needs a token with the scope {scope!r}.", code="scope_missing")


class AlwaysJson(negotiation.BaseContentNegotiation):
    """Answers are JSON, whatever the Accept header says."""

    def select_parser(self, request: Request, parsers: Any) -> Any:
        media_type = (request.content_type or "").partition(";")[0].strip().lower()
        return next((parser for parser in parsers if parser.media_type == media_type), None)

    def select_renderer(self, request: Request, renderers: Any, format_suffix: str | None = None) -> Any:
        return renderers[0], renderers[0].media_type


class ApiView(APIView):
    """An endpoint for customers.

    ``rate_scope`` names the limit that counts. ``scopes`` maps a method to the scope that it needs; without an entry
    reading needs ``read`` and changing needs ``transact``. ``open_when_frozen``: frozen customers may change this.
    """

    authentication_classes: Sequence[type[BaseAuthentication]] = (ApiKeyAuthentication, JwtAuthentication)
    renderer_classes = (encoding.JsonRenderer,)
    parser_classes = (encoding.JsonParser,)
    content_negotiation_class = AlwaysJson
    permission_classes = ()
    throttle_classes = ()
    metadata_class = None
    http_method_names = ("get", "post", "put", "patch", "delete", "head")
    schema = ContractSchema()

    rate_scope: ClassVar[str] = "default"
    scopes: ClassVar[dict[str, Scope]] = {}
    open_when_frozen: ClassVar[bool] = False

    budget: rate_limits.Budget | None = None

    @property
    def principal(self) -> Principal:
        """Who makes this request."""
        principal: object = self.request.user
        if not isinstance(principal, Principal):
            raise exceptions.NotAuthenticated(detail="Sign in, or send an API key.")
        return principal

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        self.format_kwarg = None
        request.accepted_renderer, request.accepted_media_type = self.perform_content_negotiation(request)
        if not self.http_method_known(request):
            raise exceptions.MethodNotAllowed(request.method or "")
        self.admit(request)

    def http_method_known(self, request: Request) -> bool:
        """Say whether there is a handler: a wrong method is told before anything is counted."""
        return request.method in self.allowed_methods

    def admit(self, request: Request) -> None:
        """Let the request in. Raises: NotAuthenticated, TooManyRequests, ScopeMissing, AccountFrozen."""
        principal = self.principal
        structlog.contextvars.bind_contextvars(actor=principal.actor)
        self.spend(rate_limits.of_principal(principal, scope=self.rate_scope))
        is_safe = request.method in _SAFE
        scope = self.scopes.get(request.method or "") or (Scope.READ if is_safe else Scope.TRANSACT)
        if scope not in principal.scopes:
            raise ScopeMissing(scope.value)
        if principal.is_frozen and not is_safe and not self.open_when_frozen:
            raise AccountFrozen(detail="This account is frozen. Nothing can be moved.")

    def spend(self, budget: rate_limits.Budget) -> None:
        """Keep what is left for the headers. Raises: TooManyRequests."""
        self.budget = budget
        if not budget.rate.allowed:
            raise rate_limits.TooManyRequests

    def finalize_response(  # type: ignore[override]  # DRF takes and returns plain Django responses as well
        self, request: Request, response: HttpResponseBase, *args: Any, **kwargs: Any
    ) -> HttpResponseBase:
        final: HttpResponseBase = super().finalize_response(request, response, *args, **kwargs)  # type: ignore[arg-type]  # same
        final.headers["Cache-Control"] = "no-store"
        if self.budget is not None:
            for name, value in self.budget.headers.items():
                final.headers[name] = value
        self._note_use(request)
        return final

    def _note_use(self, request: Request) -> None:
        # After the handler's commit: when a key was last used is no part of what the request does.
        user: object = getattr(request, "_user", None)
        if isinstance(user, Principal) and user.is_use_stale and user.key_id is not None:
            api_keys.touch(user.key_id)

    def get_exception_handler(self) -> Any:
        return problems.exception_handler


class PublicView(ApiView):
    """An endpoint for anybody. With ``address_limit`` requests are counted by address."""

    authentication_classes = ()

    def admit(self, request: Request) -> None:
        limit = self.address_limit()
        if limit:
            address = addresses.of_request(request._request)
            self.spend(rate_limits.of_address(address, scope=self.rate_scope, limit=limit))

    def address_limit(self) -> str:
        """Return the limit per address, empty for none."""
        return ""


class StaffView(ApiView):
    """An endpoint for members of staff with the console's session and a proven second factor."""

    authentication_classes = (StaffSessionAuthentication,)

    def admit(self, request: Request) -> None:
        principal = self.principal
        structlog.contextvars.bind_contextvars(actor=principal.actor)
        self.spend(rate_limits.of_principal(principal, scope=self.rate_scope))


def no_content() -> HttpResponse:
    """Return 204."""
    return HttpResponse(status=204)
