"""DeFi's screens in the console (positions, strategies, pools), and its part of a transaction's page."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from fractions import Fraction
from typing import Any, ClassVar
from uuid import UUID

from django.db.models import QuerySet
from django.http import HttpRequest
from django.urls import reverse

from core.console import access, cells, people, stories
from core.console.cells import Cell, Tone
from core.console.changes import Change, Order
from core.console.listing import Column, Filter, Tab, choice
from core.console.pages import Page
from core.console.screens.customers import records
from core.console.sections import Facts, Section, Table
from core.console.site import site
from core.identity.roles import Role
from core.kernel import ids
from core.kernel.money import Money
from core.orchestration.console import words
from defi import queries
from defi.models import DefiDetail, Position, PositionChange, PositionState, Strategy, Venue
from defi.services import allow_list, positions

SWITCHERS: access.Roles = access.SENIOR | {Role.TREASURY}
_TONES = {
    PositionState.OPENING: Tone.INFO,
    PositionState.ACTIVE: Tone.SUCCESS,
    PositionState.CLOSING: Tone.WARNING,
    PositionState.CLOSED: Tone.NEUTRAL,
}
_UNITS = frozenset({2, 3, 4, 5})


def _coins(units: object, asset: str, *, signed: bool = False) -> Cell:
    return cells.amount(Money.of(int(str(units)), asset), signed=signed)


def _state(row: Position) -> Cell:
    if positions.is_abandoned(row):
        return cells.badge("never opened", Tone.NEUTRAL)
    return cells.badge(row.state, _TONES[PositionState(row.state)])


def _worth(row: Position) -> Cell:
    known = queries.value_of(row)
    return cells.NOTHING if known is None else cells.amount(known.value)


def _offered(row: Strategy | Venue) -> Cell:
    return cells.badge("offered", Tone.SUCCESS) if row.is_enabled else cells.badge("closed", Tone.DANGER)


def _yield(row: Strategy) -> Cell:
    found = queries.strategy(row.code).yearly_yield
    return cells.NOTHING if found is None else cells.text(_percent(found))


def _percent(rate: Fraction) -> str:
    """Return a rate in percent with two digits, rounded down."""
    whole, rest = divmod(int(rate * 10_000), 100)
    return f"{whole}.{rest:02d} %"


def contract(transaction_id: UUID) -> Iterable[Section]:
    """Tell with which contract a transaction works, and what the customer agreed to."""
    row = DefiDetail.objects.filter(transaction_id=transaction_id).select_related("transaction", "position").first()
    if row is None:
        return
    target, results = row.transaction.target_asset, row.transaction.results
    yield Facts(
        title="Contract",
        icon="deployed_code",
        facts=[
            ("Action", cells.badge(row.action.replace("_", " "), Tone.DEFI)),
            ("Protocol", cells.text(row.protocol)),
            ("Chain", cells.text(row.chain)),
            ("Address", cells.mono(row.contract_address)),
            ("Expected", _coins(row.expected_units, target)),
            ("At least", _coins(row.minimum_units, target)),
            ("Slippage", cells.text("" if row.slippage_bps is None else _percent(Fraction(row.slippage_bps, 10_000)))),
            ("Received", _coins(results["received"], target) if "received" in results else cells.NOTHING),
            ("Gas, estimated", _coins(row.gas_estimate_units, queries.native_of(row.chain).code)),
            ("Position", _position_link(row.position)),
            ("Transaction", cells.mono(results.get("tx_hash", ""))),
        ],
        note="As the customer agreed to it. What the chain says of each call is told below it.",
    )


def _position_link(row: Position | None) -> Cell:
    return (
        cells.NOTHING
        if row is None
        else cells.mono(row.public_id, href=reverse("console:defi_position_change", args=[row.pk]))
    )


class PositionsPage(Page):
    """What customers have in strategies."""

    heading = "Positions"
    lead = "What customers have in strategies: cost, worth as the contract said last, yield brought home, our fees."
    group = "DeFi"
    place = 43
    icon = "savings"
    by_day = True
    search_hint = "@handle, customer id or position id"
    empty = "Nobody has started a strategy yet."
    tabs: ClassVar[Sequence[Tab]] = [
        Tab(label="Active", query={"state": PositionState.ACTIVE.value}),
        Tab(label="At work", query={"state": PositionState.CLOSING.value}),
        Tab(label="All"),
    ]
    filters: ClassVar[Sequence[Filter]] = [
        Filter(name="state", label="State", choices=lambda: PositionState.choices, apply=choice("state"), by_tabs=True)
    ]
    columns: ClassVar[Sequence[Column]] = [
        Column(label="Position", cell=lambda row: cells.mono(row.public_id, href=f"{row.pk}/change/")),
        Column(label="Customer", cell=lambda row: words.customer(row.customer_id, row.handle)),
        Column(label="Strategy", cell=lambda row: cells.text(row.strategy.name)),
        Column(label="State", cell=_state),
        Column(label="Cost", cell=lambda row: _coins(row.cost_units, row.strategy.asset), numeric=True),
        Column(label="Worth", cell=_worth, numeric=True),
        Column(label="Yield", cell=lambda row: _coins(row.realised_units, row.strategy.asset), numeric=True),
        Column(label="Opened", cell=lambda row: cells.time(row.opened_at)),
    ]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Position]:
        return queries.with_readings(Position.objects.all())

    def search(self, rows: QuerySet[Any], text: str) -> QuerySet[Any]:
        by_id = {ids.Prefix.POSITION: "id", ids.Prefix.CUSTOMER: "customer_id"}
        return rows.filter(people.meant(text, by_id=by_id))

    def load(self, rows: list[Any]) -> None:
        people.add_handles(rows)

    def find(self, object_id: str) -> Any:
        try:
            return queries.with_readings(Position.objects.filter(pk=UUID(object_id))).first()
        except ValueError:
            return None

    def title_of(self, row: Position) -> str:
        return f"{row.strategy.name}: {row.public_id}"

    def sections(self, request: HttpRequest, row: Position) -> list[Section]:
        return [_position(row), _history(row)]


def _position(row: Position) -> Facts:
    known, asset = queries.value_of(row), row.strategy.asset
    return Facts(
        title="Position",
        icon="savings",
        facts=[
            ("State", _state(row)),
            ("Units", _coins(row.units, row.strategy.receipt_asset)),
            ("Cost", _coins(row.cost_units, asset)),
            ("Worth", _worth(row)),
            ("Accrued", cells.NOTHING if known is None else cells.amount(known.accrued, signed=True)),
            ("Asked the contract", cells.time(None if known is None else known.as_of)),
            ("Yield brought home", _coins(row.realised_units, asset, signed=True)),
            ("Our fees so far", _coins(row.fee_units, asset)),
            ("Management fee, a year", cells.text(_percent(Fraction(row.management_rate)))),
            ("Performance fee", cells.text(_percent(Fraction(row.performance_rate)))),
            ("Management fee settled up to", cells.time(row.managed_from)),
            ("Opened by", words.link(row.opened_by_id)),
            ("At work on it", cells.NOTHING if row.work_id is None else words.link(row.work_id)),
            ("Opened", cells.time(row.opened_at)),
            ("Closed", cells.time(row.closed_at)),
        ],
        note="Units do not rebase and equal the ledger's balance. Worth and accrued are valuation, never journal.",
    )


def _history(row: Position) -> Table:
    return Table(
        title="History",
        icon="history",
        columns=("Event", "Transaction", "Units", "Cost", "Yield", "Our fees", "At"),
        rows=[_line(row, each) for each in queries.history(row.id)],
        numeric=_UNITS,
        empty="It was never opened.",
        note="Rows are added and never changed.",
    )


def _line(row: Position, each: PositionChange) -> tuple[Cell, ...]:
    asset = row.strategy.asset
    return (
        cells.text(each.event),
        words.link(each.transaction_id),
        _coins(each.units, row.strategy.receipt_asset, signed=True),
        _coins(each.cost_units, asset, signed=True),
        _coins(each.realised_units, asset, signed=True),
        _coins(each.fee_units, asset),
        cells.time(each.created_at),
    )


def _close(order: Order) -> str:
    allow_list.close(row=order.target, reason=order.reason, actor=order.actor, request_id=order.request_id)
    return f"{order.target} takes nobody from now on."


def _reopen(order: Order) -> str:
    allow_list.reopen(row=order.target, reason=order.reason, actor=order.actor, request_id=order.request_id)
    return f"{order.target} is offered again."


SWITCHES: Sequence[Change] = (
    Change(
        name="close",
        label="Take off the allow-list",
        icon="block",
        text="New wishes are refused, and customers read the reason. What runs already goes on and can be left.",
        roles=SWITCHERS,
        run=_close,
        offered=lambda row: bool(row.is_enabled),
        danger=True,
    ),
    Change(
        name="reopen",
        label="Offer again",
        icon="check_circle",
        text="Customers may use it again at once.",
        roles=SWITCHERS,
        run=_reopen,
        offered=lambda row: not row.is_enabled,
        needs_fresh=True,
    ),
)


class StrategiesPage(Page):
    """Which strategies customers may start."""

    heading = "Strategies"
    lead = "The allow-list: what customers may start, what it yields as its contract said last, and how much we let in."
    group = "DeFi"
    place = 44
    icon = "trending_up"
    changes = SWITCHES
    columns: ClassVar[Sequence[Column]] = [
        Column(label="Strategy", cell=lambda row: cells.text(row.name, href=f"{row.pk}/change/")),
        Column(label="Offered", cell=_offered),
        Column(label="Yearly yield", cell=_yield, numeric=True),
        Column(label="Protocol", cell=lambda row: cells.text(row.protocol)),
        Column(label="At most, each", cell=lambda row: _coins(row.maximum_units, row.asset), numeric=True),
        Column(label="At most, all", cell=lambda row: _coins(row.cap_units, row.asset), numeric=True),
    ]

    def sections(self, request: HttpRequest, row: Strategy) -> list[Section]:
        return [_strategy(row), records(f"strategy:{row.code}")]


def _strategy(row: Strategy) -> Facts:
    one = queries.strategy(row.code)
    read = one.reading
    return Facts(
        title="Strategy",
        icon="trending_up",
        facts=[
            ("Code", cells.mono(row.code)),
            ("Offered", _offered(row)),
            ("Why not", cells.text(one.reason)),
            ("Contract", cells.mono(row.contract)),
            ("Takes", cells.text(row.asset)),
            ("Yearly yield", _yield(row)),
            ("At hand in the protocol", _coins(read.available_units, row.asset) if read else cells.NOTHING),
            ("Asked the contract", cells.time(read.observed_at if read else None)),
            ("At least", _coins(row.minimum_units, row.asset)),
            ("At most, each", _coins(row.maximum_units, row.asset)),
            ("At most, all", _coins(row.cap_units, row.asset)),
            ("Network fee, at most", cells.text(_percent(Fraction(row.max_network_fee_bps, 10_000)))),
        ],
    )


class VenuesPage(Page):
    """Through which pools customers may swap."""

    heading = "Pools"
    lead = "The allow-list of pools through which customers' swaps may go, and how far one swap may move their price."
    group = "DeFi"
    place = 45
    icon = "water_drop"
    changes = SWITCHES
    columns: ClassVar[Sequence[Column]] = [
        Column(label="Pool", cell=lambda row: cells.text(row.code, href=f"{row.pk}/change/")),
        Column(label="Offered", cell=_offered),
        Column(label="Swaps", cell=lambda row: cells.text(f"{row.one_asset} and {row.other_asset}")),
        Column(label="Pool's fee", cell=lambda row: cells.text(_percent(Fraction(row.fee, 1_000_000))), numeric=True),
        Column(
            label="Moves its price at most",
            cell=lambda row: cells.text(_percent(Fraction(row.max_impact_bps, 10_000))),
            numeric=True,
        ),
    ]

    def sections(self, request: HttpRequest, row: Venue) -> list[Section]:
        facts = [(column.label, column.cell(row)) for column in self.columns[1:]]
        return [
            Facts(title="Pool", icon="water_drop", facts=[*facts, ("Why not", cells.text(row.reason))]),
            records(f"venue:{row.code}"),
        ]


site.register(Position, PositionsPage)
site.register(Strategy, StrategiesPage)
site.register(Venue, VenuesPage)
stories.register(stories.Part(subject="transaction", name="contract", place=25, tell=contract))
