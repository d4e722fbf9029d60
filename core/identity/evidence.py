"""What identity leaves in the audit record: who changed whose access, and how."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from uuid import UUID

import structlog

from core.audit import audit
from core.identity.models import Customer, User


def of_customer(customer_id: UUID) -> str:
    """Return how a customer is named, as actor and as target."""
    return f"customer:{customer_id.hex}"


def of_user(user: User) -> str:
    """Return how the customer or member of staff is named who signs in as this user."""
    if user.is_staff:
        return f"staff:{user.pk}"
    customer_id = Customer.objects.values_list("id", flat=True).filter(user_id=user.pk).first()
    return f"user:{user.pk}" if customer_id is None else of_customer(customer_id)


def note(
    *,
    actor: str,
    action: str,
    target: str,
    reason: str = "",
    before: Mapping[str, Any] | None = None,
    after: Mapping[str, Any] | None = None,
) -> None:
    """Append an audit record with the id of the request, if there is one.

    Needs: the open transaction of the change.
    """
    request_id = str(structlog.contextvars.get_contextvars().get("request_id", ""))
    audit.record(
        actor=actor, action=action, target=target, reason=reason, before=before, after=after, request_id=request_id
    )
