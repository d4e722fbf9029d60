"""Stop a strategy: all of a position is redeemed and comes home, and the position is closed."""

from __future__ import annotations

from uuid import UUID

from core.kernel.money import Money
from core.orchestration.kinds import Deed, Leg
from core.orchestration.models import Transaction
from core.providers.contract import Report
from defi.kinds import calls, homeward, legs, tellings


class StopStrategy(homeward.Homeward):
    """Everything is withdrawn, whatever it is worth by then. The start of the position is completed with it."""

    name = "stop_strategy"
    rules = homeward.RULES

    def send(self, *, transaction: Transaction) -> Deed:
        return super().send(transaction=transaction) + tellings.closing()

    def leg_done(self, *, transaction: Transaction, leg: Leg, report: Report) -> Deed:
        units = calls.sheet_of(transaction).debit
        done = self.redeemed(transaction=transaction, units=units, report=report)
        cost = cost_of(transaction)
        earned = Money(int(done.results["redeemed"]), cost.asset) - cost
        return done + tellings.redeemed(units=units, cost=cost, earned=earned, report=report)

    def complete(self, *, transaction: Transaction, report: Report | None) -> Deed:
        amount = self.to_move(transaction=transaction, leg=legs.HOME)
        earned = amount - cost_of(transaction)
        home = self.came_home(transaction=transaction, earned=earned, report=report)
        closed = tellings.closed(transaction=transaction, results=home.results)
        return home + closed + Deed(settles=(UUID(transaction.terms["opened_by"]),))


def cost_of(transaction: Transaction) -> Money:
    """Return what was put into the position."""
    return Money.of(int(transaction.terms["cost"]), transaction.target_asset)
