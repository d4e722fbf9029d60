"""What all kinds of DeFi have in common: gas is ours, and what lies at the customer's address is held while we work."""

from __future__ import annotations

from datetime import timedelta
from uuid import uuid5

from core.fees.sheets import FeeSheet
from core.kernel import errors
from core.kernel.money import Money
from core.ledger.movements import CaptureHold, PinHold, PlaceHold
from core.orchestration.kinds import Deed, Leg
from core.orchestration.models import Transaction
from core.orchestration.parts import onchain, reservations
from core.orchestration.parts.roles import ByLegs
from core.providers.contract import Report
from defi import postings
from defi.kinds import legs


class OnChain(ByLegs):
    """A kind that is carried out on a chain, by the customer's own address there."""

    domain = "defi"

    def send(self, *, transaction: Transaction) -> Deed:
        return Deed(operations=(PinHold(hold_id=reservations.reservation_of(transaction)),))

    def refused(self, *, transaction: Transaction, report: Report) -> Deed:
        """The chain refused a call: its gas is spent all the same."""
        return onchain.gas(report)

    def reverse(self, *, child: Transaction, parent: Transaction) -> Deed:
        """Raise: a call that turns out to be executed after it was given up needs a person, who sees both on the chain.

        The chain knows each call by address and nonce, and what was stored is followed to its end, so that this takes
        a block that vanished long after it was final.
        """
        raise errors.SystemFault(
            code="chain_contradicts_itself", detail=f"{parent.public_id} is over, and the chain says otherwise."
        )


class FromPooled(OnChain):
    """A kind that begins with the customer's pooled coins: they go to his own address first, net of every fee."""

    def to_move(self, *, transaction: Transaction, leg: Leg) -> Money:
        """What is sent out, worked with, and brought back if that fails is what is left after fees."""
        return sheet_of(transaction).receive

    def reserve(self, *, transaction: Transaction, lifetime: timedelta | None) -> Deed:
        return reservations.hold(transaction=transaction, lifetime=lifetime, leaves=False)

    def block(self, *, transaction: Transaction) -> Deed:
        return reservations.hold(transaction=transaction, lifetime=None, kind=reservations.LEGAL, leaves=False)

    def release(self, *, transaction: Transaction, expired: bool) -> Deed:
        return reservations.free(transaction=transaction, expired=expired)

    def sent_out(self, *, transaction: Transaction, report: Report) -> Deed:
        """The coins arrived at the customer's address: what was held is spent, and what arrived is held there."""
        sheet = sheet_of(transaction)
        entry = postings.custody_out(
            key=f"{transaction.id}:custody_out", customer_id=transaction.customer_id, sheet=sheet
        )
        capture = CaptureHold(hold_id=reservations.reservation_of(transaction), units=sheet.debit.units)
        posted = Deed(entries=(entry,), operations=(capture,))
        return posted + hold_at_address(transaction, sheet.receive, "wallet") + onchain.gas(report)

    def undo_leg(self, *, transaction: Transaction, leg: Leg) -> Leg | None:
        return legs.BACK if leg == legs.OUT else None

    def undone(self, *, transaction: Transaction, leg: Leg, report: Report | None) -> Deed:
        """The coins are back in the treasury: as it was before they went, reservation and fees included."""
        if report is None:
            raise errors.SystemFault(
                code="not_undone", detail=f"{transaction.public_id}: {leg.name} cannot be undone by the books alone."
            )
        sheet = sheet_of(transaction)
        entry = postings.custody_out_undone(
            key=f"{transaction.id}:custody_out:undo", customer_id=transaction.customer_id, sheet=sheet
        )
        again = PlaceHold(
            hold_id=uuid5(transaction.id, "again"),
            account=reservations.pooled(customer_id=transaction.customer_id, asset=sheet.debit.asset.code),
            units=sheet.debit.units,
            lifetime=None,
        )
        capture = CaptureHold(hold_id=reservations.reservation_of(transaction), units=sheet.receive.units)
        return Deed(entries=(entry,), operations=(capture, again), reservation_id=again.hold_id) + onchain.gas(report)


def sheet_of(transaction: Transaction) -> FeeSheet:
    """Return the locked price of a transaction."""
    return FeeSheet.from_json(transaction.fees or {})


def hold_at_address(transaction: Transaction, money: Money, name: str) -> Deed:
    """Hold what lies at the customer's address now, in the place of what was held before."""
    hold = PlaceHold(
        hold_id=uuid5(transaction.id, name),
        account=onchain.at_own_address(customer_id=transaction.customer_id, asset=money.asset),
        units=money.units,
        lifetime=None,
    )
    return Deed(operations=(hold,), reservation_id=hold.hold_id)


def spend_hold(transaction: Transaction, units: int) -> Deed:
    """Spend so much of what is held, and free the rest."""
    return Deed(operations=(CaptureHold(hold_id=reservations.reservation_of(transaction), units=units),))


def exchanged(transaction: Transaction, *, kind: str, paid: Money, received: Money, report: Report) -> Deed:
    """Post that a call turned what lay at the customer's address into something else, out of what is held there."""
    entry = postings.exchanged(
        key=f"{transaction.id}:{kind}",
        kind=kind,
        customer_id=transaction.customer_id,
        paid=paid,
        received=received,
    )
    return Deed(entries=(entry,), results={"tx_hash": report.facts["tx_hash"]}) + spend_hold(transaction, paid.units)


def brought(transaction: Transaction, report: Report) -> Money:
    """Return what a call brought to the customer's address.

    Raises: ProcessingFault (``nothing_received``) where the provider does not say: nothing is booked on a guess.
    """
    if report.received is None or report.received.units <= 0:
        raise errors.ProcessingFault(
            code="nothing_received", detail=f"{transaction.public_id}: the call brought nothing that was told."
        )
    return report.received
