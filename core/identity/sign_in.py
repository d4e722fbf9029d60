"""Signing in with e-mail, password and code; rotating and revoking what was given out.

The tokens are allauth's: JWTs that name a session row. Deleting the row revokes the whole family at once, because
every access token is looked up (HEADLESS_JWT_STATEFUL_VALIDATION_ENABLED). What is ours: a refresh token that comes
back a second time gives the family away, and refreshing is done under the row's lock, so that two racing refreshes
cannot both win.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from allauth.headless import app_settings
from allauth.headless.internal import sessionkit
from allauth.headless.tokens.strategies.jwt import internal as jwt
from django.contrib import auth
from django.contrib.auth.signals import user_login_failed
from django.contrib.sessions.backends.base import SessionBase
from django.contrib.sessions.models import Session
from django.db import transaction
from django.http import HttpRequest

from core.identity import devices, evidence, second_factor
from core.identity.models import User
from core.kernel import clock, errors

_BACKEND = "django.contrib.auth.backends.ModelBackend"
_MFA_AT = "mfa_at"
_DEVICE = "device"


class CredentialsRefused(errors.DiboasError):
    """The e-mail address, the password or the token is not right. It is not said which."""

    severity = errors.Severity.LOW
    default_code = "invalid_credentials"
    http_status = 401


class CodeRequired(CredentialsRefused):
    """The password is right and a second factor is set up: the code is missing."""

    default_code = "mfa_code_required"


class CodeWrong(CredentialsRefused):
    """The password is right, the code is not."""

    default_code = "mfa_code_invalid"


class TokenReused(CredentialsRefused):
    """A refresh token was used a second time: somebody else has it. The whole family is revoked."""

    default_code = "refresh_token_reused"


class StaffRefused(errors.Refused):
    """Members of staff sign in at the console, where a second factor is always asked for. HTTP 403."""

    default_code = "staff_use_console"
    http_status = 403


class LockedOut(errors.DiboasError):
    """Too many failures for this account from this address."""

    severity = errors.Severity.LOW
    default_code = "locked_out"
    http_status = 429
    retry_after = 900


@dataclass(frozen=True, slots=True, kw_only=True)
class Tokens:
    """What a sign-in or a refresh gives."""

    access: str
    refresh: str
    user_id: int

    @property
    def expires_in_s(self) -> int:
        return int(app_settings.JWT_ACCESS_TOKEN_EXPIRES_IN)


@dataclass(frozen=True, slots=True, kw_only=True)
class SignedIn:
    """What a valid access token proves."""

    user_id: int
    session_key: str
    mfa_at: datetime | None
    device: str


def sign_in(*, request: HttpRequest, email: str, password: str, code: str = "") -> Tokens:
    """Check the credentials and open a session.

    Raises: CredentialsRefused, CodeRequired, CodeWrong, StaffRefused, LockedOut.
    """
    user = auth.authenticate(request, username=email.strip().lower(), password=password)
    if getattr(request, "axes_locked_out", False):
        raise LockedOut(detail="Too many failed attempts. Try again later.")
    if not isinstance(user, User):
        raise CredentialsRefused(detail="The e-mail address or the password is wrong.")
    if user.is_staff:
        raise StaffRefused(detail="Members of staff sign in at the console.")
    enrolled = second_factor.is_enrolled(user_id=user.pk)
    if enrolled:
        _check_code(request=request, user=user, code=code)
    return open_session(request=request, user=user, has_second_factor=enrolled)


def _check_code(*, request: HttpRequest, user: User, code: str) -> None:
    if not code:
        raise CodeRequired(detail="Give a current code of your authenticator app as well.", pointer="/code")
    if not second_factor.verify(user_id=user.pk, code=code):
        user_login_failed.send(sender=__name__, credentials={"username": user.email}, request=request)
        raise CodeWrong(detail="This code is not valid.", pointer="/code")


def open_session(*, request: HttpRequest, user: User, has_second_factor: bool = False) -> Tokens:
    """Open a session for a user who proved himself, and return its tokens."""
    inner = HttpRequest()
    # A request of its own: on the real one the session middleware would answer with the session's cookie.
    inner.META = dict(request.META)
    inner.session = sessionkit.new_session()
    inner.user = user
    auth.login(inner, user, backend=_BACKEND)
    inner.session.set_expiry(app_settings.JWT_REFRESH_TOKEN_EXPIRES_IN)
    inner.session[_DEVICE] = devices.seen(user_id=user.pk, agent=request.META.get("HTTP_USER_AGENT", "")).hex
    if has_second_factor:
        inner.session[_MFA_AT] = clock.SYSTEM.now().isoformat()
    inner.session.save()
    payload = app_settings.TOKEN_STRATEGY.create_access_token_payload(inner)
    inner.session.save()
    return Tokens(access=payload["access_token"], refresh=payload["refresh_token"], user_id=user.pk)


def refresh(*, token: str) -> Tokens:
    """Give a new pair for a refresh token, which is spent by that.

    Raises: CredentialsRefused, TokenReused (the whole family is revoked then).
    """
    payload = jwt.decode_token(token, "refresh")
    if payload is None:
        raise CredentialsRefused(detail="The refresh token is not valid or has expired.")
    with transaction.atomic():
        key = jwt.session_key_from_sid(payload["sid"])
        if not Session.objects.select_for_update().filter(session_key=key).exists():
            raise CredentialsRefused(detail="This sign-in has ended.")
        pair = app_settings.TOKEN_STRATEGY.refresh_token(token)
        if pair is None:
            Session.objects.filter(session_key=key).delete()
            who = evidence.of_user(User.objects.get(pk=payload["sub"]))
            evidence.note(actor=who, action="sign_in.refresh_reused", target=who)
    if pair is None:
        raise TokenReused(detail="This refresh token was used before. Every token of this sign-in is revoked.")
    return Tokens(access=pair[0], refresh=pair[1], user_id=int(payload["sub"]))


def read_access_token(token: str) -> SignedIn | None:
    """Return what an access token proves, None unless it and its session are alive and its user is active."""
    payload = jwt.decode_token(token, "access")
    session = None if payload is None else jwt.get_token_session(payload)
    if payload is None or session is None:
        return None
    user = jwt.validate_token_user(payload, session)
    if user is None:
        return None
    return SignedIn(
        user_id=int(user.pk),
        session_key=str(session.session_key),
        mfa_at=_mfa_at(session),
        device=str(session.get(_DEVICE, "")),
    )


def note_second_factor(*, session_key: str) -> None:
    """Note in the session that a second factor was proven just now."""
    session = sessionkit.lookup_session(session_key)
    if session is not None:
        session[_MFA_AT] = clock.SYSTEM.now().isoformat()
        session.save()


def sign_out(*, session_key: str) -> None:
    """End a session: every token of it stops working at once."""
    Session.objects.filter(session_key=session_key).delete()


def _mfa_at(session: SessionBase) -> datetime | None:
    text = session.get(_MFA_AT)
    return None if text is None else datetime.fromisoformat(text)
