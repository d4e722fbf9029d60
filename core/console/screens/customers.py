"""Customers: a masked profile, its status, and freezing with a reason."""

from __future__ import annotations

from contextlib import suppress
from typing import Any, ClassVar

from django.db import transaction
from django.db.models import Q, QuerySet
from django.http import HttpRequest

from core.audit import audit
from core.console import access, cells
from core.console.cells import Cell, Tone
from core.console.changes import Change, Order
from core.console.listing import Column, Filter, Tab, choice
from core.console.pages import Page
from core.console.screens.audit import of
from core.console.sections import Facts, Section, Table
from core.identity import customers, evidence
from core.identity.models import ApiKey, Customer
from core.identity.models.customers import CustomerStatus
from core.identity.roles import Role
from core.kernel import errors, ids

FREEZERS: access.Roles = access.COMPLIANCE | {Role.SENIOR_OPERATIONS}


def mask(email: str) -> str:
    """Return an address of which the first letter and the domain can be read."""
    name, _, domain = email.partition("@")
    return f"{name[:1]}•••@{domain}"


def status_badge(row: Customer) -> Cell:
    if row.status == CustomerStatus.FROZEN:
        return cells.badge("frozen", Tone.DANGER, icon="ac_unit")
    return cells.badge("active", Tone.SUCCESS)


def _set(order: Order, status: CustomerStatus) -> str:
    customers.set_status(customer_id=order.target.pk, status=status, actor=order.actor, reason=order.reason)
    return f"{order.target} is {status.label.lower()} now."


def _unmask(order: Order) -> str:
    with transaction.atomic():
        audit.record(
            actor=order.actor,
            action="customer.unmasked",
            target=evidence.of_customer(order.target.pk),
            reason=order.reason,
            request_id=order.request_id,
        )
    return f"{order.target} signs in as {order.target.user.email}."


class CustomersPage(Page):
    """Personal data is masked; who unmasks it says why."""

    heading = "Customers"
    lead = "Personal data is masked. Unmasking needs a reason and is kept on record."
    group = "Money"
    place = 30
    icon = "group"
    by_day = True
    search_hint = "@handle, customer id or the whole e-mail address"
    empty = "Nobody has joined yet."
    tabs: ClassVar[list[Tab]] = [Tab(label="All"), Tab(label="Frozen", query={"status": "frozen"})]
    filters: ClassVar[list[Filter]] = [
        Filter(
            name="status", label="Status", choices=lambda: CustomerStatus.choices, apply=choice("status"), by_tabs=True
        ),
        Filter(
            name="level",
            label="KYC level",
            choices=lambda: [(str(level), f"Level {level}") for level in range(4)],
            apply=lambda rows, value: rows.filter(kyc_level=value) if value.isdigit() else rows.none(),
        ),
    ]
    columns: ClassVar[list[Column]] = [
        Column(label="Handle", cell=lambda row: cells.text(f"@{row.handle}", href=f"{row.pk}/change/")),
        Column(label="E-mail", cell=lambda row: cells.text(mask(row.user.email))),
        Column(label="Country", cell=lambda row: cells.text(row.country)),
        Column(label="KYC level", cell=lambda row: cells.text(str(row.kyc_level)), numeric=True),
        Column(label="Rates", cell=lambda row: cells.text(row.rate_class)),
        Column(label="Status", cell=status_badge),
        Column(label="Joined", cell=lambda row: cells.time(row.created_at)),
    ]
    changes: ClassVar[list[Change]] = [
        Change(
            name="unmask",
            label="Unmask e-mail",
            icon="visibility",
            text="Shows the e-mail address once. That you looked, and why, is kept on record.",
            roles=FREEZERS | {Role.OPERATIONS},
            run=_unmask,
        ),
        Change(
            name="freeze",
            label="Freeze customer",
            icon="ac_unit",
            text="The customer can sign in and look, but move nothing, from now on. What is under way is finished.",
            roles=FREEZERS,
            run=lambda order: _set(order, CustomerStatus.FROZEN),
            offered=lambda row: row.status == CustomerStatus.ACTIVE,
            danger=True,
        ),
        Change(
            name="unfreeze",
            label="Unfreeze customer",
            icon="sunny",
            text="The customer can move money again. Prove that it is you: this opens a door.",
            roles=frozenset({Role.COMPLIANCE_OFFICER, Role.SENIOR_OPERATIONS}),
            run=lambda order: _set(order, CustomerStatus.ACTIVE),
            offered=lambda row: row.status == CustomerStatus.FROZEN,
            needs_fresh=True,
        ),
    ]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        return Customer.objects.select_related("user")

    def search(self, rows: QuerySet[Any], text: str) -> QuerySet[Any]:
        found = Q(handle=text.removeprefix("@").lower()) | Q(user__email=text.lower())
        with suppress(errors.NotFound):
            found |= Q(id=ids.parse(ids.Prefix.CUSTOMER, text))
        return rows.filter(found)

    def sections(self, request: HttpRequest, row: Customer) -> list[Section]:
        keys = ApiKey.objects.filter(customer_id=row.pk).order_by("-id")[:20]
        public = ids.render(ids.Prefix.CUSTOMER, row.pk)
        return [
            Facts(
                title="Profile",
                icon="person",
                facts=[
                    ("Status", status_badge(row)),
                    ("Id", cells.mono(public)),
                    ("Name", cells.text(f"{row.display_name[:1]}•••")),
                    ("E-mail", cells.text(mask(row.user.email))),
                    ("Country", cells.text(row.country)),
                    ("KYC level", cells.text(str(row.kyc_level))),
                    ("Rate class", cells.text(row.rate_class)),
                    ("Joined", cells.time(row.created_at)),
                    ("Preferences", cells.data(row.preferences)),
                ],
            ),
            Table(
                title="API keys",
                icon="key",
                columns=("Name", "Prefix", "Scopes", "Last used"),
                rows=[
                    (
                        cells.text(key.name),
                        cells.mono(key.prefix),
                        cells.text(", ".join(key.scopes)),
                        cells.time(key.last_used_at),
                    )
                    for key in keys
                ],
                empty="This customer has no API key.",
            ),
            records(evidence.of_customer(row.pk)),
        ]


def records(target: str) -> Table:
    """Return the audit records about something."""
    return Table(
        title="Audit",
        icon="history_edu",
        columns=("When", "Who", "What", "Why"),
        rows=[
            (cells.time(each.at), cells.mono(each.actor), cells.text(each.action), cells.text(each.reason))
            for each in of(target)
        ],
        empty="No person has changed anything here.",
    )
