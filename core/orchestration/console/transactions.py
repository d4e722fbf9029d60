"""The list of transactions and the page of each."""

from __future__ import annotations

from typing import Any, ClassVar

from django.db.models import Q, QuerySet
from django.http import HttpRequest

from core.console import access, cells, people, stories
from core.console.changes import Change, Order
from core.console.listing import Column, Filter, Tab, choice
from core.console.pages import Page
from core.console.sections import Section
from core.identity import customers
from core.kernel import errors, ids
from core.orchestration import kinds
from core.orchestration.console import story, today, words
from core.orchestration.hands import cancel, recheck
from core.orchestration.models import Attempt, Transaction
from core.orchestration.states import BEFORE_RESERVATION, DONE, SETTLED, State
from core.providers import registry

_GATES = [State.KYC_VERIFICATION, State.COMPLIANCE_CHECK]
_VIEWS = {
    "under_way": ("Under way", ~Q(state__in=SETTLED)),
    "stuck": ("Stuck", today.STUCK),
    "review": ("In review", Q(state__in=_GATES)),
    "completed": ("Completed", Q(state__in=DONE)),
    "failed": ("Failed", Q(state__in=[State.FAILED, State.EXPIRED, State.COMPENSATED])),
    "reversed": ("Reversed", Q(reversed_units__gt=0)),
}


def _view(rows: QuerySet[Any], value: str) -> QuerySet[Any]:
    return rows.filter(_VIEWS[value][1]) if value in _VIEWS else rows.none()


def _kinds() -> list[tuple[str, str]]:
    names = {kind.name for domain in kinds.domains() for kind in domain.kinds}
    return [(name, words.word(name)) for name in sorted(names)]


def _recheck(order: Order) -> str:
    recheck.now(transaction_id=order.target.pk, actor=order.actor, reason=order.reason)
    return f"{order.target.public_id} is looked at now; the answer shows in its timeline."


def _cancel(order: Order) -> str:
    cancel.by_staff(transaction_id=order.target.pk, actor=order.actor, reason=order.reason)
    return f"{order.target.public_id}: cancelling was written down; the timeline shows what became of it."


def _can_be_canceled(row: Transaction) -> bool:
    early = (BEFORE_RESERVATION - set(_GATES)) | {State.BALANCE_RESERVED}
    return row.state in early or (row.next_action is not None and row.state == State.PROVIDER_PROCESSING)


def find(text: str) -> Q:
    """Return which transactions a search text means: by id, provider's reference, @handle or the client's reference."""
    try:
        return Q(id=ids.parse(ids.Prefix.TRANSACTION, text))
    except errors.NotFound:
        pass
    asked = list(Attempt.objects.filter(provider_ref=text).values_list("transaction_id", flat=True)[:100])
    if asked:
        return Q(id__in=asked)
    customer = customers.find_by_handle(text)
    if customer is not None:
        return Q(customer_id=customer.id) | Q(counterparty_id=customer.id)
    return Q(client_reference=text)


class TransactionsPage(Page):
    """Every movement of money, newest first."""

    heading = "Transactions"
    lead = "Every movement of money, newest first. Times are UTC."
    group = "Money"
    place = 10
    icon = "receipt_long"
    by_day = True
    search_hint = "txn_…, provider reference, client reference or @handle"
    empty = "No money has moved yet. Transactions show up here the moment they are accepted."
    tabs: ClassVar[list[Tab]] = [
        Tab(label="All"),
        *(Tab(label=label, query={"view": name}) for name, (label, _) in _VIEWS.items()),
    ]
    filters: ClassVar[list[Filter]] = [
        Filter(
            name="view",
            label="Status",
            choices=lambda: [(name, label) for name, (label, _) in _VIEWS.items()],
            apply=_view,
            by_tabs=True,
        ),
        Filter(name="kind", label="Kind", choices=_kinds, apply=choice("kind")),
        Filter(
            name="domain",
            label="Domain",
            choices=lambda: [(each.code, each.code) for each in kinds.domains()],
            apply=choice("domain"),
        ),
        Filter(
            name="provider",
            label="Provider",
            choices=lambda: [(code, registry.get(code).name) for code in registry.codes()],
            apply=choice("provider"),
        ),
    ]
    columns: ClassVar[list[Column]] = [
        Column(label="Transaction", cell=lambda row: words.link(row.pk)),
        Column(label="Kind", cell=lambda row: cells.text(words.word(row.kind))),
        Column(label="Domain", cell=lambda row: words.domain(row.domain)),
        Column(label="State", cell=lambda row: words.state(row.state)),
        Column(label="Amount", cell=words.amount, numeric=True),
        Column(label="Customer", cell=lambda row: words.customer(row.customer_id, row.handle)),
        Column(label="Provider", cell=lambda row: cells.text(row.provider)),
        Column(label="Reason", cell=lambda row: cells.text(words.word(row.reason))),
        Column(label="Created", cell=lambda row: cells.time(row.created_at)),
    ]
    changes: ClassVar[list[Change]] = [
        Change(
            name="recheck",
            label="Check with provider",
            icon="sync",
            text="Makes it due now: the engine asks the provider how it stands and goes on from the answer. "
            "Nothing is sent twice.",
            roles=access.OPERATORS,
            run=_recheck,
            offered=lambda row: row.state not in SETTLED and row.state not in _GATES,
        ),
        Change(
            name="cancel",
            label="Cancel",
            icon="cancel",
            text="Ends it before money leaves; what is held is free again. Once a provider has it, it cannot be "
            "cancelled here.",
            roles=access.SENIOR,
            run=_cancel,
            offered=_can_be_canceled,
            danger=True,
            needs_fresh=True,
        ),
    ]

    def search(self, rows: QuerySet[Any], text: str) -> QuerySet[Any]:
        return rows.filter(find(text))

    def load(self, rows: list[Any]) -> None:
        people.add_handles(rows)

    def title_of(self, row: Transaction) -> str:
        return f"{words.word(row.kind).capitalize()} of {cells.plain(row.money)}"

    def sections(self, request: HttpRequest, row: Transaction) -> list[Section]:
        return stories.of(request, subject=story.SUBJECT, key=row.pk)
