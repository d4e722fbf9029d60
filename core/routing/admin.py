"""The weights of the provider score, read only."""

from __future__ import annotations

from typing import ClassVar

from django.http import HttpRequest

from core.console import cells
from core.console.listing import Column
from core.console.pages import Page
from core.console.sections import Facts, Section
from core.console.site import site
from core.routing.models import Weights


class WeightsPage(Page):
    """How much health, cost and speed count when a provider is chosen, by version."""

    heading = "Routing weights"
    lead = "How much health, cost and speed count when a provider is chosen. Rows are never changed."
    group = "Settings"
    place = 71
    icon = "alt_route"
    key = "version"
    columns: ClassVar[list[Column]] = [
        Column(label="Version", cell=lambda row: cells.text(str(row.version), href=f"{row.pk}/change/")),
        Column(label="Health", cell=lambda row: cells.text(f"{row.health} %"), numeric=True),
        Column(label="Cost", cell=lambda row: cells.text(f"{row.cost} %"), numeric=True),
        Column(label="Speed", cell=lambda row: cells.text(f"{row.speed} %"), numeric=True),
        Column(label="From", cell=lambda row: cells.time(row.effective_from)),
        Column(label="Why", cell=lambda row: cells.text(row.reason)),
    ]

    def title_of(self, row: Weights) -> str:
        return f"Weights version {row.version}"

    def sections(self, request: HttpRequest, row: Weights) -> list[Section]:
        facts = [(column.label, column.cell(row)) for column in self.columns[1:]]
        return [Facts(title="Weights", icon="alt_route", facts=facts)]


site.register(Weights, WeightsPage)
