"""Market data in the console: every price with its age, what was refused, the history. Nothing can be changed."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal
from typing import Any, ClassVar

from django.db.models import QuerySet
from django.db.models.functions import Now
from django.http import HttpRequest
from django.urls import reverse

from core.console import access, cells, tower
from core.console.cells import Cell, Tone
from core.console.listing import Column, Slice
from core.console.pages import Page
from core.console.sections import Facts, Section, Table
from core.console.site import site
from core.market import book, shapes
from core.market.models import LatestPrice, PricePoint

_POINTS = 50


def _number(value: Decimal | None) -> Cell:
    return cells.NOTHING if value is None else cells.text(shapes.plain(value))


def _age(row: Any) -> Cell:
    seconds = (row.now - row.observed_at).total_seconds()
    if seconds <= row.pair.stale_after_s:
        return cells.badge(f"{seconds:.0f} s old", Tone.SUCCESS)
    return cells.badge(f"stale, {seconds:,.0f} s old", Tone.DANGER)


def _refused(row: LatestPrice) -> Cell:
    if not row.refused_why:
        return cells.NOTHING
    word = row.refused_why.replace("_", " ")
    return cells.badge(f"{word}: {_number(row.refused_price).text}", Tone.WARNING, title="Not believed")


class PricesPage(Page):
    """What every asset costs, who says so and how long ago."""

    heading = "Market data"
    lead = "The last believable price of every pair. What grows old is shown as stale and binds nobody."
    group = "Providers"
    place = 66
    icon = "query_stats"
    readers = access.EVERYBODY
    empty = "No price was ever told. The scheduler asks every few seconds: is it up, and is a source configured?"
    columns: ClassVar[list[Column]] = [
        Column(label="Pair", cell=lambda row: cells.text(row.pair_id, href=f"{row.pk}/change/")),
        Column(label="Price", cell=lambda row: _number(row.price), numeric=True),
        Column(label="Bid", cell=lambda row: _number(row.bid), numeric=True),
        Column(label="Ask", cell=lambda row: _number(row.ask), numeric=True),
        Column(label="Source", cell=lambda row: cells.text(row.source)),
        Column(label="Age", cell=_age),
        Column(label="Refused now", cell=_refused),
    ]

    def slice_of(self, request: HttpRequest) -> Slice:
        return Slice(rows=list(_rows().order_by("pair_id", "source")), older="", newer="")

    def find(self, object_id: str) -> Any:
        return _rows().filter(pk=object_id).first() if object_id.isascii() and object_id.isdigit() else None

    def title_of(self, row: LatestPrice) -> str:
        return f"{row.pair_id} from {row.source}"

    def sections(self, request: HttpRequest, row: LatestPrice) -> list[Section]:
        return [_facts(row), _history(row)]


def _rows() -> QuerySet[Any]:
    return LatestPrice.objects.select_related("pair").annotate(now=Now())


def _facts(row: Any) -> Facts:
    pair = row.pair
    facts = [(column.label, column.cell(row)) for column in PricesPage.columns[1:]]
    facts += [
        ("Observed", cells.time(row.observed_at)),
        ("Stale after", cells.text(f"{pair.stale_after_s} s")),
        ("Band", cells.text(f"{pair.band_bps / 100:g} %")),
        ("A jump is believed after", cells.text(f"{pair.believe_after_s} s")),
        ("Refused since", cells.time(row.refused_since)),
    ]
    return Facts(title="Price", icon="query_stats", facts=facts)


def _history(row: LatestPrice) -> Table:
    points = PricePoint.objects.filter(pair=row.pair_id, source=row.source).order_by("-observed_at")[:_POINTS]
    return Table(
        title="Newest prices",
        icon="history",
        columns=("Observed", "Price"),
        rows=[(cells.time(each.observed_at), _number(each.price)) for each in points],
        numeric=frozenset({1}),
        empty="No history is kept of it.",
    )


def standing() -> Iterable[tower.Item]:
    """Tell how old the oldest price is, or how many are too old to bind anybody."""
    known = book.current()
    old = ["/".join(pair) for pair in known.pairs if pair not in known.entries or known.entries[pair].is_stale]
    oldest = max((entry.age_s for entry in known.entries.values()), default=0.0)
    yield tower.Figure(
        label="Prices",
        value=f"{len(old)} stale" if old else f"{oldest:.0f} s old",
        tone=Tone.WARNING if old else Tone.SUCCESS,
        icon="schedule" if old else "query_stats",
        hint=", ".join(old[:3]) or "the oldest of all pairs",
        href=reverse("console:market_latestprice_changelist"),
    )


site.register(LatestPrice, PricesPage)
tower.register(tower.Part(name="prices", place=27, tell=standing))
