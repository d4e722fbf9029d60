"""API keys: what is kept, what proves one, what ends one."""

import hashlib
from datetime import UTC, datetime, timedelta

import pytest

from core.identity import api_keys, customers, models
from core.kernel import errors

pytestmark = pytest.mark.django_db


def issue(customer, **facts):
    given = {"customer_id": customer.id, "name": "shop", "scopes": ["read"], "live": False}
    return api_keys.issue(**{**given, **facts})


@pytest.mark.parametrize(("live", "prefix"), [(True, "dk_live_"), (False, "dk_test_")])
def test_only_a_hash_and_the_first_characters_of_a_secret_are_kept(customer, live, prefix):
    key, secret = issue(customer, live=live)

    row = models.ApiKey.objects.filter(id=key.id).values().get()
    assert secret.startswith(prefix)
    assert len(secret) == 8 + 43
    assert bytes(row["secret_hash"]) == hashlib.sha256(secret.encode()).digest()
    assert row["prefix"] == secret[:12]
    assert not any(secret[12:] in str(value) for value in row.values())


def test_a_key_is_proven_in_one_query_with_its_owner_and_scopes(customer, django_assert_num_queries):
    key, secret = issue(customer, scopes=["transact", "read", "read"])

    with django_assert_num_queries(1):
        proof = api_keys.prove(secret)

    principal = proof.principal()
    assert (principal.kind, principal.customer_id, principal.key_id) == ("customer", customer.id, key.id)
    assert principal.scopes == {"read", "transact"}
    assert principal.actor == f"customer:{customer.id.hex}"
    assert (proof.is_revoked, proof.is_expired, proof.is_use_stale) == (False, False, True)


def test_a_wrong_secret_and_an_inactive_owner_prove_nothing(customer):
    _, secret = issue(customer)

    assert api_keys.prove(secret + "x") is None
    models.User.objects.filter(email=customer.email).update(is_active=False)
    assert api_keys.prove(secret) is None


def test_expiry_is_judged_by_the_clock_of_the_database(customer):
    key, secret = issue(customer, expires_at=datetime(2999, 1, 1, tzinfo=UTC))
    assert not api_keys.prove(secret).is_expired

    models.ApiKey.objects.filter(id=key.id).update(expires_at=datetime.now(UTC) - timedelta(seconds=1))

    assert api_keys.prove(secret).is_expired


def test_a_revoked_key_is_revoked_at_once_and_revoking_again_keeps_the_first_moment(customer):
    key, secret = issue(customer)

    api_keys.revoke(customer_id=customer.id, key_id=key.id)
    first = api_keys.get(customer_id=customer.id, key_id=key.id).revoked_at
    api_keys.revoke(customer_id=customer.id, key_id=key.id)

    assert api_keys.prove(secret).is_revoked
    assert api_keys.get(customer_id=customer.id, key_id=key.id).revoked_at == first


def test_nobody_finds_or_revokes_the_key_of_another(customer, make_customer):
    key, secret = issue(customer)
    other = make_customer()

    with pytest.raises(api_keys.KeyNotFound):
        api_keys.get(customer_id=other.id, key_id=key.id)
    with pytest.raises(api_keys.KeyNotFound):
        api_keys.revoke(customer_id=other.id, key_id=key.id)

    assert not api_keys.prove(secret).is_revoked
    assert list(api_keys.of_customer(other.id)) == []


@pytest.mark.parametrize(
    ("facts", "code", "pointer"),
    [
        ({"scopes": ["read", "admin"]}, "unknown_scope", "/scopes"),
        ({"scopes": []}, "unknown_scope", "/scopes"),
        ({"name": " "}, "invalid_name", "/name"),
        ({"allowed_addresses": ["10.0.0.0/8", "10.0.0.1/8"]}, "invalid_address", "/allowed_addresses/1"),
    ],
)
def test_a_bad_field_is_named_and_no_key_is_made(customer, facts, code, pointer):
    with pytest.raises(errors.InvalidInput) as caught:
        issue(customer, **facts)

    assert (caught.value.code, caught.value.pointer) == (code, pointer)
    assert models.ApiKey.objects.count() == 0


def test_use_is_noted_at_most_once_a_minute(customer):
    key, secret = issue(customer)

    api_keys.touch(key.id)
    first = models.ApiKey.objects.get(id=key.id).last_used_at
    api_keys.touch(key.id)

    assert first is not None
    assert models.ApiKey.objects.get(id=key.id).last_used_at == first
    assert not api_keys.prove(secret).is_use_stale
    models.ApiKey.objects.filter(id=key.id).update(last_used_at=first - timedelta(seconds=61))
    assert api_keys.prove(secret).is_use_stale


def test_a_frozen_owner_is_seen_with_the_key(customer):
    _, secret = issue(customer)

    customers.set_status(customer_id=customer.id, status=models.CustomerStatus.FROZEN, actor="staff:1", reason="asked")

    assert api_keys.prove(secret).principal().is_frozen
