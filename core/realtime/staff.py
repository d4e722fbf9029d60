"""Who sits at a console page that opens a socket: the session cookie's user, and the page's origin."""

from __future__ import annotations

from collections.abc import Iterable
from http.cookies import CookieError, SimpleCookie
from importlib import import_module

from django.conf import settings
from django.contrib.auth import get_user
from django.http import HttpRequest

from core.identity import staff_mfa

Headers = Iterable[tuple[bytes, bytes]]


def is_own_origin(headers: Headers) -> bool:
    """Tell whether the page that asks is one of ours: cookies come along from any page, so the origin must be right."""
    origin = _header(headers, b"origin").rstrip("/").lower()
    allowed = {settings.BASE_URL.rstrip("/").lower(), *getattr(settings, "LIVE", {}).get("ALLOWED_ORIGINS", ())}
    return bool(origin) and origin in allowed


def find(headers: Headers) -> int | None:
    """Return the id of the member of staff whose console session, with a proven second factor, the cookie names."""
    key = _cookie(headers)
    if not key:
        return None
    request = HttpRequest()
    request.session = import_module(settings.SESSION_ENGINE).SessionStore(key)
    request.user = get_user(request)  # checks that the session belongs to the present password
    return request.user.pk if staff_mfa.is_verified(request) else None


def _cookie(headers: Headers) -> str:
    try:
        morsel = SimpleCookie(_header(headers, b"cookie")).get(settings.SESSION_COOKIE_NAME)
    except CookieError:
        return ""
    return morsel.value if morsel else ""


def _header(headers: Headers, name: bytes) -> str:
    return next((value.decode("latin-1") for key, value in headers if key.lower() == name), "")
