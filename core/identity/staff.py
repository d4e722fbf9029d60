"""Members of staff: creating them, and what is known of them."""

from __future__ import annotations

from dataclasses import dataclass

from django.contrib.auth.models import Group
from django.db import IntegrityError, transaction

from core.identity import checks, evidence, second_factor
from core.identity.customers import EmailTaken
from core.identity.models import StaffProfile, User
from core.identity.roles import Role


@dataclass(frozen=True, slots=True, kw_only=True)
class StaffView:
    """A member of staff as other packages may know him."""

    user_id: int
    email: str
    display_name: str
    roles: frozenset[str]


def create(
    *,
    email: str,
    password: str,
    role: Role | str,
    totp_secret: str = "",
    superuser: bool = False,
    display_name: str = "",
) -> StaffView:
    """Create a member of staff in one role. With ``totp_secret`` (base32) his second factor is set up as well.

    Raises: InvalidInput that names the field, PasswordRefused, EmailTaken.
    """
    user = User(email=checks.email(email), is_staff=True, is_superuser=superuser)
    checks.password(password, user=user)
    user.set_password(password)
    name = checks.display_name(display_name or user.email.partition("@")[0])
    try:
        with transaction.atomic():
            user.save(force_insert=True)
            StaffProfile.objects.create(user_id=user.pk, display_name=name)
            user.groups.add(Group.objects.get(name=Role(role).value))
            evidence.note(
                actor="system:identity",
                action="staff.created",
                target=evidence.of_user(user),
                after={"role": Role(role).value, "superuser": superuser},
            )
            if totp_secret:
                second_factor.enrol(user=user, secret=totp_secret)
    except IntegrityError as error:
        raise EmailTaken(detail="This e-mail address is taken.", pointer="/email") from error
    return StaffView(user_id=user.pk, email=user.email, display_name=name, roles=frozenset({Role(role).value}))


def find(*, user_id: int) -> StaffView | None:
    """Return the member of staff who signs in as this user, if there is one who is active."""
    profile = StaffProfile.objects.filter(user_id=user_id, user__is_active=True, user__is_staff=True).first()
    if profile is None:
        return None
    roles = Group.objects.filter(user=user_id).values_list("name", flat=True)
    email = User.objects.values_list("email", flat=True).get(pk=user_id)
    return StaffView(user_id=user_id, email=email, display_name=profile.display_name, roles=frozenset(roles))
