"""/auth/mfa/…: set up, prove and remove the second factor of a signed-in customer."""

from __future__ import annotations

from typing import ClassVar

from django.conf import settings
from django.http import HttpResponse
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request

from core.api import bodies, encoding, rate_limits
from core.api.endpoints import shapes
from core.api.views import ApiView, no_content
from core.identity import second_factor, sign_in
from core.identity.authentication import JwtAuthentication
from core.identity.models import User
from core.identity.principals import Scope


class _MfaView(ApiView):
    """Only with a sign-in, and as slow as sign-in, for a code has six digits."""

    tag = "auth"
    authentication_classes = (JwtAuthentication,)
    scopes: ClassVar[dict[str, Scope]] = {"POST": Scope.READ, "DELETE": Scope.READ}
    open_when_frozen = True
    rate_scope = "mfa"

    def spend(self, budget: rate_limits.Budget) -> None:
        """Count by user with sign-in's limit instead of the rate class's."""
        actor = self.principal.actor
        super().spend(rate_limits.of_address(actor, scope=self.rate_scope, limit=str(settings.SIGN_IN_RATE)))

    def proven(self, request: Request) -> None:
        """Go on if the body has a valid code. Raises: CodeRefused."""
        body = bodies.of(request, allowed=("code",))
        code = bodies.text(body, "code", max_length=20)
        if not second_factor.verify(user_id=self.principal.user_id, code=code):
            raise second_factor.CodeRefused(detail="This code is not valid.", pointer="/code")


class TotpView(_MfaView):
    """Offer a secret (nothing is stored yet), or remove the second factor with one last code."""

    @extend_schema(request=None, responses={200: shapes.TotpOffer}, operation_id="auth_mfa_totp_offer")
    def post(self, request: Request) -> HttpResponse:
        offer = second_factor.offer(user=User.objects.get(pk=self.principal.user_id))
        return encoding.response({"secret": offer.secret, "url": offer.url})

    @extend_schema(request=shapes.CodeBody, responses={204: None}, operation_id="auth_mfa_totp_remove")
    def delete(self, request: Request) -> HttpResponse:
        self.proven(request)
        second_factor.remove(user=User.objects.get(pk=self.principal.user_id))
        return no_content()


class TotpConfirmView(_MfaView):
    """Store the offered secret, proven by a code made from it. Answers with recovery codes, shown once."""

    @extend_schema(
        request=shapes.TotpConfirmBody,
        responses={200: shapes.RecoveryCodesAnswer},
        operation_id="auth_mfa_totp_confirm",
    )
    def post(self, request: Request) -> HttpResponse:
        body = bodies.of(request, allowed=("secret", "code"))
        codes = second_factor.confirm(
            user=User.objects.get(pk=self.principal.user_id),
            secret=bodies.text(body, "secret", max_length=64),
            code=bodies.text(body, "code", max_length=20),
        )
        sign_in.note_second_factor(session_key=self.principal.session_key)
        return encoding.response({"recovery_codes": codes})


class VerifyView(_MfaView):
    """Prove the second factor again, for something that wants fresh proof."""

    @extend_schema(request=shapes.CodeBody, responses={204: None}, operation_id="auth_mfa_verify")
    def post(self, request: Request) -> HttpResponse:
        self.proven(request)
        sign_in.note_second_factor(session_key=self.principal.session_key)
        return no_content()
