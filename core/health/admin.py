"""The system's health in the console: the last result of every check, and the books on the control tower."""

from __future__ import annotations

from collections.abc import Iterable
from typing import ClassVar

from django.http import HttpRequest
from django.urls import reverse

from core.console import access, cells, tower
from core.console.cells import Cell, Tone
from core.console.listing import Column, Slice
from core.console.pages import Page
from core.console.sections import Facts, Section
from core.console.site import site
from core.health import results
from core.health.models import HealthResult

_BOOKS = "books"


def _verdict(row: HealthResult) -> Cell:
    if row.ok:
        return cells.badge("well", Tone.SUCCESS)
    return (
        cells.badge("ill, nothing goes without it", Tone.DANGER) if row.critical else cells.badge("ill", Tone.WARNING)
    )


class HealthPage(Page):
    """What the scheduled checks found."""

    heading = "System health"
    lead = "What the scheduled checks found last: database, broker, workers, scheduler, outbox, books."
    group = "Evidence"
    place = 97
    icon = "ecg_heart"
    readers = access.EVERYBODY
    key = "name"
    empty = "No check has run yet. The scheduler runs them every 30 seconds: is it up?"
    columns: ClassVar[list[Column]] = [
        Column(label="Part", cell=lambda row: cells.text(row.name, href=f"{row.pk}/change/")),
        Column(label="Verdict", cell=_verdict),
        Column(label="Detail", cell=lambda row: cells.text(row.detail)),
        Column(label="Took", cell=lambda row: cells.text(f"{row.took_ms:.0f} ms"), numeric=True),
        Column(label="Checked", cell=lambda row: cells.time(row.checked_at)),
    ]

    def slice_of(self, request: HttpRequest) -> Slice:
        return Slice(rows=results.all_of(), older="", newer="")

    def title_of(self, row: HealthResult) -> str:
        return row.name.capitalize()

    def sections(self, request: HttpRequest, row: HealthResult) -> list[Section]:
        facts = [(column.label, column.cell(row)) for column in self.columns[1:]]
        return [Facts(title="Last result", icon="ecg_heart", facts=facts)]


def books() -> Iterable[tower.Item]:
    """Tell whether the books are in balance, as of the last check; anything but zero is an alarm."""
    found = results.find(name=_BOOKS)
    href = reverse("console:ledger_systembalance_changelist")
    if found is None:
        yield tower.Figure(
            label="Books out of balance",
            value="unknown",
            tone=Tone.WARNING,
            icon="help",
            hint="not checked yet",
            href=href,
        )
        return
    count = found.figure or 0
    yield tower.Figure(
        label="Books out of balance",
        value=str(count),
        tone=Tone.SUCCESS if found.ok and not count else Tone.DANGER,
        icon="verified" if found.ok and not count else "error",
        hint=f"checked {found.checked_at:%H:%M:%S} UTC",
        href=href,
    )


site.register(HealthResult, HealthPage)
tower.register(tower.Part(name="books", place=25, tell=books))
