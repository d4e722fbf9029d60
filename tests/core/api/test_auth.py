"""Sign-up, sign-in, refresh and sign-out over HTTP."""

import secrets

import jwt
import pytest
import time_machine
from django.contrib.sessions.models import Session
from django.test import Client

from core.identity import models, second_factor
from tests.core.api.conftest import caller
from tests.core.identity.codes import code
from tests.core.identity.people import PASSWORD

AUTH = "/api/v1/auth"
pytestmark = pytest.mark.django_db


def sign_in(anyone, email, password=PASSWORD, **more):
    return anyone("POST", f"{AUTH}/sign-in", {"email": email, "password": password, **more})


def me(anyone, token):
    return anyone("GET", "/api/v1/me", Authorization=f"Bearer {token}").status_code


def refresh(anyone, token):
    return anyone("POST", f"{AUTH}/refresh", {"refresh_token": token})


def test_sign_up_makes_a_customer_who_is_signed_in(anyone):
    handle = f"n{secrets.token_hex(5)}"
    body = {"email": f"{handle}@Example.com", "password": PASSWORD, "handle": f"@{handle}", "country": "PT"}

    response = anyone("POST", f"{AUTH}/sign-up", {**body, "display_name": "New"})

    assert (response.status_code, response["Location"]) == (201, "/api/v1/me")
    answer = response.json()
    assert answer["customer"]["handle"] == handle
    assert (answer["token_type"], answer["expires_in"]) == ("Bearer", 300)
    assert me(anyone, answer["access_token"]) == 200


@pytest.mark.parametrize("missing", ["email", "password", "handle", "display_name", "country"])
def test_sign_up_names_the_field_that_is_missing(anyone, missing):
    body = {"email": "x@example.com", "password": PASSWORD, "handle": "xyz", "display_name": "X", "country": "PT"}
    del body[missing]

    response = anyone("POST", f"{AUTH}/sign-up", body)

    assert response.status_code == 400
    assert response.json()["errors"] == [
        {"pointer": f"/{missing}", "code": "required", "detail": "This field is required."}
    ]
    assert models.User.objects.count() == 0


def test_sign_up_cannot_choose_level_or_rate_class(anyone):
    body = {"email": "x@example.com", "password": PASSWORD, "handle": "xyz", "display_name": "X", "country": "PT"}

    response = anyone("POST", f"{AUTH}/sign-up", {**body, "rate_class": "bench"})

    assert (response.status_code, response.json()["code"]) == (400, "unknown_field")
    assert models.User.objects.count() == 0


def test_a_taken_handle_is_a_business_refusal(anyone, customer):
    body = {"email": "x@example.com", "password": PASSWORD, "handle": customer.handle, "display_name": "X"}

    response = anyone("POST", f"{AUTH}/sign-up", {**body, "country": "PT"})

    assert (response.status_code, response.json()["code"]) == (422, "handle_taken")


def test_an_access_token_lives_five_minutes(anyone, customer):
    token = sign_in(anyone, customer.email.upper()).json()["access_token"]
    claims = jwt.decode(token, options={"verify_signature": False})

    assert claims["exp"] - claims["iat"] == 300
    assert me(anyone, token) == 200
    with time_machine.travel(claims["exp"] + 1, tick=False):
        assert me(anyone, token) == 401


def test_no_cookie_comes_with_a_sign_in(anyone, customer):
    assert not sign_in(anyone, customer.email).cookies


@pytest.mark.parametrize("tamper", ["none", "claims", "refresh"])
def test_a_token_that_was_tampered_with_opens_nothing(anyone, customer, tamper):
    pair = sign_in(anyone, customer.email).json()
    claims = jwt.decode(pair["access_token"], options={"verify_signature": False})
    forged = {
        "none": jwt.encode(claims, key=None, algorithm="none"),
        "claims": jwt.encode(claims, "some-other-key-that-is-long-enough-for-it", algorithm="HS256"),
        "refresh": pair["refresh_token"],
    }[tamper]

    assert me(anyone, forged) == 401


def test_a_wrong_password_and_an_unknown_email_get_the_same_answer(anyone, customer):
    wrong = sign_in(anyone, customer.email, "not-the-password").json()
    unknown = sign_in(anyone, "nobody@example.com", "not-the-password").json()

    assert wrong.pop("request_id") != unknown.pop("request_id")
    assert wrong == unknown
    assert (wrong["status"], wrong["code"]) == (401, "invalid_credentials")


def test_someone_inactive_cannot_sign_in_and_his_token_ends(anyone, customer):
    token = sign_in(anyone, customer.email).json()["access_token"]
    models.User.objects.filter(email=customer.email).update(is_active=False)

    assert me(anyone, token) == 401
    assert sign_in(anyone, customer.email).status_code == 401


def test_a_new_password_ends_every_sign_in(anyone, customer):
    pair = sign_in(anyone, customer.email).json()
    user = models.User.objects.get(email=customer.email)
    user.set_password("another-good-password")
    user.save()

    assert me(anyone, pair["access_token"]) == 401
    assert refresh(anyone, pair["refresh_token"]).status_code == 401


