"""Members of staff, their roles and their second factor. Read only: access is given by its own process."""

from __future__ import annotations

from typing import Any, ClassVar

from django.db.models import QuerySet
from django.http import HttpRequest

from core.console import cells
from core.console.cells import Cell, Tone
from core.console.listing import Column
from core.console.pages import Page
from core.console.sections import Facts, Section
from core.identity import second_factor
from core.identity.models import StaffProfile
from core.identity.roles import Role


def _roles(row: StaffProfile) -> str:
    names = sorted(group.name.replace("_", " ") for group in row.user.groups.all())
    return ", ".join([*names, "superuser"] if row.user.is_superuser else names)


def _factor(row: StaffProfile) -> Cell:
    if second_factor.is_enrolled(user_id=row.user.pk):
        return cells.badge("set up", Tone.SUCCESS, icon="verified_user")
    return cells.badge("missing", Tone.DANGER, icon="gpp_bad")


class StaffPage(Page):
    """Who may come in, as what."""

    heading = "Access"
    lead = "Without a second factor nobody comes in, whatever the role."
    group = "Evidence"
    place = 95
    icon = "badge"
    readers = frozenset({Role.SECURITY, Role.AUDITOR})
    key = "user_id"
    columns: ClassVar[list[Column]] = [
        Column(label="Name", cell=lambda row: cells.text(row.display_name, href=f"{row.pk}/change/")),
        Column(label="E-mail", cell=lambda row: cells.text(row.user.email)),
        Column(label="Roles", cell=lambda row: cells.text(_roles(row))),
        Column(label="Second factor", cell=_factor),
        Column(label="Last sign-in", cell=lambda row: cells.time(row.user.last_login)),
    ]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        return StaffProfile.objects.select_related("user").prefetch_related("user__groups")

    def sections(self, request: HttpRequest, row: StaffProfile) -> list[Section]:
        return [
            Facts(
                title="Member of staff",
                icon="badge",
                facts=[
                    ("E-mail", cells.text(row.user.email)),
                    ("Roles", cells.text(_roles(row))),
                    ("Second factor", _factor(row)),
                    ("Active", cells.text("yes" if row.user.is_active else "no")),
                    ("Last sign-in", cells.time(row.user.last_login)),
                ],
            )
        ]
