"""Providers: health, breakers with history, errors, balance; drain, disable, hold a breaker, each with a reason."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, ClassVar

from django import forms
from django.db import connection, transaction
from django.http import HttpRequest

from core.audit import audit
from core.console import access, cells, stories
from core.console.changes import Change, Order, ReasonForm
from core.console.listing import Column, Slice
from core.console.pages import Page
from core.console.screens.customers import records
from core.console.sections import Bars, Facts, Section, Table, bars_of
from core.identity.roles import Role
from core.kernel import clock
from core.providers import guard, probes, queries, states
from core.providers.console import words
from core.providers.queries import Period, ProviderView
from core.providers.states import Mode
from core.resilience import breaker
from core.resilience.models import BreakerEvent

SWITCHERS: access.Roles = access.SENIOR | {Role.TREASURY}
SUBJECT = "provider"
_HOURS = 48
_ERRORS = """
    SELECT operation, outcome, status, count(*), max(at) FROM providers_providercall
    WHERE provider = %s AND at >= %s AND (outcome <> 'answered' OR status >= 400)
    GROUP BY 1, 2, 3 ORDER BY 4 DESC LIMIT 20
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """A provider as the screens of the console handle it. ``pk`` is its code."""

    pk: str
    view: ProviderView

    def __str__(self) -> str:
        return self.view.name


class BreakerForm(ReasonForm):
    """Asks which breaker, and how it is to be held."""

    operation = forms.ChoiceField(label="Breaker", widget=forms.Select(attrs={"class": "c-input"}))
    hold = forms.ChoiceField(
        label="From now on",
        choices=[
            ("auto", "automatic: failures decide, starting closed"),
            ("open", "held open: every call is refused"),
            ("closed", "held closed: every call passes, whatever fails"),
        ],
        widget=forms.Select(attrs={"class": "c-input"}),
    )
    field_order = ("operation", "hold", "reason")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = self.fields["operation"]
        if isinstance(field, forms.ChoiceField):
            field.choices = [(each.operation, each.operation) for each in self.target.view.operations]


def _switch(order: Order, mode: Mode) -> str:
    states.change(
        provider=order.target.pk, mode=mode, actor=order.actor, reason=order.reason, request_id=order.request_id
    )
    return f"{order.target} is {mode.value} now."


def _hold(order: Order) -> str:
    name = guard.breaker_name(provider=order.target.pk, operation=order.fields["operation"])
    held = breaker.Breaker(name)
    before = breaker.view(name=name)
    act = {"auto": held.auto, "open": held.force_open, "closed": held.force_closed}[order.fields["hold"]]
    # The record first: a hold without a record must not exist, a record of a hold that failed may.
    with transaction.atomic():
        audit.record(
            actor=order.actor,
            action="breaker.held",
            target=f"provider:{order.target.pk}",
            reason=order.reason,
            before={"breaker": name, "state": before.state, "mode": before.mode},
            after={"breaker": name, "hold": order.fields["hold"]},
            request_id=order.request_id,
        )
    act(actor=order.actor, reason=order.reason)
    return f"{name}: {order.fields['hold']}."


def _probe(order: Order) -> str:
    with transaction.atomic():
        audit.record(
            actor=order.actor,
            action="provider.probed",
            target=f"provider:{order.target.pk}",
            reason=order.reason,
            request_id=order.request_id,
        )
    probes.probe_all()
    return "Every provider was asked how it is; what they answered counts towards their health."


def _rows() -> list[Row]:
    return [Row(pk=view.code, view=view) for view in queries.overview(now=clock.SYSTEM.now())]


class ProvidersPage(Page):
    """Whom we depend on."""

    heading = "Providers"
    lead = "How each one does, whether its breakers are closed, and what is switched off."
    group = "Providers"
    place = 50
    icon = "hub"
    empty = "No domain has registered a provider."
    columns: ClassVar[list[Column]] = [
        Column(label="Provider", cell=lambda row: cells.text(row.view.name, href=f"{row.pk}/change/")),
        Column(label="Standing", cell=lambda row: words.standing(row.view)),
        Column(label="Mode", cell=lambda row: words.mode(row.view.mode)),
        Column(label="Does", cell=lambda row: cells.text(", ".join(sorted({c.method for c in row.view.capabilities})))),
        Column(
            label="Success, worst",
            cell=lambda row: cells.text(words.percent(words.worst_rate(row.view.operations))),
            numeric=True,
        ),
        Column(
            label="p95, slowest",
            cell=lambda row: cells.text(words.milliseconds(words.slowest_ms(row.view.operations))),
            numeric=True,
        ),
    ]
    changes: ClassVar[list[Change]] = [
        Change(
            name="drain",
            label="Drain",
            icon="water_drop",
            text="Nothing new is sent to it; what runs is finished. Takes effect within a second.",
            roles=SWITCHERS,
            run=lambda order: _switch(order, Mode.DRAINED),
            offered=lambda row: row.view.mode is Mode.ENABLED,
        ),
        Change(
            name="disable",
            label="Disable",
            icon="power_off",
            text="Nothing at all is sent to it, not even questions about what runs. For when it does harm.",
            roles=SWITCHERS,
            run=lambda order: _switch(order, Mode.DISABLED),
            offered=lambda row: row.view.mode is not Mode.DISABLED,
            danger=True,
            needs_fresh=True,
        ),
        Change(
            name="enable",
            label="Enable",
            icon="power",
            text="It may be used for everything again.",
            roles=SWITCHERS,
            run=lambda order: _switch(order, Mode.ENABLED),
            offered=lambda row: row.view.mode is not Mode.ENABLED,
            needs_fresh=True,
        ),
        Change(
            name="breaker",
            label="Hold a breaker",
            icon="electric_bolt",
            text="Holds one breaker open or closed whatever happens, or gives it back to itself.",
            roles=SWITCHERS,
            run=_hold,
            form=BreakerForm,
            needs_fresh=True,
        ),
        Change(
            name="probe",
            label="Test call",
            icon="network_ping",
            text="Asks every provider once how it is, without moving anything.",
            roles=access.OPERATORS,
            run=_probe,
        ),
    ]

    def slice_of(self, request: HttpRequest) -> Slice:
        return Slice(rows=_rows(), older="", newer="")

    def find(self, object_id: str) -> Any:
        return next((row for row in _rows() if row.pk == object_id), None)

    def title_of(self, row: Row) -> str:
        return row.view.name

    def sections(self, request: HttpRequest, row: Row) -> list[Section]:
        now = clock.SYSTEM.now()
        return [
            _facts(row),
            *stories.of(request, subject=SUBJECT, key=row.pk),
            _operations(row.view),
            _bars(row.view, now=now),
            _errors(row.pk, now=now),
            _history(row.view),
            records(f"provider:{row.pk}"),
        ]


