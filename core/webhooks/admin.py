"""The inbox's screen, its part of a transaction's page and of the control tower."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any, ClassVar
from uuid import UUID

from django.db.models import Q, QuerySet
from django.http import HttpRequest
from django.urls import reverse

from core.console import access, cells, stories, tower
from core.console.cells import Cell, Tone
from core.console.changes import Change, Order
from core.console.listing import Column, Filter, Tab, choice
from core.console.pages import Page
from core.console.screens.customers import records
from core.console.sections import Facts, Section, Table
from core.console.site import site
from core.kernel import errors, ids
from core.orchestration.console import words
from core.orchestration.models import Attempt
from core.providers import registry
from core.webhooks import replays
from core.webhooks import stories as told
from core.webhooks.models import Status, WebhookEvent

MOST = 1000
_STATES: dict[str, tuple[Tone, str]] = {
    Status.RECEIVED: (Tone.INFO, "inbox"),
    Status.PROCESSED: (Tone.SUCCESS, "check_circle"),
    Status.PARKED: (Tone.WARNING, "local_parking"),
    Status.IGNORED: (Tone.NEUTRAL, "remove_circle"),
    Status.FAILED: (Tone.DANGER, "error"),
    Status.REJECTED: (Tone.DANGER, "gpp_bad"),
}


def status(code: str) -> Cell:
    tone, icon = _STATES[code]
    return cells.badge(code, tone, icon=icon, title=Status(code).label)


def signature(row: WebhookEvent) -> Cell:
    if row.status == Status.REJECTED:
        return cells.badge("does not hold", Tone.DANGER, icon="gpp_bad")
    return cells.badge("holds", Tone.SUCCESS, icon="verified_user")


def _replay(order: Order) -> str:
    replays.replay(event_id=order.target.pk, actor=order.actor, reason=order.reason, request_id=order.request_id)
    return f"{order.target.event_id} is back in line, to be read by today's code."


class WebhooksPage(Page):
    """What providers told us, as it came."""

    heading = "Webhooks"
    lead = "What providers told us, as it came, and what became of it."
    group = "Providers"
    place = 51
    icon = "webhook"
    by_day = True
    search_hint = "whk_…, the provider's event id or reference"
    empty = "No provider has told us anything yet."
    tabs: ClassVar[list[Tab]] = [
        Tab(label="All"),
        *(Tab(label=each.value.capitalize(), query={"status": each.value}) for each in Status),
    ]
    filters: ClassVar[list[Filter]] = [
        Filter(
            name="status",
            label="Status",
            choices=lambda: [(each.value, each.value) for each in Status],
            apply=choice("status"),
            by_tabs=True,
        ),
        Filter(
            name="provider",
            label="Provider",
            choices=lambda: [(code, registry.get(code).name) for code in registry.codes()],
            apply=choice("provider"),
        ),
    ]
    columns: ClassVar[list[Column]] = [
        Column(label="Received", cell=lambda row: cells.linked(cells.time(row.received_at), f"{row.pk}/change/")),
        Column(label="Provider", cell=lambda row: cells.text(row.provider)),
        Column(label="Event", cell=lambda row: cells.text(row.event_type)),
        Column(label="Signature", cell=signature),
        Column(label="Status", cell=lambda row: status(row.status)),
        Column(label="About", cell=lambda row: cells.mono(row.provider_ref)),
        Column(label="Tries", cell=lambda row: cells.text(str(row.tries)), numeric=True),
        Column(label="Result", cell=lambda row: cells.text((row.error or row.result)[:60])),
    ]
    changes: ClassVar[list[Change]] = [
        Change(
            name="replay",
            label="Replay",
            icon="replay",
            text="Puts it back in line, to be read again by today's code. News that is known already changes nothing.",
            roles=access.OPERATORS,
            run=_replay,
            offered=lambda row: row.status != Status.REJECTED,
            bulk_at_most=50,
        )
    ]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        return WebhookEvent.objects.defer("body", "headers")

    def search(self, rows: QuerySet[Any], text: str) -> QuerySet[Any]:
        try:
            return rows.filter(id=ids.parse(ids.Prefix.WEBHOOK, text))
        except errors.NotFound:
            return rows.filter(Q(event_id=text) | Q(provider_ref=text))

    def title_of(self, row: WebhookEvent) -> str:
        return row.event_type or row.event_id or "Rejected delivery"

    def sections(self, request: HttpRequest, row: WebhookEvent) -> list[Section]:
        asked = Attempt.objects.filter(provider=row.provider, provider_ref=row.provider_ref)
        owner = asked.values_list("transaction_id", flat=True).first() if row.provider_ref else None
        return [
            Facts(
                title="Delivery",
                icon="webhook",
                facts=[
                    ("Status", status(row.status)),
                    ("Signature", signature(row)),
                    ("Provider", cells.text(row.provider)),
                    ("Event", cells.mono(row.event_id)),
                    ("About", cells.mono(row.provider_ref)),
                    ("Transaction", words.link(owner)),
                    ("Received", cells.time(row.received_at)),
                    ("Processed", cells.time(row.processed_at)),
                    ("Next try", cells.time(row.due_at)),
                    ("Tries", cells.text(str(row.tries))),
                    ("Result", cells.text(row.result)),
                    ("Error", cells.text(row.error)),
                    ("Correlation", cells.mono(row.correlation_id)),
                ],
                note="The body is encrypted and is not shown here.",
            ),
            records(ids.render(ids.Prefix.WEBHOOK, row.pk)),
        ]


def of_transaction(transaction_id: UUID) -> Iterable[Section]:
    """Tell which webhooks came about a transaction."""
    rows = [
        (
            cells.mono(f"{each['id'][:10]}…", href=_address(each["id"])),
            cells.text(each["provider"]),
            cells.text(each["type"]),
            status(each["status"]),
            _time(each["received_at"]),
            _time(each["processed_at"]),
        )
        for each in told.webhooks(transaction_id)
    ]
    yield Table(
        title="Webhooks",
        icon="webhook",
        columns=("Webhook", "Provider", "Event", "Status", "Received", "Processed"),
        rows=rows,
        empty="No webhook came about it.",
    )


def _time(text: str | None) -> Cell:
    return cells.time(None if text is None else datetime.fromisoformat(text))


def _address(public: str) -> str:
    return reverse("console:webhooks_webhookevent_change", args=[ids.parse(ids.Prefix.WEBHOOK, public)])


def queues() -> Iterable[tower.Item]:
    """Tell how many webhooks wait for somebody."""
    waiting = WebhookEvent.objects.filter(status__in=[Status.PARKED, Status.FAILED])
    parked = waiting.filter(status=Status.PARKED)[:MOST].count()
    failed = waiting.filter(status=Status.FAILED)[:MOST].count()
    yield tower.Queue(
        label="Parked webhooks",
        count=str(parked + failed),
        hint=f"{parked} about what we do not know, {failed} failed",
        href=reverse("console:webhooks_webhookevent_changelist") + f"?status={'failed' if failed else 'parked'}",
        icon="webhook",
        is_empty=not parked + failed,
    )


site.register(WebhookEvent, WebhooksPage)
stories.register(stories.Part(subject="transaction", name="webhooks", place=40, tell=of_transaction))
tower.register(tower.Part(name="webhooks", place=40, tell=queues))
