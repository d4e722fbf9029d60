"""Harvest: the yield so far comes home, and the position goes on with what was put into it."""

from __future__ import annotations

from core.kernel.money import Money
from core.orchestration.kinds import Deed, Leg
from core.orchestration.models import Transaction
from core.providers.contract import Report
from defi.kinds import homeward, legs, tellings


class Harvest(homeward.Homeward):
    """Exactly what the position is worth above its cost is withdrawn, so the units burned carry no cost."""

    name = "harvest"
    rules = homeward.RULES

    def leg_done(self, *, transaction: Transaction, leg: Leg, report: Report) -> Deed:
        burned = Money.of(int(report.facts["scaled_units"]), transaction.asset)
        done = self.redeemed(transaction=transaction, units=burned, report=report)
        earned = Money.of(int(done.results["redeemed"]), transaction.target_asset)
        return done + tellings.harvested(units=burned, earned=earned, report=report)

    def complete(self, *, transaction: Transaction, report: Report | None) -> Deed:
        earned = self.to_move(transaction=transaction, leg=legs.HOME)
        home = self.came_home(transaction=transaction, earned=earned, report=report)
        return home + tellings.collected(transaction=transaction, results=home.results)