def _facts(row: Row) -> Facts:
    types = sorted({each.type.value for each in row.view.capabilities})
    assets = sorted({asset for each in row.view.capabilities for asset in each.assets})
    return Facts(
        title="Standing",
        icon="hub",
        facts=[
            ("Standing", words.standing(row.view)),
            ("Mode", words.mode(row.view.mode)),
            ("Type", cells.text(", ".join(types))),
            ("Methods", cells.text(", ".join(sorted({each.method for each in row.view.capabilities})))),
            ("Assets", cells.text(", ".join(assets))),
        ],
    )


def _operations(view: ProviderView) -> Table:
    rows = []
    for each in view.operations:
        held = breaker.view(name=guard.breaker_name(provider=view.code, operation=each.operation))
        rows.append(
            (
                cells.text(each.operation),
                words.breaker(held.state, held.mode),
                cells.text(words.percent(each.health.success_rate) if each.health.samples else "—"),
                cells.text(words.milliseconds(each.health.p50_ms)),
                cells.text(words.milliseconds(each.health.p95_ms)),
                cells.text(f"{each.last_hour.calls:,}"),
                cells.text(words.percent(each.last_hour.success_rate)),
            )
        )
    return Table(
        title="Operations",
        icon="electric_bolt",
        columns=("Operation", "Breaker", "Success now", "p50", "p95", "Calls, last hour", "Success, last hour"),
        rows=rows,
        numeric=frozenset({2, 3, 4, 5, 6}),
        note="Declines count as answers; only silence and failure count against it.",
    )


def _bars(view: ProviderView, *, now: datetime) -> Bars:
    since = (now - timedelta(hours=_HOURS)).astimezone(UTC)
    sums: dict[int, tuple[int, int]] = {}
    for (code, _operation), periods in queries.bars(now=now, hours=_HOURS).items():
        if code == view.code:
            _add(sums, periods, since)
    counts = [(f"{since + timedelta(hours=hour):%d %b %H:%M}", *sums.get(hour, (0, 0))) for hour in range(_HOURS)]
    return Bars(
        title=f"Calls in the last {_HOURS} hours",
        bars=bars_of(counts) if sums else [],
        first=f"{since:%d %b %H:%M}",
        last=f"{now:%d %b %H:%M} UTC",
        empty="Nothing was called in this time.",
    )


def _add(sums: dict[int, tuple[int, int]], periods: Sequence[Period], since: datetime) -> None:
    for period in periods:
        hour = int((period.start - since) / timedelta(hours=1))
        calls, failures = sums.get(hour, (0, 0))
        sums[hour] = (calls + period.calls, failures + period.failures)


def _errors(code: str, *, now: datetime) -> Table:
    with connection.cursor() as cursor:
        cursor.execute(_ERRORS, [code, now - timedelta(hours=24)])
        found = cursor.fetchall()
    return Table(
        title="Errors, last 24 hours",
        icon="error",
        columns=("Operation", "Outcome", "HTTP", "How many", "Last"),
        rows=[
            (
                cells.text(operation),
                cells.text(outcome.replace("_", " ")),
                cells.text(status),
                cells.text(f"{count:,}"),
                cells.time(last),
            )
            for operation, outcome, status, count, last in found
        ],
        numeric=frozenset({3}),
        empty="None. Every call got an answer that was not an error.",
    )


def _history(view: ProviderView) -> Table:
    names = [guard.breaker_name(provider=view.code, operation=each.operation) for each in view.operations]
    rows = BreakerEvent.objects.filter(name__in=names).order_by("-at")[:50]
    return Table(
        title="History of its breakers",
        icon="history",
        columns=("When", "Breaker", "From", "To", "Why", "By"),
        rows=[
            (
                cells.time(each.at),
                cells.text(each.name),
                cells.text(each.before),
                cells.text(each.after),
                cells.text(each.reason),
                cells.mono(each.actor),
            )
            for each in rows
        ],
        empty="No breaker of it has ever moved.",
    )
