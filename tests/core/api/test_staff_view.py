"""Endpoints for staff: the console's session, with a proven second factor and the CSRF token."""

import pytest
from django.test import Client

from core.identity import staff_mfa
from core.identity.models import User
from core.kernel import clock

pytestmark = [pytest.mark.django_db, pytest.mark.urls("tests.core.api.door")]
STAFF = "/api/v1/staff"


def enter(client, user_id, *, proven):
    client.force_login(User.objects.get(pk=user_id), backend="django.contrib.auth.backends.ModelBackend")
    if proven:
        session = client.session
        session[staff_mfa.SESSION_KEY] = clock.SYSTEM.now().isoformat()
        session.save()


def test_a_member_of_staff_with_a_proven_second_factor_comes_in(client, member):
    enter(client, member.user_id, proven=True)

    response = client.get(STAFF)

    assert (response.status_code, response.json()) == (200, {"actor": f"staff:{member.user_id}"})


def test_without_proof_he_does_not(client, member):
    enter(client, member.user_id, proven=False)

    assert (client.get(STAFF).status_code, client.get(STAFF).json()["code"]) == (401, "authentication_required")


def test_a_customer_with_a_session_does_not(client, customer):
    enter(client, User.objects.get(email=customer.email).pk, proven=True)

    assert client.get(STAFF).status_code == 401


def test_a_customers_token_does_not(own):
    assert own("GET", STAFF).status_code == 401


def test_a_session_opens_no_endpoint_for_customers(client, member):
    enter(client, member.user_id, proven=True)

    assert client.get("/api/v1/me").status_code == 401


def test_a_change_without_the_csrf_token_is_refused(member):
    client = Client(enforce_csrf_checks=True)
    enter(client, member.user_id, proven=True)

    response = client.post(STAFF, {}, content_type="application/json")

    assert (response.status_code, response.json()["code"]) == (403, "permission_denied")
