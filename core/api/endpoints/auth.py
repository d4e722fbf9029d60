"""POST /auth/sign-up, /auth/sign-in, /auth/refresh, /auth/sign-out."""

from __future__ import annotations

from typing import ClassVar

from django.conf import settings
from django.http import HttpResponse
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request

from core.api import bodies, encoding
from core.api.endpoints import shapes
from core.api.views import ApiView, PublicView, no_content
from core.identity import customers, sign_in
from core.identity.authentication import JwtAuthentication
from core.identity.models import User
from core.identity.principals import Scope


class _SignInView(PublicView):
    """Counted by address, for whoever guesses passwords has no account yet."""

    tag = "auth"
    rate_scope = "sign_in"

    def address_limit(self) -> str:
        return str(settings.SIGN_IN_RATE)


class SignUpView(_SignInView):
    """Become a customer. Answers with the first tokens."""

    @extend_schema(request=shapes.SignUpBody, responses={201: shapes.TokensAnswer}, operation_id="auth_sign_up")
    def post(self, request: Request) -> HttpResponse:
        body = bodies.of(request, allowed=("email", "password", "handle", "display_name", "country"))
        new = customers.NewCustomer(
            email=bodies.text(body, "email", max_length=254),
            password=bodies.text(body, "password", max_length=1000),
            handle=bodies.text(body, "handle", max_length=40),
            display_name=bodies.text(body, "display_name"),
            country=bodies.text(body, "country", max_length=10),
        )
        customer = customers.create(new)
        pair = sign_in.open_session(request=request._request, user=User.objects.get(email=customer.email))
        return encoding.response(
            shapes.tokens(pair) | {"customer": shapes.me(customer)}, status=201, headers={"Location": "/api/v1/me"}
        )


class SignInView(_SignInView):
    """Sign in with e-mail and password, and with a code where a second factor is set up."""

    @extend_schema(request=shapes.SignInBody, responses={200: shapes.TokensAnswer}, operation_id="auth_sign_in")
    def post(self, request: Request) -> HttpResponse:
        body = bodies.of(request, allowed=("email", "password", "code"))
        pair = sign_in.sign_in(
            request=request._request,
            email=bodies.text(body, "email", max_length=254),
            password=bodies.text(body, "password", max_length=1000),
            code=bodies.find_text(body, "code", max_length=20) or "",
        )
        return encoding.response(shapes.tokens(pair))


class RefreshView(PublicView):
    """Change a refresh token for a new pair. Using one twice ends the whole sign-in."""

    tag = "auth"
    rate_scope = "refresh"

    def address_limit(self) -> str:
        return "60/minute"

    @extend_schema(request=shapes.RefreshBody, responses={200: shapes.TokensAnswer}, operation_id="auth_refresh")
    def post(self, request: Request) -> HttpResponse:
        body = bodies.of(request, allowed=("refresh_token",))
        pair = sign_in.refresh(token=bodies.text(body, "refresh_token", max_length=2000))
        return encoding.response(shapes.tokens(pair))


class SignOutView(ApiView):
    """End this sign-in: its access and refresh tokens stop working at once."""

    tag = "auth"
    authentication_classes = (JwtAuthentication,)
    scopes: ClassVar[dict[str, Scope]] = {"POST": Scope.READ}
    open_when_frozen = True

    @extend_schema(request=None, responses={204: None}, operation_id="auth_sign_out")
    def post(self, request: Request) -> HttpResponse:
        sign_in.sign_out(session_key=self.principal.session_key)
        return no_content()
