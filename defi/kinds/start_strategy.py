"""Start a strategy: coins are supplied to a protocol from the customer's own address, and earn there."""

from __future__ import annotations

from datetime import timedelta

from core.kernel import errors
from core.orchestration import kinds
from core.orchestration.kinds import Deed, Leg
from core.orchestration.models import Transaction
from core.orchestration.parts import onchain
from core.orchestration.states import State
from core.providers.contract import Operation, Report
from defi.kinds import calls, legs, tellings

SUPPLY = legs.call("supply", Operation.SUPPLY)
RULES = kinds.Rules(
    path=(*legs.PATH_OUT, State.YIELD_STRATEGY_ACTIVE),
    waypoints={},
    minimum_units={"USDC:ethereum": 10_000_000},
    methods=frozenset(),
    needs_counterparty=False,
    leaves=False,
    window=timedelta(minutes=30),
    extras=frozenset({"strategy"}),
)


class StartStrategy(calls.FromPooled):
    """Out to the customer's address and into the protocol. It ends settled; its position has a life of its own."""

    name = "start_strategy"
    rules = RULES
    legs = (legs.OUT, SUPPLY)

    def release(self, *, transaction: Transaction, expired: bool) -> Deed:
        return super().release(transaction=transaction, expired=expired) + tellings.abandoned()

    def leg_done(self, *, transaction: Transaction, leg: Leg, report: Report) -> Deed:
        return self.sent_out(transaction=transaction, report=report)

    def complete(self, *, transaction: Transaction, report: Report | None) -> Deed:
        """The protocol has the coins; the customer has units of it, which grow in worth and not in number."""
        if report is None:
            raise errors.SystemFault(code="no_report", detail=f"{transaction.public_id} cannot complete by itself.")
        paid = calls.sheet_of(transaction).receive
        units = calls.brought(transaction, report)
        supplied = calls.exchanged(transaction, kind="supply", paid=paid, received=units, report=report)
        supplied += Deed(results={"spent": str(paid.units), "received": str(units.units)})
        return supplied + tellings.opened(paid=paid, units=units, report=report) + onchain.gas(report)
