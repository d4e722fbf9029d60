"""The lists: operations, wallets, arrivals."""

from __future__ import annotations

from typing import Any, ClassVar

from django.db.models import Q, QuerySet
from django.http import HttpRequest

from core.chains import config, views
from core.chains.console import parts, words
from core.chains.models import (
    Arrival,
    ArrivalState,
    Broadcast,
    ChainOperation,
    ChainTransaction,
    Cursor,
    OperationState,
    Wallet,
)
from core.console import cells
from core.console.listing import Column, Filter, Tab, choice
from core.console.pages import Page
from core.console.sections import Facts, Section, Table
from core.kernel import errors, ids
from core.kernel.money import Money

_GROUP = "Chains"


def _chains() -> list[tuple[str, str]]:
    return [(code, code) for code in config.configured()]


class OperationsPage(Page):
    """What we did on chains."""

    heading = "Chain operations"
    lead = "Everything that diBoaS signed: transactions by address and nonce, with every hash ever sent for them."
    group = _GROUP
    place = 60
    icon = "hub"
    by_day = True
    search_hint = "hash, key or txn_…"
    empty = "Nothing was signed yet."
    tabs: ClassVar[list[Tab]] = [
        Tab(label="All"),
        *(Tab(label=state.value.capitalize(), query={"state": state.value}) for state in OperationState),
    ]
    filters: ClassVar[list[Filter]] = [
        Filter(
            name="state",
            label="State",
            choices=lambda: OperationState.choices,
            apply=choice("state"),
            by_tabs=True,
        ),
        Filter(name="chain", label="Chain", choices=_chains, apply=choice("chain")),
    ]
    columns: ClassVar[list[Column]] = [
        Column(label="Operation", cell=lambda row: cells.mono(row.key, href=f"{row.pk}/change/")),
        Column(label="State", cell=lambda row: words.operation(row.state)),
        Column(label="Steps", cell=lambda row: cells.text(", ".join(step.label for step in row.view.steps))),
        Column(label="Hash", cell=lambda row: words.tx_hash(row.chain, row.view.steps[-1].hash)),
        Column(
            label="Confirmations",
            cell=lambda row: cells.text(f"{row.view.confirmations} of {row.view.required}"),
            numeric=True,
        ),
        Column(label="Gas", cell=lambda row: cells.amount(row.view.cost), numeric=True),
        Column(label="Transaction", cell=lambda row: words.transaction(row.reference)),
        Column(label="Changed", cell=lambda row: cells.time(row.changed_at)),
    ]

    def search(self, rows: QuerySet[Any], text: str) -> QuerySet[Any]:
        sent = Broadcast.objects.filter(tx_hash=text.lower()).values("transaction__operation_id")
        return rows.filter(Q(key=text) | Q(reference=text) | Q(pk__in=sent))

    def load(self, rows: list[Any]) -> None:
        for row, view in zip(rows, views.of(rows), strict=True):
            row.view = view

    def above(self, request: HttpRequest) -> list[Section]:
        return [parts.heads()] if Cursor.objects.exists() else []

    def title_of(self, row: ChainOperation) -> str:
        return row.key

    def sections(self, request: HttpRequest, row: ChainOperation) -> list[Section]:
        return parts.operation(views.of([row])[0])


class WalletsPage(Page):
    """Our addresses."""

    heading = "Wallets"
    lead = "One address per chain and customer, and the house's own. Keys stay in the keystore."
    group = _GROUP
    place = 61
    icon = "account_balance_wallet"
    search_hint = "address or cus_…"
    empty = "No wallet was made yet."
    filters: ClassVar[list[Filter]] = [
        Filter(
            name="frozen",
            label="Frozen",
            choices=lambda: [("yes", "Frozen"), ("no", "In use")],
            apply=lambda rows, value: rows.filter(frozen_at__isnull=value == "no"),
        )
    ]
    columns: ClassVar[list[Column]] = [
        Column(label="Address", cell=lambda row: cells.mono(row.address, href=f"{row.pk}/change/")),
        Column(label="Chain", cell=lambda row: cells.text(row.chain)),
        Column(label="Owner", cell=lambda row: words.owner(row.owner)),
        Column(label="Number", cell=lambda row: cells.text(str(row.number)), numeric=True),
        Column(label="Next nonce", cell=lambda row: cells.text(str(row.next_nonce)), numeric=True),
        Column(label="Condition", cell=parts.condition),
    ]

    def search(self, rows: QuerySet[Any], text: str) -> QuerySet[Any]:
        try:
            return rows.filter(customer_id=ids.parse(ids.Prefix.CUSTOMER, text))
        except errors.NotFound:
            return rows.filter(address__iexact=text)

    def title_of(self, row: Wallet) -> str:
        return row.address

    def sections(self, request: HttpRequest, row: Wallet) -> list[Section]:
        facts = [(column.label, column.cell(row)) for column in self.columns]
        facts += [("Why frozen", cells.text(row.frozen_reason)), ("Made", cells.time(row.created_at))]
        newest = ChainTransaction.objects.filter(wallet=row).select_related("operation").order_by("-pk")[:50]
        return [
            Facts(title="Wallet", icon=self.icon, facts=facts),
            Table(
                title="Newest transactions",
                icon="hub",
                columns=("Nonce", "What", "Operation", "State"),
                rows=[
                    [
                        cells.text("" if step.nonce is None else str(step.nonce)),
                        cells.text(step.label),
                        cells.mono(step.operation.key),
                        words.operation(step.operation.state),
                    ]
                    for step in newest
                ],
                empty="It signed nothing yet.",
            ),
        ]


class ArrivalsPage(Page):
    """Money that came unasked."""

    heading = "Arrivals"
    lead = "Transfers to our addresses that we did not start. Final once the chain says so; gone if a block vanished."
    group = _GROUP
    place = 62
    icon = "call_received"
    by_day = True
    search_hint = "hash"
    empty = "Nothing arrived unasked."
    filters: ClassVar[list[Filter]] = [
        Filter(name="state", label="State", choices=lambda: ArrivalState.choices, apply=choice("state"))
    ]
    columns: ClassVar[list[Column]] = [
        Column(label="Hash", cell=lambda row: cells.mono(row.tx_hash[:18] + "…", href=f"{row.pk}/change/")),
        Column(label="State", cell=lambda row: words.arrival(row.state)),
        Column(label="Amount", cell=lambda row: cells.amount(Money.of(int(row.units), row.asset)), numeric=True),
        Column(label="To", cell=lambda row: words.owner(row.wallet.owner)),
        Column(label="From", cell=lambda row: words.address(row.sender)),
        Column(label="Block", cell=lambda row: cells.text(str(row.block_number)), numeric=True),
        Column(label="Seen", cell=lambda row: cells.time(row.seen_at)),
    ]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        return Arrival.objects.select_related("wallet")

    def search(self, rows: QuerySet[Any], text: str) -> QuerySet[Any]:
        return rows.filter(tx_hash=text.lower())

    def title_of(self, row: Arrival) -> str:
        return f"{row.asset} in {row.tx_hash[:18]}…"

    def sections(self, request: HttpRequest, row: Arrival) -> list[Section]:
        facts = [(column.label, column.cell(row)) for column in self.columns[1:]]
        facts += [
            ("Transaction", words.tx_hash(row.chain, row.tx_hash)),
            ("Final", cells.time(row.final_at)),
            ("Vanished", cells.time(row.vanished_at)),
        ]
        return [Facts(title="Arrival", icon=self.icon, facts=facts)]
