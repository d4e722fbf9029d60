"""Whoever changes access leaves a record that says so."""

import uuid

import pytest

from core.audit.models import AuditRecord
from core.identity import api_keys, customers, models, second_factor, sign_in
from core.identity.models import User

pytestmark = pytest.mark.django_db


def records():
    return [(row.actor, row.action, row.target, row.reason) for row in AuditRecord.objects.order_by("id")]


def test_a_customer_and_his_changes_are_on_record(customer):
    customers.change(customer_id=customer.id, fields={"preferences": {"speed": 0.2}}, version=1)
    status = models.CustomerStatus.FROZEN
    customers.set_status(customer_id=customer.id, status=status, actor="staff:7", reason="asked by court")

    who = f"customer:{customer.id.hex}"
    assert records() == [
        (who, "customer.created", who, ""),
        (who, "customer.changed", who, ""),
        ("staff:7", "customer.status", who, "asked by court"),
    ]


def test_keys_are_on_record_without_their_secret(customer):
    key, secret = api_keys.issue(customer_id=customer.id, name="x", scopes=["read"], live=False)
    for _ in range(2):
        api_keys.revoke(customer_id=customer.id, key_id=key.id)

    who, target = f"customer:{customer.id.hex}", f"api_key:{key.id.hex}"
    assert records()[1:] == [(who, "api_key.issued", target, ""), (who, "api_key.revoked", target, "")]
    assert secret not in str(list(AuditRecord.objects.values()))


def test_a_second_factor_coming_and_going_is_on_record(customer, totp_secret):
    user = User.objects.get(email=customer.email)
    second_factor.enrol(user=user, secret=totp_secret)
    second_factor.remove(user=user)

    who = f"customer:{customer.id.hex}"
    assert [row[:2] for row in records()[1:]] == [(who, "second_factor.enrolled"), (who, "second_factor.removed")]
    assert totp_secret not in str(list(AuditRecord.objects.values()))


def test_a_member_of_staff_is_on_record(member):
    assert ("system:identity", "staff.created", f"staff:{member.user_id}", "") in records()


def test_a_stolen_refresh_token_is_on_record(customer, rf):
    pair = sign_in.open_session(request=rf.get("/"), user=User.objects.get(email=customer.email))
    sign_in.refresh(token=pair.refresh)
    with pytest.raises(sign_in.TokenReused):
        sign_in.refresh(token=pair.refresh)

    who = f"customer:{customer.id.hex}"
    assert records()[-1] == (who, "sign_in.refresh_reused", who, "")


def test_nobody_is_frozen_who_is_not_there(customer):
    status = models.CustomerStatus.FROZEN
    with pytest.raises(customers.CustomerNotFound):
        customers.set_status(customer_id=uuid.uuid4(), status=status, actor="staff:7", reason="asked")

    assert len(records()) == 1
