"""/auth/mfa/…: a customer's own second factor."""

import pytest
from django.test import RequestFactory

from core.identity import models, second_factor, sign_in
from tests.core.identity.codes import code
from tests.core.identity.people import PASSWORD

MFA = "/api/v1/auth/mfa"
pytestmark = pytest.mark.django_db


@pytest.fixture
def user_id(customer):
    return models.User.objects.get(email=customer.email).pk


def test_a_second_factor_is_set_up_proven_and_removed(signed_in, user_id):
    offer = signed_in("POST", f"{MFA}/totp").json()
    assert offer["url"].startswith("otpauth://totp/")
    assert f"secret={offer['secret']}" in offer["url"]

    body = {"secret": offer["secret"], "code": code(offer["secret"], steps=-1)}
    confirmed = signed_in("POST", f"{MFA}/totp/confirm", body)
    verified = signed_in("POST", f"{MFA}/verify", {"code": code(offer["secret"])})
    removed = signed_in("DELETE", f"{MFA}/totp", {"code": confirmed.json()["recovery_codes"][0]})

    assert (confirmed.status_code, len(confirmed.json()["recovery_codes"])) == (200, 10)
    assert (verified.status_code, removed.status_code) == (204, 204)
    assert not second_factor.is_enrolled(user_id=user_id)


def test_a_wrong_code_sets_up_nothing(signed_in, user_id):
    secret = signed_in("POST", f"{MFA}/totp").json()["secret"]

    response = signed_in("POST", f"{MFA}/totp/confirm", {"secret": secret, "code": "000000"})

    assert (response.status_code, response.json()["code"]) == (422, "mfa_code_invalid")
    assert not second_factor.is_enrolled(user_id=user_id)


@pytest.mark.parametrize("secret", ["", "not base32 !", "0189", "A", "é"])
def test_what_is_no_secret_is_refused(signed_in, secret):
    response = signed_in("POST", f"{MFA}/totp/confirm", {"secret": secret, "code": "123456"})

    assert response.status_code in {400, 422}


def test_a_wrong_code_removes_nothing(signed_in, user_id, totp_secret):
    second_factor.enrol(user=models.User.objects.get(pk=user_id), secret=totp_secret)

    response = signed_in("DELETE", f"{MFA}/totp", {"code": "000000"})

    assert response.status_code == 422
    assert second_factor.is_enrolled(user_id=user_id)


def test_codes_cannot_be_tried_one_after_the_other(signed_in, user_id, totp_secret):
    second_factor.enrol(user=models.User.objects.get(pk=user_id), secret=totp_secret)

    answers = [signed_in("POST", f"{MFA}/verify", {"code": f"{n:06d}"}).status_code for n in range(6)]

    assert answers == [422] * 5 + [429]


@pytest.mark.parametrize(("method", "path"), [("POST", "totp"), ("DELETE", "totp"), ("POST", "verify")])
def test_an_api_key_cannot_touch_the_second_factor(own, method, path):
    assert own(method, f"{MFA}/{path}", {"code": "123456"}).status_code == 401


def test_fresh_proof_is_seen_by_what_wants_it(customer, user_id, totp_secret):
    second_factor.enrol(user=models.User.objects.get(pk=user_id), secret=totp_secret)
    request = RequestFactory().post("/", REMOTE_ADDR="203.0.113.50")
    pair = sign_in.sign_in(request=request, email=customer.email, password=PASSWORD, code=code(totp_secret, steps=-1))
    before = sign_in.read_access_token(pair.access)

    sign_in.note_second_factor(session_key=before.session_key)

    assert before.mfa_at is not None
    assert sign_in.read_access_token(pair.access).mfa_at > before.mfa_at
