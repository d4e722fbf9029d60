"""Receive: coins arrived at the customer's own address on a chain, unasked. They are his, and are brought home."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID, uuid5

from banking import postings
from core.kernel.money import Money
from core.ledger.movements import CaptureHold, PlaceHold
from core.orchestration import kinds
from core.orchestration.kinds import NOTHING, Deed, Leg
from core.orchestration.models import Transaction
from core.orchestration.parts import onchain, reservations
from core.orchestration.parts.roles import ByLegs
from core.orchestration.states import ADMISSION, State
from core.providers import contract
from core.providers.contract import Operation, Stage

HOME = Leg(
    name="custody_in",
    operation=Operation.CUSTODY_IN,
    waypoints={
        Stage.ACCEPTED: State.PROVIDER_PROCESSING,
        Stage.SUBMITTED: State.PROVIDER_PROCESSING,
        Stage.EXECUTED: State.PROVIDER_PROCESSING,
        Stage.SETTLED: State.PROVIDER_CONFIRMING,
    },
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
    # The dust limits: what is less is not worth the gas that brings it home, and stays at the address.
    minimum_units={"USDC:ethereum": 1_000_000, "USDT:ethereum": 1_000_000, "ETH:ethereum": 500_000_000_000_000},
    methods=frozenset(),
    needs_counterparty=False,
    leaves=False,
    window=timedelta(minutes=30),
    is_forced=True,
    is_screened=True,
    gives=False,
    consumes_limits=False,
)


class Receive(ByLegs):
    """Posted as the customer's where it lies, out of reach, and free for him once it is in the treasury.

    What a person finds to be tainted stays at the address and is blocked: there is nobody to send it back to.
    """

    domain = "banking"
    name = "receive"
    legs = (HOME,)
    rules = RULES

    def to_move(self, *, transaction: Transaction, leg: Leg) -> Money:
        """All of what arrived."""
        return transaction.money

    def reserve(self, *, transaction: Transaction, lifetime: timedelta | None) -> Deed:
        return NOTHING

    def block(self, *, transaction: Transaction) -> Deed:
        return NOTHING

    def send(self, *, transaction: Transaction) -> Deed:
        """Post what arrived, once for ever by the chain's own name for it, and keep it together until it is home."""
        entry = postings.arrived(key=_key(transaction), customer_id=transaction.customer_id, amount=transaction.money)
        hold_id = _hold_id(transaction)
        hold = PlaceHold(
            hold_id=hold_id,
            account=onchain.at_own_address(customer_id=transaction.customer_id, asset=transaction.money.asset),
            units=transaction.money.units,
            lifetime=None,
        )
        return Deed(entries=(entry,), operations=(hold,), reservation_id=hold_id)

    def complete(self, *, transaction: Transaction, report: contract.Report | None) -> Deed:
        """It is with us now, at the customer's disposal; the gas is ours to bear."""
        entry = onchain.custody_in(
            key=f"{transaction.id}:custody_in", customer_id=transaction.customer_id, amount=transaction.money
        )
        capture = CaptureHold(hold_id=reservations.reservation_of(transaction), units=transaction.money.units)
        return Deed(entries=(entry,), operations=(capture,)) + onchain.gas(report)

    def refused(self, *, transaction: Transaction, report: contract.Report) -> Deed:
        return onchain.gas(report)

    def release(self, *, transaction: Transaction, expired: bool) -> Deed:
        """A person decided that it may not be had: it is written down as blocked where it lies."""
        entry = postings.arrived_blocked(
            key=_key(transaction), customer_id=transaction.customer_id, amount=transaction.money
        )
        return Deed(entries=(entry,))

    def reverse(self, *, child: Transaction, parent: Transaction) -> Deed:
        return NOTHING


def _key(transaction: Transaction) -> str:
    return str(transaction.security["arrival"])


def _hold_id(transaction: Transaction) -> UUID:
    return uuid5(transaction.id, "wallet")
