"""What people tell about themselves, checked and brought to its normal form. Every error names its field."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Collection

from django.contrib.auth import password_validation
from django.core.exceptions import ValidationError
from django.core.validators import validate_email

from core.identity.countries import COUNTRIES
from core.identity.models import User
from core.kernel import errors

_EMAIL_CHARS = 254
_NAME_CHARS = 100
_PASSWORD_CHARS = 1000
_HANDLE = re.compile(r"[a-z0-9_]{3,30}", re.ASCII)


class PasswordRefused(errors.InvalidInput):
    """The password is too easy to guess."""

    default_code = "password_too_weak"


def email(text: str, *, pointer: str = "/email") -> str:
    """Return the address in lower case. Raises: InvalidInput (``invalid_email``)."""
    address = text.strip().lower()
    try:
        validate_email(address)
    except ValidationError:
        raise _invalid("invalid_email", "This is not an e-mail address.", pointer) from None
    if len(address) > _EMAIL_CHARS:
        raise _invalid("invalid_email", "This e-mail address is too long.", pointer)
    return address


def handle(text: str, *, pointer: str = "/handle") -> str:
    """Return the handle without @ in lower case. Raises: InvalidInput (``invalid_handle``)."""
    name = text.strip().removeprefix("@").lower()
    if not _HANDLE.fullmatch(name):
        raise _invalid("invalid_handle", "A handle has 3 to 30 letters a to z, digits or underscores.", pointer)
    return name


def display_name(text: str, *, pointer: str = "/display_name") -> str:
    """Return the name without outer spaces. Raises: InvalidInput (``invalid_name``)."""
    name = " ".join(text.split())
    if not 1 <= len(name) <= _NAME_CHARS or any(unicodedata.category(char)[0] == "C" for char in name):
        raise _invalid("invalid_name", "A name has 1 to 100 printable characters.", pointer)
    return name


def country(text: str, *, pointer: str = "/country") -> str:
    """Return the ISO 3166 code. Raises: InvalidInput (``unknown_country``)."""
    code = text.strip().upper()
    if code not in COUNTRIES:
        raise _invalid("unknown_country", "A country is a code of two letters of ISO 3166, such as DE.", pointer)
    return code


def password(text: str, *, user: User, pointer: str = "/password") -> None:
    """Refuse a password that is easy to guess, too long or not text. Raises: PasswordRefused."""
    if len(text) > _PASSWORD_CHARS:
        raise PasswordRefused(detail="The password is too long.", pointer=pointer)
    try:
        password_validation.validate_password(text, user=user)
    except ValidationError as error:
        raise PasswordRefused(detail=" ".join(error.messages), pointer=pointer) from None


def subset(values: Collection[str], allowed: Collection[str], *, code: str, pointer: str) -> list[str]:
    """Return ``values`` sorted and once each. Raises: InvalidInput (``code``) if one is not in ``allowed``."""
    if not values or not set(values) <= set(allowed):
        raise _invalid(code, f"Give one or more of: {', '.join(sorted(allowed))}.", pointer)
    return sorted(set(values))


def _invalid(code: str, detail: str, pointer: str) -> errors.InvalidInput:
    return errors.InvalidInput(code=code, detail=detail, pointer=pointer)
