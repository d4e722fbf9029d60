"""Who may see and do what in the console. The roles are the groups of ``core.identity.roles``.

A superuser may see and do everything, but is no exception to reason, second factor and audit record.
"""

from __future__ import annotations

from collections.abc import Iterable

from django.http import HttpRequest

from core.identity import staff_mfa
from core.identity.models import User
from core.identity.roles import Role

Roles = frozenset[Role]

EVERYBODY: Roles = frozenset(Role)
# Security looks after access and keys and sees no money.
MONEY: Roles = EVERYBODY - {Role.SECURITY}
OPERATORS: Roles = frozenset({Role.OPERATIONS, Role.SENIOR_OPERATIONS})
SENIOR: Roles = frozenset({Role.SENIOR_OPERATIONS})
COMPLIANCE: Roles = frozenset({Role.COMPLIANCE_ANALYST, Role.COMPLIANCE_OFFICER})
COMPLIANCE_READERS: Roles = COMPLIANCE | {Role.AUDITOR}
AUDIT_READERS: Roles = frozenset({Role.AUDITOR, Role.SECURITY, Role.COMPLIANCE_OFFICER, Role.SENIOR_OPERATIONS})


def roles_of(request: HttpRequest) -> frozenset[str]:
    """Return the roles of the signed-in member of staff, read once per request."""
    known: frozenset[str] | None = getattr(request, "console_roles", None)
    if known is None:
        user = request.user
        known = frozenset(user.groups.values_list("name", flat=True)) if isinstance(user, User) else frozenset()
        request.console_roles = known  # type: ignore[attr-defined]  # a memo for this request
    return known


def may(request: HttpRequest, roles: Iterable[Role]) -> bool:
    """Say whether a member of staff who proved a second factor has one of these roles."""
    if not staff_mfa.is_verified(request):
        return False
    if isinstance(request.user, User) and request.user.is_superuser:
        return True
    return not roles_of(request).isdisjoint(role.value for role in roles)


def actor(request: HttpRequest) -> str:
    """Return the member of staff as audit records name him."""
    return f"staff:{request.user.pk}"
