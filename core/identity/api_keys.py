"""API keys: issue, list, revoke, and the one query that proves one."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import connection, transaction
from django.db.models import QuerySet
from django.db.models.functions import Now

from core.identity import addresses, checks, customers, evidence, models
from core.identity.principals import Principal, Scope
from core.kernel import errors
from core.resilience import statements

LIVE = "dk_live_"
TEST = "dk_test_"
_SHOWN = 12

_OF_KEY = 9
# One round trip: the key, its owner with what a handler asks of him, every deadline judged by the database's own clock.
_PROVE = f"""
SELECT k.id, k.scopes, k.allowed_addresses, k.live, c.user_id,
       k.revoked_at IS NOT NULL,
       coalesce(k.expires_at <= clock_timestamp(), false),
       k.expires_at IS NOT NULL,
       coalesce(k.last_used_at < clock_timestamp() - interval '1 minute', true),
       {customers.SELECTED}
  FROM identity_api_key k
  JOIN identity_customer c ON c.id = k.customer_id
  JOIN identity_user u ON u.id = c.user_id AND u.is_active
 WHERE k.secret_hash = %s
"""  # noqa: S608 - column names of our own
_TOUCH = """
UPDATE identity_api_key SET last_used_at = clock_timestamp()
 WHERE id = %s AND (last_used_at IS NULL OR last_used_at < clock_timestamp() - interval '1 minute')
"""


class KeyNotFound(errors.NotFound):
    """There is no such key, or it is somebody else's."""

    default_code = "api_key_not_found"


@dataclass(frozen=True, slots=True)
class Proof:
    """What the database says about a key that exists."""

    id: UUID
    scopes: Sequence[str]
    allowed_addresses: Sequence[str]
    live: bool
    user_id: int
    is_revoked: bool
    is_expired: bool
    has_expiry: bool
    is_use_stale: bool
    customer: customers.CustomerView

    def principal(self) -> Principal:
        """Return the customer who holds this key."""
        return Principal(
            kind="customer",
            user_id=self.user_id,
            customer_id=self.customer.id,
            customer=self.customer,
            scopes=frozenset(self.scopes),
            rate_class=self.customer.rate_class,
            is_frozen=self.customer.is_frozen,
            key_id=self.id,
            is_use_stale=self.is_use_stale,
            is_bounded_key=self.has_expiry or bool(self.allowed_addresses),
        )


def digest(secret: str) -> bytes:
    """Return the hash under which a key is stored."""
    return hashlib.sha256(secret.encode()).digest()


def issue(
    *,
    customer_id: UUID,
    name: str,
    scopes: Sequence[str],
    live: bool,
    expires_at: datetime | None = None,
    allowed_addresses: Sequence[str] = (),
) -> tuple[models.ApiKey, str]:
    """Create a key and return it with its secret, which nobody can ever read again.

    ``allowed_addresses`` are IP addresses or CIDR blocks; none given means from anywhere.
    Raises: InvalidInput that names the field (``unknown_scope``, ``invalid_name``, ``invalid_address``).
    """
    secret = (LIVE if live else TEST) + secrets.token_urlsafe(32)
    key = models.ApiKey(
        customer_id=customer_id,
        name=checks.display_name(name, pointer="/name"),
        prefix=secret[:_SHOWN],
        secret_hash=digest(secret),
        live=live,
        scopes=checks.subset(scopes, [scope.value for scope in Scope], code="unknown_scope", pointer="/scopes"),
        allowed_addresses=[
            addresses.parse_network(text, pointer=f"/allowed_addresses/{index}")
            for index, text in enumerate(allowed_addresses)
        ],
        expires_at=expires_at,
    )
    with transaction.atomic():
        key.save(force_insert=True)
        _note(key, action="api_key.issued", after={"prefix": key.prefix, "scopes": key.scopes})
    return key, secret


def of_customer(customer_id: UUID) -> QuerySet[models.ApiKey]:
    """Return the keys of one customer, revoked ones too."""
    return models.ApiKey.objects.filter(customer_id=customer_id)


def get(*, customer_id: UUID, key_id: UUID) -> models.ApiKey:
    """Return one key of this customer.

    Raises: KeyNotFound.
    """
    key = of_customer(customer_id).filter(id=key_id).first()
    if key is None:
        raise KeyNotFound(detail="There is no such API key.")
    return key


def revoke(*, customer_id: UUID, key_id: UUID) -> None:
    """End a key at once. Revoking it again changes nothing.

    Raises: KeyNotFound.
    """
    key = get(customer_id=customer_id, key_id=key_id)
    with transaction.atomic():
        if of_customer(customer_id).filter(id=key_id, revoked_at=None).update(revoked_at=Now()):
            _note(key, action="api_key.revoked", after={"prefix": key.prefix})


def _note(key: models.ApiKey, *, action: str, after: dict[str, Any]) -> None:
    evidence.note(
        actor=evidence.of_customer(key.customer_id), action=action, target=f"api_key:{key.id.hex}", after=after
    )


def prove(secret: str) -> Proof | None:
    """Return what is known of the key with this secret, in one query; None if there is none."""
    for row in statements.fetch(_PROVE, [digest(secret)]):
        return Proof(*(*row[:_OF_KEY], customers.view(row[_OF_KEY:])))
    return None


def touch(key_id: UUID) -> None:
    """Note that a key was used, at most once a minute. Loss is harmless."""
    with connection.cursor() as cursor:
        cursor.execute(_TOUCH, [key_id])
