"""Opens the console for tests: members of staff who signed in with all three proofs."""

from __future__ import annotations

import secrets

from django.test import Client
from django.urls import reverse

from core.identity import second_factor, staff
from tests.core.identity.codes import code
from tests.core.identity.people import PASSWORD


def member(role: str = "operations", *, superuser: bool = False) -> tuple[staff.StaffView, str]:
    """Make a member of staff with a second factor; return him and its secret."""
    secret = second_factor.new_secret()
    email = f"s{secrets.token_hex(6)}@example.com"
    made = staff.create(email=email, password=PASSWORD, role=role, totp_secret=secret, superuser=superuser)
    return made, secret


def browser() -> Client:
    """Return a browser at an address of its own, for sign-in is counted by address."""
    address = f"2001:db8::{secrets.token_hex(2)}:{secrets.token_hex(2)}"
    return Client(REMOTE_ADDR=address, HTTP_ACCEPT="text/html", enforce_csrf_checks=False)


def signed_in(role: str = "operations", *, superuser: bool = False) -> Client:
    """Return the browser of a member of staff who came in through the real door."""
    made, secret = member(role, superuser=superuser)
    client = browser()
    given = {"username": made.email, "password": PASSWORD, "code": code(secret)}
    answer = client.post(reverse("console:login"), given)
    assert answer.status_code == 302, answer.content[:500]
    return client
