"""Dead letters: what the engine gave up on, to be replayed or discarded with a reason, singly or several at once."""

from __future__ import annotations

from typing import Any, ClassVar

from django.db import connection
from django.db.models import Q, QuerySet
from django.http import HttpRequest

from core.console import access, cells
from core.console.cells import Cell, Tone
from core.console.changes import Change, Order
from core.console.listing import Column, Filter, Tab, choice
from core.console.pages import Page
from core.console.screens.customers import records
from core.console.sections import Facts, Section, Table
from core.kernel import errors, ids
from core.orchestration.console import words
from core.orchestration.console.story import timeline
from core.orchestration.hands import deadletters
from core.orchestration.models import Category, DeadLetter, DeadLetterState

_TONES = {Category.TRANSIENT: Tone.INFO, Category.RECOVERABLE: Tone.WARNING, Category.PERMANENT: Tone.DANGER}
_GROUPS = """
    SELECT category, error, count(*), min(created_at) FROM orchestration_deadletter WHERE state = 'OPEN'
    GROUP BY category, error ORDER BY count(*) DESC LIMIT 20
"""


def _category(row: DeadLetter) -> Cell:
    return _category_badge(row.category)


def _category_badge(code: str) -> Cell:
    return cells.badge(words.word(code), _TONES[Category(code)], title=Category(code).label)


def _replay(order: Order) -> str:
    deadletters.replay(letter_id=order.target.pk, actor=order.actor, reason=order.reason)
    return f"{order.target.public_id} was put back to work."


def _discard(order: Order) -> str:
    deadletters.discard(letter_id=order.target.pk, actor=order.actor, reason=order.reason)
    return f"{order.target.public_id} was discarded."


def _is_open(row: DeadLetter) -> bool:
    return row.state == DeadLetterState.OPEN


def _errors() -> list[tuple[str, str]]:
    found = DeadLetter.objects.filter(state=DeadLetterState.OPEN).values_list("error", flat=True).distinct()
    return [(error, error) for error in found.order_by("error")[:50]]


class LettersPage(Page):
    """Parked work. Nothing in here moves by itself."""

    heading = "Dead letters"
    lead = "Work that was parked for a person. Nothing in here moves by itself."
    group = "Money"
    place = 20
    icon = "markunread_mailbox"
    by_day = True
    search_hint = "dlq_… or txn_…"
    empty = (
        "No dead letters. What fails for a moment is tried again by itself; only what could not be helped ends here."
    )
    tabs: ClassVar[list[Tab]] = [
        Tab(label="Open", query={"state": DeadLetterState.OPEN.value}),
        Tab(label="All"),
    ]
    filters: ClassVar[list[Filter]] = [
        Filter(
            name="state",
            label="State",
            choices=lambda: _named(DeadLetterState.values),
            apply=choice("state"),
            by_tabs=True,
        ),
        Filter(name="category", label="Category", choices=lambda: _named(Category.values), apply=choice("category")),
        Filter(name="error", label="Error", choices=_errors, apply=choice("error")),
    ]
    columns: ClassVar[list[Column]] = [
        Column(label="Letter", cell=lambda row: cells.mono(f"{row.public_id[:10]}…", href=f"{row.pk}/change/")),
        Column(label="Category", cell=_category),
        Column(label="Error", cell=lambda row: cells.text(row.error)),
        Column(label="What failed", cell=lambda row: cells.text(row.source)),
        Column(label="Transaction", cell=lambda row: words.link(row.transaction_id)),
        Column(label="State", cell=lambda row: words.letter_state(row.state)),
        Column(label="Since", cell=lambda row: cells.time(row.created_at)),
    ]
    changes: ClassVar[list[Change]] = [
        Change(
            name="replay",
            label="Replay",
            icon="replay",
            text="Puts it back to work. The engine looks at the state as it is now and asks the provider first.",
            roles=access.OPERATORS,
            run=_replay,
            offered=_is_open,
            bulk_at_most=deadletters.BULK_AT_MOST,
        ),
        Change(
            name="discard",
            label="Discard",
            icon="delete_sweep",
            text="Says that nothing more is to be done. The letter stays readable; it is not offered again.",
            roles=access.SENIOR,
            run=_discard,
            offered=_is_open,
            danger=True,
            needs_fresh=True,
            bulk_at_most=deadletters.BULK_AT_MOST,
        ),
    ]

    def search(self, rows: QuerySet[Any], text: str) -> QuerySet[Any]:
        found = Q()
        for prefix, field in ((ids.Prefix.DEAD_LETTER, "id"), (ids.Prefix.TRANSACTION, "transaction_id")):
            try:
                found |= Q(**{field: ids.parse(prefix, text)})
            except errors.NotFound:
                continue
        return rows.filter(found) if found else rows.none()

    def above(self, request: HttpRequest) -> list[Section]:
        with connection.cursor() as cursor:
            cursor.execute(_GROUPS)
            groups = cursor.fetchall()
        if not groups:
            return []
        rows = [
            (
                _category_badge(category),
                cells.text(error, href=f"?state=OPEN&category={category}&error={error}"),
                cells.text(f"{count:,}"),
                cells.time(oldest),
            )
            for category, error, count, oldest in groups
        ]
        return [
            Table(
                title="Open, by cause",
                icon="category",
                columns=("Category", "Error", "How many", "Oldest"),
                rows=rows,
                numeric=frozenset({2}),
            )
        ]

    def title_of(self, row: DeadLetter) -> str:
        return f"{row.error} while {row.source}"

    def sections(self, request: HttpRequest, row: DeadLetter) -> list[Section]:
        facts = [
            ("State", words.letter_state(row.state)),
            ("Category", _category(row)),
            ("Error", cells.text(row.error)),
            ("What failed", cells.text(row.source)),
            ("Transaction", words.link(row.transaction_id)),
            ("Since", cells.time(row.created_at)),
            ("Replays", cells.text(str(row.replays))),
            ("Resolved by", cells.mono(row.resolved_by)),
            ("Resolved", cells.time(row.resolved_at)),
            ("Resolution", cells.text(row.resolution)),
        ]
        payload = [("Detail", cells.text(row.detail)), ("Payload", cells.data(row.payload, is_open=True))]
        told = [] if row.transaction_id is None else [timeline(row.transaction_id)]
        return [
            Facts(title="Dead letter", icon="markunread_mailbox", facts=facts),
            Facts(title="What was being done", icon="data_object", facts=payload),
            *told,
            records(row.public_id),
        ]


def _named(values: list[str]) -> list[tuple[str, str]]:
    return [(value, words.word(value)) for value in values]
