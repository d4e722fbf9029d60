"""Investing's screens in the console (holdings, fills, pairs), and its part of a transaction's page."""

from __future__ import annotations

import contextlib
from collections.abc import Iterable, Sequence
from typing import Any, ClassVar
from uuid import UUID

from django.db.models import Q, QuerySet
from django.http import HttpRequest

from core.console import cells, people, stories
from core.console.cells import Cell, Tone
from core.console.listing import Column, Filter, choice
from core.console.pages import Page
from core.console.sections import Facts, Section, Table
from core.console.site import site
from core.kernel import assets, errors, ids
from core.kernel.money import Money
from core.orchestration.console import words
from investing import queries
from investing.analysis import prices
from investing.models import Holding, HoldingChange, InvestingDetail, InvestingFill, Pair

_HISTORY = 200


def _money(units: object, asset: str) -> Money:
    return Money(int(str(units)), assets.get(asset))


def _coins(units: object, asset: str, *, signed: bool = False) -> Cell:
    return cells.amount(_money(units, asset), signed=signed)


def order(transaction_id: UUID) -> Iterable[Section]:
    """Tell what was ordered, within which price, and each part that was executed."""
    detail = InvestingDetail.objects.filter(transaction_id=transaction_id).first()
    if detail is not None:
        yield _order(detail)
        yield _fills(list(queries.fills(transaction_id)))


def _order(row: InvestingDetail) -> Facts:
    return Facts(
        title="Order",
        icon="candlestick_chart",
        facts=[
            ("Side", cells.badge(row.side, Tone.INVESTING)),
            ("Pair", cells.text(row.pair)),
            ("Type", cells.text(row.order_type)),
            ("Order at the exchange", cells.mono(row.order_id)),
            ("Price when accepted", cells.mono(row.price)),
            ("No worse than", cells.mono(row.limit_price)),
            ("Asked", _coins(row.asked, row.gives)),
            ("Expected", _coins(row.expected, row.gets)),
            ("Spent", _coins(row.spent, row.gives)),
            ("Of it our fee", _coins(row.fee, row.gives)),
            ("Received", _coins(row.received, row.gets)),
            ("Average price", cells.mono(row.average_price)),
        ],
        note="Prices are of one whole unit of the pair's base in its quote. The average has the exchange's fee inside.",
    )


def _fills(rows: Sequence[InvestingFill]) -> Table:
    return Table(
        title="Fills",
        icon="join_inner",
        columns=("No.", "Trade", "Price", "Paid", "Received", "Our fee", "Exchange's fee", "Executed"),
        rows=[
            (
                cells.text(str(row.number)),
                cells.mono(row.trade_id),
                cells.mono(row.price),
                _coins(row.paid, row.gives),
                _coins(row.received, row.gets),
                _coins(row.our_fee, row.gives),
                _coins(row.exchange_fee, row.exchange_fee_asset),
                cells.time(row.occurred_at),
            )
            for row in rows
        ],
        numeric=frozenset({2, 3, 4, 5, 6}),
        empty="Nothing was executed.",
        note="The exchange's fee is inside what was paid or received.",
    )


class HoldingsPage(Page):
    """What customers hold of each coin, and how it came about."""

    heading = "Holdings"
    lead = "What trades brought, its cost by the average, and the profit of what was sold. A sum of its changes."
    group = "Investing"
    place = 40
    icon = "donut_small"
    by_day = True
    search_hint = "@handle, customer id or position id"
    empty = "Nobody has traded yet."
    filters: ClassVar[Sequence[Filter]] = [
        Filter(
            name="asset",
            label="Coin",
            choices=lambda: [(code, code) for code in sorted({row.base for row in queries.pairs()})],
            apply=choice("asset"),
        )
    ]
    columns: ClassVar[Sequence[Column]] = [
        Column(label="Customer", cell=lambda row: words.customer(row.customer_id, row.handle)),
        Column(label="Quantity", cell=lambda row: cells.amount(row.money), numeric=True),
        Column(label="Cost", cell=lambda row: cells.amount(row.cost_money), numeric=True),
        Column(label="Realised profit", cell=lambda row: cells.amount(row.profit_money, signed=True), numeric=True),
        Column(label="Changes", cell=lambda row: cells.text(str(row.changes)), numeric=True),
        Column(label="Last", cell=lambda row: cells.time(row.updated_at)),
    ]

    def search(self, rows: QuerySet[Any], text: str) -> QuerySet[Any]:
        by_id = {ids.Prefix.POSITION: "id", ids.Prefix.CUSTOMER: "customer_id"}
        return rows.filter(people.meant(text, by_id=by_id))

    def load(self, rows: list[Any]) -> None:
        people.add_handles(rows)

    def title_of(self, row: Holding) -> str:
        return f"{cells.plain(row.money)} of {row.public_id}"

    def sections(self, request: HttpRequest, row: Holding) -> list[Section]:
        return [_worth(row), _history(row)]


