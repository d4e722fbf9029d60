"""The second factor: time-based codes and recovery codes, kept and judged by allauth.mfa.

What is ours: a code works once, which is remembered in the row itself and not in a cache that may be lost.
"""

from __future__ import annotations

import re
import time
from dataclasses import dataclass

from allauth.core.internal.cryptokit import compare_user_code
from allauth.mfa import app_settings
from allauth.mfa.adapter import get_adapter
from allauth.mfa.models import Authenticator
from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
from allauth.mfa.totp.internal import auth as totp
from django.db import IntegrityError, transaction
from django.utils import timezone

from core.encryption import cipher
from core.identity import evidence
from core.identity.models import User
from core.kernel import errors

_COUNTER = "last_counter"
_SECRET = re.compile(r"[A-Z2-7]{32}", re.ASCII)
_TOTP = Authenticator.Type.TOTP
_CODES = Authenticator.Type.RECOVERY_CODES


class FactorExists(errors.Conflict):
    """The user has a second factor already: remove it first."""

    default_code = "mfa_already_enabled"


class FactorMissing(errors.Conflict):
    """The user has no second factor."""

    default_code = "mfa_not_enabled"


class CodeRefused(errors.Refused):
    """The code is wrong, too old or was used before."""

    default_code = "mfa_code_invalid"


@dataclass(frozen=True, slots=True, kw_only=True)
class Enrolment:
    """A secret on offer: nothing is stored until a code made from it comes back."""

    secret: str
    url: str


def new_secret() -> str:
    """Return a random secret (base32, 160 bits) for an authenticator app."""
    return str(totp.generate_totp_secret())


def offer(*, user: User) -> Enrolment:
    """Return a new secret and its otpauth address for an authenticator app.

    Raises: FactorExists.
    """
    if is_enrolled(user_id=user.pk):
        raise FactorExists(detail="A second factor is set up already.")
    secret = new_secret()
    return Enrolment(secret=secret, url=get_adapter().build_totp_url(user, secret))


def enrol(*, user: User, secret: str) -> list[str]:
    """Store ``secret`` (base32) as the user's second factor and return his recovery codes, which are shown once.

    Raises: FactorExists.
    """
    try:
        with transaction.atomic():
            totp.TOTP.activate(user, secret)
            _note(user, action="second_factor.enrolled")
            return list(RecoveryCodes.activate(user).get_unused_codes())
    except IntegrityError as error:
        raise FactorExists(detail="A second factor is set up already.") from error


def confirm(*, user: User, secret: str, code: str) -> list[str]:
    """Enrol ``secret`` if ``code`` was made from it, and return the recovery codes.

    Raises: CodeRefused, FactorExists.
    """
    counter = _matching_counter(secret, code) if _SECRET.fullmatch(secret) else None
    if counter is None:
        raise CodeRefused(detail="This code is not valid.", pointer="/code")
    with transaction.atomic():
        codes = enrol(user=user, secret=secret)
        _spend(_row(user.pk), counter)
    return codes


def is_enrolled(*, user_id: int) -> bool:
    """Say whether this user must give a second factor."""
    return bool(Authenticator.objects.filter(user_id=user_id, type=_TOTP).exists())


def verify(*, user_id: int, code: str) -> bool:
    """Say whether ``code`` is valid now, and spend it: it never works a second time."""
    with transaction.atomic():
        row = _row(user_id)
        if row is None:
            return False
        counter = _matching_counter(get_adapter().decrypt(row.data["secret"]), code)
        if counter is not None:
            return _spend(row, counter)
        return _spend_recovery_code(user_id, code)


def remove(*, user: User) -> None:
    """Forget the second factor and its recovery codes.

    Raises: FactorMissing.
    """
    with transaction.atomic():
        deleted, _ = Authenticator.objects.filter(user_id=user.pk).delete()
        if not deleted:
            raise FactorMissing(detail="No second factor is set up.")
        _note(user, action="second_factor.removed")


def _note(user: User, *, action: str) -> None:
    who = evidence.of_user(user)
    evidence.note(actor=who, action=action, target=who)


def _row(user_id: int) -> Authenticator | None:
    rows = Authenticator.objects.select_for_update().filter(user_id=user_id, type=_TOTP)
    return rows.first()


def _matching_counter(secret: str, code: str) -> int | None:
    now = int(time.time()) // app_settings.TOTP_PERIOD
    for counter in range(now - app_settings.TOTP_TOLERANCE, now + app_settings.TOTP_TOLERANCE + 1):
        if compare_user_code(actual=code, expected=totp.format_hotp_value(totp.hotp_value(secret, counter))):
            return counter
    return None


def _spend(row: Authenticator | None, counter: int) -> bool:
    # RFC 6238, section 5.2: a code is accepted once. An older code than the last one is refused as well.
    if row is None or counter <= int(row.data.get(_COUNTER, -1)):
        return False
    row.data[_COUNTER] = counter
    row.last_used_at = timezone.now()
    row.save(update_fields=["data", "last_used_at"])
    return True


def _spend_recovery_code(user_id: int, code: str) -> bool:
    row = Authenticator.objects.filter(user_id=user_id, type=_CODES).first()
    return row is not None and bool(RecoveryCodes(row).validate_code(code))


@transaction.atomic
def rotate() -> int:
    """Encrypt again, with the current key, what the library keeps in its JSON column; return how many rows changed."""
    changed = 0
    for row in Authenticator.objects.select_for_update().filter(type__in=(_TOTP, _CODES)):
        name = "secret" if row.type == _TOTP else "seed"
        if name in row.data and not cipher.is_current(row.data[name]):
            row.data[name] = get_adapter().encrypt(get_adapter().decrypt(row.data[name]))
            row.save(update_fields=["data"])
            changed += 1
    return changed
