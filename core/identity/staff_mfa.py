"""Staff sign in with e-mail, password and a code. Without a proven second factor the console stays shut.

The console's site calls ``is_verified`` in ``has_permission`` and serves ``StaffSignInView`` as its sign-in page.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from django import forms
from django.contrib.admin.forms import AdminAuthenticationForm
from django.contrib.auth.signals import user_login_failed
from django.contrib.auth.views import LoginView
from django.http import HttpRequest, HttpResponse

from core.identity import second_factor
from core.identity.models import User
from core.kernel import clock

SESSION_KEY = "staff_mfa_at"
LIFETIME = timedelta(hours=12)
FRESH = timedelta(minutes=10)
_WRONG = "Give the e-mail address, the password and a current code of a staff account."


def verified_at(request: HttpRequest) -> datetime | None:
    """Return when this session last proved a second factor, None if never."""
    text = request.session.get(SESSION_KEY)
    return None if text is None else datetime.fromisoformat(text)


def is_verified(request: HttpRequest, *, within: timedelta = LIFETIME) -> bool:
    """Say whether an active member of staff proved a second factor in this session not longer ago than ``within``."""
    user = request.user
    if not (isinstance(user, User) and user.is_active and user.is_staff):
        return False
    at = verified_at(request)
    return at is not None and clock.SYSTEM.now() - at <= within


def is_fresh(request: HttpRequest) -> bool:
    """Say whether the proof is young enough for something large or irreversible."""
    return is_verified(request, within=FRESH)


def mark(request: HttpRequest) -> None:
    """Note that this session proved a second factor just now."""
    request.session[SESSION_KEY] = clock.SYSTEM.now().isoformat()


def confirm(request: HttpRequest, *, code: str) -> bool:
    """Check a fresh code of the signed-in member of staff, and note it in the session if it is right."""
    if not isinstance(request.user, User) or not second_factor.verify(user_id=request.user.pk, code=code):
        return False
    mark(request)
    return True


class StaffSignInForm(AdminAuthenticationForm):
    """E-mail, password and code in one step: a wrong code tells nothing about the password."""

    code = forms.CharField(
        label="Code",
        max_length=20,
        widget=forms.TextInput(attrs={"autocomplete": "one-time-code", "inputmode": "numeric"}),
    )

    def clean(self) -> dict[str, Any]:
        try:
            cleaned = super().clean()
        except forms.ValidationError as error:
            raise forms.ValidationError(_WRONG, code="invalid_login") from error
        user = self.get_user()
        if not second_factor.verify(user_id=user.pk, code=cleaned.get("code", "")):
            self._refuse(cleaned)
        return cleaned

    def _refuse(self, cleaned: dict[str, Any]) -> None:
        # A wrong code counts like a wrong password, so that codes cannot be tried one after the other.
        user_login_failed.send(
            sender=__name__, credentials={"username": cleaned.get("username", "")}, request=self.request
        )
        raise forms.ValidationError(_WRONG, code="invalid_login")


class StaffSignInView(LoginView):
    """The console's sign-in page. The proof is noted after the session got its new key."""

    authentication_form = StaffSignInForm

    def form_valid(self, form: Any) -> HttpResponse:
        response = super().form_valid(form)
        mark(self.request)
        return response
