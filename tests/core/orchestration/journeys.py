"""A kind of three legs for tests of the engine: money goes out to an address, is put to work there, and comes home."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from uuid import UUID

from core.fees.sheets import FeeSheet
from core.identity.customers import CustomerView
from core.kernel.money import Money
from core.ledger import accounts
from core.ledger.movements import CaptureHold, Entry, Line, PinHold
from core.orchestration import kinds
from core.orchestration.kinds import NOTHING, Deed, Leg
from core.orchestration.models import Transaction
from core.orchestration.parts import reservations
from core.orchestration.parts.roles import ByLegs
from core.orchestration.states import ADMISSION, State
from core.providers import contract
from core.providers.contract import Operation, Report, Stage
from tests.core.orchestration import world

OUT = Leg(name="out", operation=Operation.CUSTODY_OUT, method="ethereum", waypoints={}, is_priced=False)
WORK = Leg(
    name="work",
    operation=Operation.SUPPLY,
    waypoints={Stage.ACCEPTED: State.PROVIDER_PROCESSING, Stage.SETTLED: State.PROVIDER_CONFIRMING},
)
HOME = Leg(
    name="home",
    operation=Operation.CUSTODY_IN,
    method="ethereum",
    waypoints={},
    is_priced=False,
    must_succeed=True,
)
RULES = kinds.Rules(
    path=(
        *ADMISSION,
        State.SENT_TO_PROVIDER,
        State.PROVIDER_PROCESSING,
        State.PROVIDER_CONFIRMING,
        State.COMPLETED,
    ),
    waypoints={},
    minimum_units={"USD": 100},
    methods=frozenset({"ach"}),
    needs_counterparty=False,
    leaves=False,
    window=timedelta(minutes=30),
)


class Journey(ByLegs):
    """Each leg posts where the money lies then, so that the books show how far it got."""

    domain = "banking"
    name = "journey"
    legs: tuple[Leg, ...] = (OUT, WORK, HOME)
    rules = RULES

    def to_move(self, *, transaction: Transaction, leg: Leg) -> Money:
        return FeeSheet.from_json(transaction.fees or {}).receive

    def reserve(self, *, transaction: Transaction, lifetime: timedelta | None) -> Deed:
        return reservations.hold(transaction=transaction, lifetime=lifetime, leaves=False)

    def block(self, *, transaction: Transaction) -> Deed:
        return NOTHING

    def send(self, *, transaction: Transaction) -> Deed:
        return Deed(operations=(PinHold(hold_id=reservations.reservation_of(transaction)),))

    def leg_done(self, *, transaction: Transaction, leg: Leg, report: Report) -> Deed:
        return Deed(entries=(_between(transaction, leg.name),), results={leg.name: "done"})

    def complete(self, *, transaction: Transaction, report: Report | None) -> Deed:
        sheet = FeeSheet.from_json(transaction.fees or {})
        mine = reservations.account_of(transaction)
        entry = Entry(
            key=f"{transaction.id}:fees",
            kind="journey",
            lines=(
                Line(account=mine, units=-sheet.total.units),
                Line(account=accounts.fee("platform", "USD"), units=sheet.total.units),
            ),
        )
        capture = CaptureHold(hold_id=reservations.reservation_of(transaction), units=sheet.total.units)
        actual = FeeSheet(schedule_version=0, debit=sheet.debit, receive=sheet.receive, lines=sheet.lines)
        return Deed(
            entries=(entry,), operations=(capture,), results={"received": str(sheet.receive.units)}, fees=actual
        )

    def refused(self, *, transaction: Transaction, report: Report) -> Deed:
        return _gas(report)

    def release(self, *, transaction: Transaction, expired: bool) -> Deed:
        return reservations.free(transaction=transaction, expired=expired)

    def undo_leg(self, *, transaction: Transaction, leg: Leg) -> Leg | None:
        return HOME if leg == OUT else None

    def undone(self, *, transaction: Transaction, leg: Leg, report: contract.Report | None) -> Deed:
        return Deed(entries=(_between(transaction, leg.name, sign=-1),))

    def reverse(self, *, child: Transaction, parent: Transaction) -> Deed:
        return NOTHING


@contextmanager
def registered(journey: Journey | None = None) -> Iterator[None]:
    """Let banking have this kind for the length of a test."""
    before = kinds._kinds.get(("banking", "journey"))
    kinds._kinds["banking", "journey"] = journey or Journey()
    try:
        yield
    finally:
        if before is None:
            del kinds._kinds["banking", "journey"]
        else:
            kinds._kinds["banking", "journey"] = before


def start() -> tuple[CustomerView, UUID]:
    """Let a customer with 100.00 wish for a journey of 20.00."""
    ana = world.customer("ana", units=10_000)
    return ana, world.start(ana, world.wish("journey", "20.00", by=world.bank(ana)))


def _between(transaction: Transaction, leg: str, sign: int = 1) -> Entry:
    """Money of ours moves from the treasury to an address, whoever owns it."""
    units = sign * FeeSheet.from_json(transaction.fees or {}).receive.units
    owner: UUID = transaction.customer_id
    return Entry(
        key=f"{transaction.id}:{leg}{'' if sign > 0 else ':undo'}",
        kind=f"journey_{leg}",
        lines=(
            Line(account=accounts.on_chain("treasury", "USD"), units=units),
            Line(account=accounts.own_address(owner, "USD"), units=-units),
        ),
    )


def _gas(report: Report) -> Deed:
    lines = [
        line
        for cost in report.costs
        for line in (
            Line(account=accounts.on_chain("gas", cost.asset), units=cost.units),
            Line(account=accounts.cost("network", cost.asset), units=-cost.units),
        )
    ]
    if not lines:
        return NOTHING
    return Deed(entries=(Entry(key=f"{report.key}:gas", kind="gas", lines=tuple(lines)),))
