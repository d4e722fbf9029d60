"""The books: accounts with their balances, entries with lines, trial balance and proof. Nothing can be changed."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, ClassVar

from django.db.models import Q, QuerySet
from django.http import HttpRequest
from django.urls import NoReverseMatch, reverse

from core.console import access, cells, memo
from core.console.cells import Cell, Tone
from core.console.listing import Column, Filter, choice
from core.console.pages import Page
from core.console.sections import Facts, Section, Table
from core.identity.roles import Role
from core.kernel import assets, errors, ids
from core.kernel.money import Money
from core.ledger import queries
from core.ledger.models import Account, AccountKind, Balance, Entry, Line
from core.ledger.models import SystemBalance as Folded

READERS: access.Roles = access.MONEY - {Role.COMPLIANCE_ANALYST}
# Adding all lines up is work for the database, and everybody who looks sees the same.
_PROOF_TTL_S = 10


def _money(units: Any, asset: str) -> Money:
    return Money(int(units), assets.get(asset))


def transaction_link(transaction_id: Any) -> Cell:
    """Return a transaction's id as a link; the transactions' screen lies above the ledger, so by its name only."""
    if transaction_id is None:
        return cells.NOTHING
    public = ids.render(ids.Prefix.TRANSACTION, transaction_id)
    try:
        href = reverse("console:orchestration_transaction_change", args=[transaction_id])
    except NoReverseMatch:
        href = ""
    return cells.mono(f"{public[:10]}…{public[-6:]}", href=href, title=public)


class AccountsPage(Page):
    """Where every unit lies."""

    heading = "Accounts"
    lead = "Customers' and our own accounts. Credit is positive: what a customer has, and what we owe."
    group = "Books"
    place = 42
    icon = "account_balance_wallet"
    readers = READERS
    search_hint = "account code, such as ext:stripe:pending, or cus_…"
    empty = "No account was opened yet."
    filters: ClassVar[list[Filter]] = [
        Filter(name="kind", label="Kind", choices=lambda: AccountKind.choices, apply=choice("kind")),
        Filter(
            name="asset",
            label="Asset",
            choices=lambda: [(asset.code, asset.code) for asset in assets.ASSETS.values()],
            apply=choice("asset"),
        ),
    ]
    columns: ClassVar[list[Column]] = [
        Column(label="Account", cell=lambda row: cells.mono(row.code, href=f"{row.pk}/change/")),
        Column(label="Kind", cell=lambda row: cells.text(row.kind)),
        Column(label="Asset", cell=lambda row: cells.text(row.asset)),
        Column(label="Posted", cell=lambda row: cells.amount(row.posted), numeric=True),
        Column(label="Held", cell=lambda row: cells.amount(row.held), numeric=True),
        Column(label="Incoming", cell=lambda row: cells.amount(row.incoming), numeric=True),
    ]

    def search(self, rows: QuerySet[Any], text: str) -> QuerySet[Any]:
        try:
            return rows.filter(customer_id=ids.parse(ids.Prefix.CUSTOMER, text))
        except errors.NotFound:
            return rows.filter(code=text)

    def load(self, rows: list[Any]) -> None:
        found = {each.pk: each for each in Balance.objects.filter(account_id__in=[row.pk for row in rows])}
        for row in rows:
            row.posted = row.held = row.incoming = None
            balance = found.get(row.pk)
            if balance is not None:
                row.posted = _money(balance.posted, row.asset)
                row.held = _money(balance.held, row.asset)
                row.incoming = _money(balance.incoming, row.asset)

    def title_of(self, row: Account) -> str:
        return f"{row.code} in {row.asset}"

    def sections(self, request: HttpRequest, row: Account) -> list[Section]:
        return [_account_facts(row), _account_lines(row)]


def _account_facts(row: Account) -> Facts:
    facts = [("Kind", cells.text(row.kind)), ("Asset", cells.text(row.asset)), ("Code", cells.mono(row.code))]
    balance = Balance.objects.filter(account_id=row.pk).first()
    if balance is not None:
        parts = ("posted", "held", "incoming", "reversible")
        facts += [(part.capitalize(), cells.amount(_money(getattr(balance, part), row.asset))) for part in parts]
        facts += [("Version", cells.text(str(balance.version))), ("Changed", cells.time(balance.updated_at))]
    folded = Folded.objects.filter(account_id=row.pk).first()
    if folded is not None:
        total = next(
            (each.total for each in queries.trial_balance() if (each.name, each.asset) == (row.code, row.asset)), None
        )
        facts += [("Balance", cells.amount(total)), ("Folded", cells.amount(_money(folded.posted, row.asset)))]
    return Facts(title="Balance", icon="account_balance_wallet", facts=facts)


def _account_lines(row: Account) -> Table:
    lines = list(Line.objects.filter(account_id=row.pk).order_by("-seq")[:50])
    entries = Entry.objects.in_bulk([line.entry_id for line in lines])
    return Table(
        title="Newest lines",
        icon="menu_book",
        columns=("Posted", "Entry", "Transaction", "Units, credit positive"),
        rows=[
            (
                cells.time(entries[line.entry_id].posted_at),
                cells.text(
                    entries[line.entry_id].kind, href=reverse("console:ledger_entry_change", args=[line.entry_id])
                ),
                transaction_link(entries[line.entry_id].transaction_id),
                cells.amount(_money(line.units, row.asset), signed=True),
            )
            for line in lines
        ],
        numeric=frozenset({3}),
        empty="Nothing was posted to it yet.",
        note="The 50 newest.",
    )


class EntriesPage(Page):
    """The journal."""

    heading = "Journal"
    lead = "Every entry ever posted. Append-only: a correction is a new entry."
    group = "Books"
    place = 41
    icon = "menu_book"
    readers = READERS
    by_day = True
    search_hint = "txn_…, ent_… or the entry's key"
    empty = "Nothing was posted yet."
    columns: ClassVar[list[Column]] = [
        Column(label="Entry", cell=lambda row: cells.mono(f"ent_{row.pk.hex[:6]}…", href=f"{row.pk}/change/")),
        Column(label="Kind", cell=lambda row: cells.text(row.kind)),
        Column(label="Transaction", cell=lambda row: transaction_link(row.transaction_id)),
        Column(label="Lines", cell=lambda row: cells.text(str(row.line_count)), numeric=True),
        Column(label="Moved", cell=lambda row: cells.text(row.moved), numeric=True),
        Column(label="Posted", cell=lambda row: cells.time(row.posted_at)),
    ]

    def search(self, rows: QuerySet[Any], text: str) -> QuerySet[Any]:
        found = Q(key=text)
        for prefix, field in ((ids.Prefix.TRANSACTION, "transaction_id"), (ids.Prefix.ENTRY, "id")):
            try:
                found = Q(**{field: ids.parse(prefix, text)})
            except errors.NotFound:
                continue
        return rows.filter(found)

    def load(self, rows: list[Any]) -> None:
        lines = list(Line.objects.filter(entry_id__in=[row.pk for row in rows], units__gt=0))
        known = Account.objects.in_bulk({line.account_id for line in lines})
        sums: dict[Any, dict[str, int]] = {row.pk: {} for row in rows}
        for line in lines:
            asset = known[line.account_id].asset
            sums[line.entry_id][asset] = sums[line.entry_id].get(asset, 0) + int(line.units)
        for row in rows:
            row.moved = ", ".join(cells.plain(_money(units, asset)) for asset, units in sorted(sums[row.pk].items()))

    def title_of(self, row: Entry) -> str:
        return f"Entry {row.kind}"

    def sections(self, request: HttpRequest, row: Entry) -> list[Section]:
        lines = list(Line.objects.filter(entry_id=row.pk).order_by("line_no"))
        known = Account.objects.in_bulk([line.account_id for line in lines])
        return [
            Facts(
                title="Entry",
                icon="menu_book",
                facts=[
                    ("Id", cells.mono(ids.render(ids.Prefix.ENTRY, row.pk))),
                    ("Key", cells.mono(row.key)),
                    ("Transaction", transaction_link(row.transaction_id)),
                    ("Posted", cells.time(row.posted_at)),
                ],
            ),
            Table(
                title="Lines",
                icon="table_rows",
                columns=("No.", "Account", "Units, credit positive"),
                rows=[
                    (
                        cells.text(str(line.line_no)),
                        cells.mono(
                            known[line.account_id].code,
                            href=reverse("console:ledger_account_change", args=[line.account_id]),
                        ),
                        cells.amount(_money(line.units, known[line.account_id].asset), signed=True),
                    )
                    for line in lines
                ],
                numeric=frozenset({2}),
            ),
        ]


class TrialPage(Page):
    """All balances side by side, and the proof that they add up to nothing."""

    heading = "Trial balance"
    lead = "Every account's balance, and the proof from the lines themselves: credits equal debits, per asset."
    group = "Books"
    place = 40
    icon = "balance"
    readers = READERS

    def above(self, request: HttpRequest) -> list[Section]:
        return memo.kept("ledger.trial", ttl_s=_PROOF_TTL_S, fn=lambda: [_proof(), _trial()])

    def find(self, object_id: str) -> Any:
        return None


def _proof() -> Table:
    return Table(
        title="Proof",
        icon="verified",
        columns=("Asset", "Verdict", "Lines", "Credits", "Debits"),
        rows=[
            (
                cells.text(each.asset),
                cells.badge("balances", Tone.SUCCESS) if each.balances else cells.badge("OUT OF BALANCE", Tone.DANGER),
                cells.text(f"{each.lines:,}"),
                cells.amount(each.credits),
                cells.amount(each.debits),
            )
            for each in queries.proof()
        ],
        numeric=frozenset({2, 3, 4}),
        empty="Nothing was posted yet.",
        note="Summed from every line of the journal, at most ten seconds ago.",
    )


def _trial() -> Table:
    return Table(
        title="Trial balance",
        icon="balance",
        columns=("Account", "Kind", "Accounts", "Balance, credit positive"),
        rows=[
            (
                cells.mono(each.name),
                cells.text(each.kind),
                cells.text(f"{each.accounts:,}"),
                cells.amount(each.total),
            )
            for each in queries.trial_balance()
        ],
        numeric=frozenset({2, 3}),
        empty="No account was opened yet.",
    )


def with_provider(code: str) -> Iterable[Section]:
    """Tell what our books say lies with a provider: a debit balance is ours."""
    rows = [
        (cells.mono(each.name), cells.amount(-each.total))
        for each in queries.trial_balance()
        if each.name.startswith(f"ext:{code}:")
    ]
    yield Table(
        title="Balance with the provider",
        icon="account_balance",
        columns=("Account", "What it holds of ours"),
        rows=rows,
        numeric=frozenset({1}),
        empty="Our books say that it holds nothing of ours.",
    )
