"""Held-up transactions: the queue, the evidence, the decision; and what else compliance shows."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, ClassVar
from uuid import UUID

from django.db.models import QuerySet
from django.http import HttpRequest
from django.urls import reverse

from core.compliance import cases
from core.compliance.models import Case, CaseKind, CaseStatus
from core.console import access, cells, people, stories, tower
from core.console.cells import Cell, Tone
from core.console.changes import Change, Order
from core.console.listing import Column, Filter, Tab, choice
from core.console.pages import Page
from core.console.screens.customers import records
from core.console.sections import Facts, Section, Table
from core.console.site import site
from core.identity.roles import Role
from core.kernel import ids
from core.orchestration.console import story, words
from core.orchestration.models import Transaction

MOST = 1000
_STATES: dict[str, tuple[Tone, str]] = {
    CaseStatus.OPEN: (Tone.WARNING, "policy"),
    CaseStatus.APPROVED: (Tone.SUCCESS, "check_circle"),
    CaseStatus.REFUSED: (Tone.DANGER, "cancel"),
    CaseStatus.CLOSED: (Tone.NEUTRAL, "remove_circle"),
}


def status(code: str) -> Cell:
    tone, icon = _STATES[code]
    return cells.badge(code, tone, icon=icon, title=CaseStatus(code).label)


def _decide(order: Order, decision: cases.Decision) -> str:
    view = cases.decide(case_id=order.target.pk, decision=decision, reason=order.reason, actor=order.actor)
    return f"The case is {view.status}: the transaction {_NEXT[decision]}."


_NEXT = {cases.Decision.APPROVE: "goes on", cases.Decision.REFUSE: "ends and what was held is free"}


def _is_open(row: Case) -> bool:
    return str(row.status) == CaseStatus.OPEN


class CasesPage(Page):
    """A case holds its transaction until a person decides. Customers never see any of it."""

    heading = "Held up"
    lead = "Transactions that wait for a decision. Customers see only that theirs is under review."
    group = "Compliance"
    place = 60
    icon = "policy"
    readers = access.COMPLIANCE_READERS
    by_day = True
    search_hint = "cse_…, txn_… or @handle"
    empty = "Nothing is held up."
    tabs: ClassVar[list[Tab]] = [Tab(label="Open", query={"status": CaseStatus.OPEN.value}), Tab(label="All")]
    filters: ClassVar[list[Filter]] = [
        Filter(
            name="status",
            label="Status",
            choices=lambda: [(each.value, each.value) for each in CaseStatus],
            apply=choice("status"),
            by_tabs=True,
        ),
        Filter(name="kind", label="Kind", choices=lambda: CaseKind.choices, apply=choice("kind")),
    ]
    columns: ClassVar[list[Column]] = [
        Column(label="Case", cell=lambda row: cells.mono(f"cse_{row.pk.hex[:6]}…", href=f"{row.pk}/change/")),
        Column(label="Status", cell=lambda row: status(row.status)),
        Column(label="Why", cell=lambda row: cells.text(words.word(row.rule))),
        Column(label="Amount", cell=lambda row: cells.amount(row.amount), numeric=True),
        Column(label="Customer", cell=lambda row: words.customer(row.customer_id, row.handle)),
        Column(label="Transaction", cell=lambda row: words.link(row.transaction_id)),
        Column(label="Waits since", cell=lambda row: cells.time(row.opened_at)),
        Column(label="Decided by", cell=lambda row: cells.mono(row.decided_by)),
    ]
    changes: ClassVar[list[Change]] = [
        Change(
            name="approve",
            label="Approve",
            icon="check_circle",
            text="The transaction goes on past this gate; every other gate still looks at it.",
            roles=access.COMPLIANCE,
            run=lambda order: _decide(order, cases.Decision.APPROVE),
            offered=_is_open,
        ),
        Change(
            name="refuse",
            label="Refuse",
            icon="cancel",
            text="The transaction ends. What was held is free again; the customer reads only that it may not be.",
            roles=frozenset({Role.COMPLIANCE_OFFICER}),
            run=lambda order: _decide(order, cases.Decision.REFUSE),
            offered=_is_open,
            danger=True,
            needs_fresh=True,
        ),
    ]

    def search(self, rows: QuerySet[Any], text: str) -> QuerySet[Any]:
        by_id = {ids.Prefix.CASE: "id", ids.Prefix.TRANSACTION: "transaction_id"}
        return rows.filter(people.meant(text, by_id=by_id))

    def load(self, rows: list[Any]) -> None:
        people.add_handles(rows)
        held = Transaction.objects.in_bulk({row.transaction_id for row in rows})
        for row in rows:
            row.amount = held[row.transaction_id].money if row.transaction_id in held else None

    def title_of(self, row: Case) -> str:
        return f"Held up: {words.word(row.rule)}"

    def sections(self, request: HttpRequest, row: Case) -> list[Section]:
        self.load([row])
        evidence = [(words.word(name).capitalize(), _evidence(value)) for name, value in row.evidence.items()]
        return [
            Facts(
                title="Case",
                icon="policy",
                facts=[
                    ("Status", status(row.status)),
                    ("Why", cells.text(words.word(row.rule))),
                    ("Amount", cells.amount(row.amount)),  # type: ignore[attr-defined]  # load() puts it there
                    ("Customer", words.customer(row.customer_id, row.handle)),  # type: ignore[attr-defined]  # the same
                    ("Transaction", words.link(row.transaction_id)),
                    ("Stopped at", words.state(row.stage)),
                    ("Waits since", cells.time(row.opened_at)),
                    ("Decided", cells.time(row.decided_at)),
                    ("Decided by", cells.mono(row.decided_by)),
                    ("Reason", cells.text(row.reason)),
                ],
            ),
            Facts(
                title="Evidence",
                icon="fact_check",
                facts=evidence or [("What the rule found", cells.NOTHING)],
                note="As it was when the transaction was stopped.",
            ),
            story.timeline(row.transaction_id),
            records(ids.render(ids.Prefix.CASE, row.pk)),
        ]


def _evidence(value: Any) -> Cell:
    return cells.data(value, is_open=True) if isinstance(value, dict | list) else cells.text(value)


def of_transaction(transaction_id: UUID) -> Iterable[Section]:
    """Tell which cases held a transaction up."""
    found = cases.for_transaction(transaction_id)
    if found:
        yield Table(
            title="Held up",
            icon="policy",
            columns=("Case", "Status", "Why", "Opened", "Decided by", "Reason"),
            rows=[
                (
                    cells.mono(
                        f"cse_{each.id.hex[:6]}…", href=reverse("console:compliance_case_change", args=[each.id])
                    ),
                    status(each.status),
                    cells.text(words.word(each.rule)),
                    cells.time(each.opened_at),
                    cells.mono(each.decided_by),
                    cells.text(each.reason),
                )
                for each in found
            ],
        )


def queues() -> Iterable[tower.Item]:
    """Tell how many cases wait, and how long the oldest has."""
    waiting = Case.objects.filter(status=CaseStatus.OPEN)
    count = waiting[:MOST].count()
    oldest = waiting.order_by("opened_at").values_list("opened_at", flat=True).first()
    yield tower.Queue(
        label="Held up",
        count=str(count),
        hint="nothing waits for a decision" if oldest is None else f"oldest since {oldest:%d %b %H:%M} UTC",
        href=reverse("console:compliance_case_changelist") + "?status=open",
        icon="policy",
        is_empty=not count,
    )


site.register(Case, CasesPage)
stories.register(
    stories.Part(
        subject="transaction",
        name="compliance",
        place=15,
        tell=of_transaction,
        readers=access.COMPLIANCE_READERS,
    )
)
tower.register(tower.Part(name="compliance", place=30, tell=queues, readers=access.COMPLIANCE_READERS))
