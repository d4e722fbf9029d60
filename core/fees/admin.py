"""Fee schedules, read only: a new one is published by its own process, never edited here."""

from __future__ import annotations

from typing import Any, ClassVar

from django.db.models.functions import Now
from django.http import HttpRequest

from core.console import access, cells
from core.console.cells import Cell, Tone
from core.console.listing import Column
from core.console.pages import Page
from core.console.sections import Facts, Section, Table
from core.console.site import site
from core.fees.models import Rule, Schedule
from core.kernel import assets
from core.kernel.money import Money


def _standing(row: Schedule) -> Cell:
    if row.published_at is None:
        return cells.badge("draft", Tone.NEUTRAL, icon="edit_note")
    in_force = Schedule.objects.filter(pk=row.pk, effective_from__lte=Now()).exclude(effective_to__lte=Now()).exists()
    if in_force:
        return cells.badge("in force", Tone.SUCCESS)
    return cells.badge("published", Tone.INFO, icon="event")


def _units(units: Any, currency: str) -> Cell:
    return cells.NOTHING if units is None else cells.amount(Money(int(units), assets.get(currency)))


def _rate(row: Rule) -> Cell:
    return cells.text(f"{(row.rate * 100).normalize():f} %") if row.rate else cells.NOTHING


class SchedulesPage(Page):
    """What everything costs, by version."""

    heading = "Fee schedules"
    lead = "What everything costs. A published schedule is never edited; a new one takes its place at a moment."
    group = "Settings"
    place = 70
    icon = "sell"
    readers = access.MONEY
    key = "version"
    columns: ClassVar[list[Column]] = [
        Column(label="Version", cell=lambda row: cells.text(str(row.version), href=f"{row.pk}/change/")),
        Column(label="Name", cell=lambda row: cells.text(row.name)),
        Column(label="Standing", cell=_standing),
        Column(label="From", cell=lambda row: cells.time(row.effective_from)),
        Column(label="To", cell=lambda row: cells.time(row.effective_to)),
    ]

    def title_of(self, row: Schedule) -> str:
        return f"{row.name}, version {row.version}"

    def sections(self, request: HttpRequest, row: Schedule) -> list[Section]:
        rules = Rule.objects.filter(schedule=row).order_by("tier", "code", "domain", "kind", "method")
        return [
            Facts(
                title="Schedule",
                icon="sell",
                facts=[
                    ("Standing", _standing(row)),
                    ("From", cells.time(row.effective_from)),
                    ("To", cells.time(row.effective_to)),
                    ("Published", cells.time(row.published_at)),
                ],
            ),
            Table(
                title="Rules",
                icon="rule",
                columns=("Tier", "Fee", "For", "Rate", "Flat", "At least", "At most", "Above"),
                rows=[
                    (
                        cells.text(rule.tier),
                        cells.text(rule.code),
                        cells.text(" ".join(filter(None, [rule.domain, rule.kind, rule.method, rule.asset])) or "any"),
                        _rate(rule),
                        _units(rule.flat_units or None, rule.currency),
                        _units(rule.min_units, rule.currency),
                        _units(rule.cap_units, rule.currency),
                        _units(rule.over_units, rule.currency),
                    )
                    for rule in rules
                ],
                numeric=frozenset({3, 4, 5, 6, 7}),
                empty="No rule yet.",
            ),
        ]


site.register(Schedule, SchedulesPage)
