"""DRF authentication: one bearer header, either an API key or an access token; and the console's session for staff.

Each sets ``request.user`` and ``request.auth`` to a ``Principal``.
"""

from __future__ import annotations

from uuid import UUID

from django.conf import settings
from django.http import HttpRequest
from rest_framework import authentication, exceptions
from rest_framework.request import Request

from core.identity import addresses, api_keys, sign_in, staff_mfa
from core.identity.models import Customer, CustomerStatus, User
from core.identity.principals import Principal

CHALLENGE = 'Bearer realm="diboas"'
_PREFIXES = (api_keys.LIVE, api_keys.TEST)


class Refused(exceptions.AuthenticationFailed):
    """Who came could not prove who he is."""

    def __init__(self, code: str, detail: str) -> None:
        super().__init__(detail=detail, code=code)


class AddressRefused(exceptions.PermissionDenied):
    """The key is right but may not be used from there."""

    def __init__(self) -> None:
        super().__init__(detail="This API key may not be used from this address.", code="address_not_allowed")


def _bearer(request: Request) -> str:
    scheme, _, token = request.META.get("HTTP_AUTHORIZATION", "").partition(" ")
    return token.strip() if scheme.lower() == "bearer" else ""


class ApiKeyAuthentication(authentication.BaseAuthentication):
    """``Authorization: Bearer dk_live_…``. One query."""

    def authenticate(self, request: Request) -> tuple[Principal, Principal] | None:
        secret = _bearer(request)
        if not secret.startswith(_PREFIXES):
            return None
        proof = api_keys.prove(secret)
        if proof is None or (settings.DIBOAS_ENV == "prod" and not proof.live):
            raise Refused("invalid_credentials", "The API key is not valid.")
        if proof.is_revoked or proof.is_expired:
            raise Refused("api_key_ended", "The API key has expired or was revoked.")
        if proof.allowed_addresses:
            address = addresses.of_request(request._request)
            if not addresses.is_allowed(address=address, networks=proof.allowed_addresses):
                raise AddressRefused
        principal = proof.principal()
        return principal, principal

    def authenticate_header(self, request: Request) -> str:
        return CHALLENGE


class JwtAuthentication(authentication.BaseAuthentication):
    """``Authorization: Bearer <access token>`` of a customer who signed in."""

    def authenticate(self, request: Request) -> tuple[Principal, Principal] | None:
        token = _bearer(request)
        if not token or token.startswith(_PREFIXES):
            return None
        signed_in = sign_in.read_access_token(token)
        row = signed_in and _OWNER.filter(user_id=signed_in.user_id).first()
        if not signed_in or not row:
            raise Refused("invalid_credentials", "The access token is not valid or has expired.")
        customer_id, rate_class, status = row
        principal = Principal(
            kind="customer",
            user_id=signed_in.user_id,
            customer_id=customer_id,
            rate_class=rate_class,
            is_frozen=status == CustomerStatus.FROZEN,
            mfa_at=signed_in.mfa_at,
            session_key=signed_in.session_key,
            device=UUID(hex=signed_in.device) if signed_in.device else None,
        )
        return principal, principal

    def authenticate_header(self, request: Request) -> str:
        return CHALLENGE


_OWNER = Customer.objects.values_list("id", "rate_class", "status")


class StaffSessionAuthentication(authentication.SessionAuthentication):
    """The console's session of a member of staff who proved a second factor. Changing requests need the CSRF token."""

    def authenticate(self, request: Request) -> tuple[Principal, Principal] | None:
        http: HttpRequest = request._request
        if not hasattr(http, "session") or not isinstance(http.user, User) or not staff_mfa.is_verified(http):
            return None
        self.enforce_csrf(request)
        principal = Principal(kind="staff", user_id=http.user.pk, mfa_at=staff_mfa.verified_at(http))
        return principal, principal

    def authenticate_header(self, request: Request) -> str:
        return CHALLENGE