def _worth(row: Holding) -> Facts:
    found = queries.valued(row)
    average, price = found.average_cost, found.price
    return Facts(
        title="Holding",
        icon="donut_small",
        facts=[
            ("Id", cells.mono(row.public_id)),
            ("Quantity", cells.amount(row.money)),
            ("Cost", cells.amount(row.cost_money)),
            ("Average cost", cells.mono(prices.text(average) if average is not None else "")),
            ("Value now", cells.amount(found.value)),
            ("Price", cells.mono("" if price is None else prices.text(price.value))),
            ("Age of the price", cells.text("" if price is None else f"{price.age_s:.0f} s")),
            ("Unrealised profit", cells.amount(found.unrealised, signed=True)),
            ("Realised profit", cells.amount(row.profit_money, signed=True)),
        ],
    )


def _history(row: Holding) -> Table:
    return Table(
        title="History",
        icon="history",
        columns=("No.", "Transaction", "Trade", "Quantity", "Cost", "Profit", "Quantity after", "Cost after", "At"),
        rows=[_line(row, each) for each in queries.changes(row.id)[:_HISTORY]],
        numeric=frozenset({3, 4, 5, 6, 7}),
        empty="Nothing yet.",
        note=f"The last {_HISTORY}, newest first.",
    )


def _line(row: Holding, each: HoldingChange) -> tuple[Cell, ...]:
    dollar = row.cost_money.asset.code
    return (
        cells.text(str(each.number)),
        words.link(each.transaction_id),
        cells.mono(each.trade_id),
        _coins(each.quantity, row.asset, signed=True),
        _coins(each.cost, dollar, signed=True),
        _coins(each.profit, dollar, signed=True),
        _coins(each.quantity_after, row.asset),
        _coins(each.cost_after, dollar),
        cells.time(each.created_at),
    )


class FillsPage(Page):
    """Every trade on an exchange that was posted."""

    heading = "Fills"
    lead = "Every part of an order that an exchange executed, as it was posted. Nothing here is ever changed."
    group = "Investing"
    place = 41
    icon = "join_inner"
    by_day = True
    search_hint = "Trade id, or transaction id"
    empty = "Nothing was executed yet."
    columns: ClassVar[Sequence[Column]] = [
        Column(label="Trade", cell=lambda row: cells.mono(row.trade_id)),
        Column(label="Transaction", cell=lambda row: words.link(row.transaction_id)),
        Column(label="Price", cell=lambda row: cells.mono(row.price), numeric=True),
        Column(label="Paid", cell=lambda row: _coins(row.paid, row.gives), numeric=True),
        Column(label="Received", cell=lambda row: _coins(row.received, row.gets), numeric=True),
        Column(label="Our fee", cell=lambda row: _coins(row.our_fee, row.gives), numeric=True),
        Column(label="Executed", cell=lambda row: cells.time(row.occurred_at)),
    ]

    def search(self, rows: QuerySet[Any], text: str) -> QuerySet[Any]:
        query = Q(trade_id=text)
        with contextlib.suppress(errors.NotFound):
            query |= Q(transaction_id=ids.parse(ids.Prefix.TRANSACTION, text))
        return rows.filter(query)

    def title_of(self, row: InvestingFill) -> str:
        return f"Fill {row.trade_id}"

    def sections(self, request: HttpRequest, row: InvestingFill) -> list[Section]:
        return [_fills([row])]


class PairsPage(Page):
    """What can be traded, and by which rules."""

    heading = "Pairs"
    lead = "What customers may trade: our band and maximum, and what the exchange says of it."
    group = "Investing"
    place = 42
    icon = "currency_exchange"
    key = "code"
    empty = "Nothing can be traded."
    columns: ClassVar[Sequence[Column]] = [
        Column(label="Pair", cell=lambda row: cells.text(row.code)),
        Column(label="Offered", cell=lambda row: cells.badge(*_word(row))),
        Column(label="Band", cell=lambda row: cells.text(f"{row.band_bps / 100:.2f} %"), numeric=True),
        Column(label="Smallest", cell=lambda row: _coins(row.minimum, row.base), numeric=True),
        Column(label="Smallest cost", cell=lambda row: _coins(row.minimum_cost, row.quote), numeric=True),
        Column(label="Largest cost", cell=lambda row: _coins(row.maximum_cost, row.quote), numeric=True),
        Column(label="Exchange's fee", cell=lambda row: cells.text(f"{row.taker_fee * 100:.2f} %"), numeric=True),
        Column(label="Asked", cell=lambda row: cells.time(row.listed_at)),
    ]


def _word(row: Pair) -> tuple[str, Tone]:
    if not row.is_offered:
        return "not offered", Tone.NEUTRAL
    return ("open", Tone.SUCCESS) if row.is_open else ("closed by the exchange", Tone.WARNING)


site.register(Holding, HoldingsPage)
site.register(InvestingFill, FillsPage)
site.register(Pair, PairsPage)
stories.register(stories.Part(subject="transaction", name="order", place=25, tell=order))