def test_a_member_of_staff_signs_in_at_the_console_only(anyone, member, totp_secret):
    response = sign_in(anyone, member.email, code=code(totp_secret))

    assert (response.status_code, response.json()["code"]) == (403, "staff_use_console")
    assert Session.objects.count() == 0


def test_a_refresh_gives_a_new_pair_that_works(anyone, customer):
    first = sign_in(anyone, customer.email).json()

    second = refresh(anyone, first["refresh_token"])

    assert second.status_code == 200
    assert me(anyone, second.json()["access_token"]) == 200
    assert second.json()["refresh_token"] != first["refresh_token"]
    assert refresh(anyone, second.json()["refresh_token"]).status_code == 200


def test_a_refresh_token_used_twice_ends_the_whole_family(anyone, customer):
    first = sign_in(anyone, customer.email).json()
    other_device = sign_in(anyone, customer.email).json()
    second = refresh(anyone, first["refresh_token"]).json()

    again = refresh(anyone, first["refresh_token"])

    assert (again.status_code, again.json()["code"]) == (401, "refresh_token_reused")
    for token in (first["access_token"], second["access_token"]):
        assert me(anyone, token) == 401
    assert refresh(anyone, second["refresh_token"]).json()["code"] == "invalid_credentials"
    assert me(anyone, other_device["access_token"]) == 200


@pytest.mark.parametrize("token", ["x", "a.b.c", "é" * 10, "x" * 2001])
def test_what_is_no_refresh_token_is_refused(anyone, token):
    assert refresh(anyone, token).status_code in {400, 401}


def test_an_access_token_does_not_refresh(anyone, customer):
    pair = sign_in(anyone, customer.email).json()

    assert refresh(anyone, pair["access_token"]).status_code == 401
    assert me(anyone, pair["access_token"]) == 200


def test_sign_out_ends_both_tokens_at_once_and_no_other_sign_in(anyone, customer):
    here, there = (sign_in(anyone, customer.email).json() for _ in range(2))

    response = anyone("POST", f"{AUTH}/sign-out", Authorization=f"Bearer {here['access_token']}")

    assert (response.status_code, response.content) == (204, b"")
    assert me(anyone, here["access_token"]) == 401
    assert refresh(anyone, here["refresh_token"]).status_code == 401
    assert me(anyone, there["access_token"]) == 200


def test_an_api_key_cannot_sign_out(own):
    assert own("POST", f"{AUTH}/sign-out").status_code == 401


def test_with_a_second_factor_the_code_is_asked_for_and_the_sign_in_knows_it(anyone, customer, totp_secret):
    second_factor.enrol(user=models.User.objects.get(email=customer.email), secret=totp_secret)

    without = sign_in(anyone, customer.email)
    wrong = sign_in(anyone, customer.email, code="000000")
    right = sign_in(anyone, customer.email, code=code(totp_secret))

    assert (without.status_code, without.json()["code"]) == (401, "mfa_code_required")
    assert (wrong.status_code, wrong.json()["code"]) == (401, "mfa_code_invalid")
    assert right.status_code == 200
    assert me(anyone, right.json()["access_token"]) == 200


def test_the_sixth_sign_in_of_a_minute_from_one_address_is_refused(anyone, make_customer):
    answers = [sign_in(anyone, make_customer().email) for _ in range(6)]

    assert [answer.status_code for answer in answers] == [200] * 5 + [429]
    assert answers[-1].json()["code"] == "rate_limited"
    assert answers[-1]["RateLimit-Policy"] == '"sign_in";q=5;w=60'


def test_the_limit_of_sign_ins_is_a_setting(anyone, customer, settings):
    settings.SIGN_IN_RATE = "7/minute"

    assert [sign_in(anyone, customer.email).status_code for _ in range(8)] == [200] * 7 + [429]


def test_five_wrong_passwords_lock_the_account_for_that_address_even_with_the_right_one(anyone, customer, settings):
    settings.SIGN_IN_RATE = "100/minute"

    wrong = [sign_in(anyone, customer.email, "not-the-password").status_code for _ in range(5)]
    right = sign_in(anyone, customer.email)

    assert wrong == [401] * 4 + [429]
    assert (right.status_code, right.json()["code"], right["Retry-After"]) == (429, "locked_out", "900")
    elsewhere = caller(Client(REMOTE_ADDR="198.51.100.77"))
    assert sign_in(elsewhere, customer.email).status_code == 200


def test_wrong_codes_lock_as_wrong_passwords_do(anyone, customer, totp_secret, settings):
    settings.SIGN_IN_RATE = "100/minute"
    second_factor.enrol(user=models.User.objects.get(email=customer.email), secret=totp_secret)

    for _ in range(5):
        sign_in(anyone, customer.email, code="000000")

    assert sign_in(anyone, customer.email, code=code(totp_secret)).status_code == 429


def test_the_device_is_noted_once(anyone, customer):
    for _ in range(2):
        body = {"email": customer.email, "password": PASSWORD}
        anyone("POST", f"{AUTH}/sign-in", body, **{"User-Agent": "phone/1.0"})

    assert [device.label for device in models.Device.objects.all()] == ["phone/1.0"]
