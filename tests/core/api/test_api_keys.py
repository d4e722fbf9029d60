"""/api-keys over HTTP."""

from datetime import timedelta

import pytest

from core.identity import models
from core.kernel import clock, ids

KEYS = "/api/v1/api-keys"
BODY = {"name": "shop", "scopes": ["read", "transact"]}
pytestmark = pytest.mark.django_db


def create(call, body=BODY, key="k1"):
    return call("POST", KEYS, body, **{"Idempotency-Key": key})


def test_a_new_key_is_shown_once_and_works(signed_in, anyone, customer):
    response = create(signed_in)

    answer = response.json()
    secret = answer.pop("secret")
    assert (response.status_code, response["Location"]) == (201, f"{KEYS}/{answer['id']}")
    assert secret.startswith("dk_test_")
    assert (answer["prefix"], answer["object"], answer["live"]) == (secret[:12], "api_key", False)
    assert (answer["scopes"], answer["expires_at"], answer["allowed_addresses"]) == (["read", "transact"], None, [])
    assert anyone("GET", "/api/v1/me", Authorization=f"Bearer {secret}").json()["handle"] == customer.handle
    assert signed_in("GET", f"{KEYS}/{answer['id']}").json().keys() == answer.keys()


def test_a_replay_comes_without_the_secret_and_makes_no_second_key(signed_in):
    first = create(signed_in)
    again = create(signed_in)

    body = first.json()
    del body["secret"]
    assert (again.status_code, again["Idempotency-Replayed"], again["Location"]) == (201, "true", first["Location"])
    assert again.json() == body
    assert models.ApiKey.objects.count() == 1


def test_the_idempotency_key_is_required(signed_in):
    response = signed_in("POST", KEYS, BODY)

    assert (response.status_code, response.json()["code"]) == (400, "idempotency_key_required")
    assert models.ApiKey.objects.count() == 0


def test_the_bounds_of_a_key_are_kept(signed_in):
    bounds = {"expires_at": "2999-01-31T12:00:00+02:00", "allowed_addresses": ["10.0.0.0/8", "2001:db8::1"]}

    answer = create(signed_in, {**BODY, **bounds}).json()

    assert answer["expires_at"] == "2999-01-31T10:00:00.000000Z"
    assert answer["allowed_addresses"] == ["10.0.0.0/8", "2001:db8::1/128"]


@pytest.mark.parametrize(
    ("change", "code", "pointer"),
    [
        ({"name": None}, "required", "/name"),
        ({"name": 5}, "invalid_type", "/name"),
        ({"name": "x" * 201}, "too_long", "/name"),
        ({"scopes": None}, "unknown_scope", "/scopes"),
        ({"scopes": ["root"]}, "unknown_scope", "/scopes"),
        ({"scopes": "read"}, "invalid_type", "/scopes"),
        ({"expires_at": "2020-01-01T00:00:00Z"}, "expiry_in_past", "/expires_at"),
        ({"expires_at": "2999-01-01"}, "invalid_time", "/expires_at"),
        ({"expires_at": "soon"}, "invalid_time", "/expires_at"),
        ({"allowed_addresses": ["example.com"]}, "invalid_address", "/allowed_addresses/0"),
        ({"secret": "mine"}, "unknown_field", "/secret"),
    ],
)
def test_a_bad_field_is_named_and_no_key_is_made(signed_in, change, code, pointer):
    response = create(signed_in, {**BODY, **change})

    assert response.status_code == 400
    assert [(error["code"], error["pointer"]) for error in response.json()["errors"]] == [(code, pointer)]
    assert models.ApiKey.objects.count() == 0


def test_nobody_gives_away_a_scope_that_he_lacks(anyone, customer, key_of):
    token = key_of(customer, "manage", "read")

    response = anyone("POST", KEYS, BODY, Authorization=f"Bearer {token}", **{"Idempotency-Key": "k"})

    assert (response.status_code, response.json()["code"]) == (403, "scope_not_held")
    assert models.ApiKey.objects.count() == 1


@pytest.mark.parametrize("bounds", [{"expires_at": "later"}, {"allowed_addresses": ["::/0", "0.0.0.0/0"]}])
def test_a_bounded_key_makes_no_unbounded_one(anyone, customer, key_of, bounds):
    if "expires_at" in bounds:
        bounds = {"expires_at": clock.SYSTEM.now() + timedelta(hours=1)}
    token = key_of(customer, **bounds)

    response = anyone("POST", KEYS, BODY, Authorization=f"Bearer {token}", **{"Idempotency-Key": "k"})

    assert (response.status_code, response.json()["code"]) == (403, "sign_in_required")


def test_keys_are_listed_newest_first_in_pages_without_secrets(signed_in):
    made = [create(signed_in, key=f"k{n}").json() for n in range(3)]

    first = signed_in("GET", f"{KEYS}?limit=2").json()
    second = signed_in("GET", f"{KEYS}?limit=2&cursor={first['next_cursor']}").json()

    assert [key["id"] for key in first["data"]] == [made[2]["id"], made[1]["id"]]
    assert [key["id"] for key in second["data"]] == [made[0]["id"]]
    assert (first["has_more"], second["has_more"], second["next_cursor"]) == (True, False, None)
    assert not any("secret" in key for key in first["data"] + second["data"])


def test_a_revoked_key_stops_at_once_and_stays_on_the_list(signed_in, anyone):
    key = create(signed_in).json()

    response = signed_in("DELETE", f"{KEYS}/{key['id']}")

    assert (response.status_code, response.content) == (204, b"")
    ended = anyone("GET", "/api/v1/me", Authorization=f"Bearer {key['secret']}")
    assert (ended.status_code, ended.json()["code"]) == (401, "api_key_ended")
    assert signed_in("GET", f"{KEYS}/{key['id']}").json()["revoked_at"] is not None
    assert signed_in("DELETE", f"{KEYS}/{key['id']}").status_code == 204


@pytest.mark.parametrize("method", ["GET", "DELETE"])
def test_the_key_of_another_is_not_there(signed_in, other, method):
    key = create(signed_in).json()

    response = other(method, f"{KEYS}/{key['id']}")

    assert (response.status_code, response.json()["code"]) == (404, "api_key_not_found")
    assert models.ApiKey.objects.get(id=ids.parse(ids.Prefix.API_KEY, key["id"])).revoked_at is None
    assert key["id"] not in [row["id"] for row in other("GET", KEYS).json()["data"]]


@pytest.mark.parametrize("text", ["key_x", "txn_" + "0" * 32, "key_" + "A" * 32, "1", "key_" + "0" * 33])
def test_an_id_that_cannot_be_is_not_there(signed_in, text):
    assert signed_in("GET", f"{KEYS}/{text}").status_code == 404
