"""Swap: coins become other coins in a pool on the chain, never less than the customer agreed to."""

from __future__ import annotations

from datetime import timedelta

from core.kernel.money import Money
from core.orchestration import kinds
from core.orchestration.kinds import Deed, Leg
from core.orchestration.models import Transaction
from core.orchestration.parts import onchain
from core.orchestration.states import State
from core.providers.contract import Operation, Report
from defi.kinds import calls, legs

SWAP = legs.call("swap", Operation.SWAP)
COINS = frozenset({"USDC:ethereum", "USDT:ethereum", "ETH:ethereum"})
RULES = kinds.Rules(
    path=(*legs.PATH_OUT, State.COMPLETED),
    waypoints={},
    # The least in dollars is the terms' matter, for which they ask the market.
    minimum_units=dict.fromkeys(COINS, 1),
    methods=frozenset(),
    needs_counterparty=False,
    leaves=False,
    window=timedelta(minutes=30),
    targets=COINS,
    extras=frozenset({"max_slippage_bps"}),
)


class Swap(calls.FromPooled):
    """Out to the customer's address, through the pool, and what came of it home: the actual amount is posted."""

    name = "swap"
    rules = RULES
    legs = (legs.OUT, SWAP, legs.HOME)

    def to_move(self, *, transaction: Transaction, leg: Leg) -> Money:
        if leg == legs.HOME:
            return Money.of(int(transaction.results["received"]), transaction.target_asset)
        return super().to_move(transaction=transaction, leg=leg)

    def leg_done(self, *, transaction: Transaction, leg: Leg, report: Report) -> Deed:
        if leg == legs.OUT:
            return self.sent_out(transaction=transaction, report=report)
        paid = calls.sheet_of(transaction).receive
        received = calls.brought(transaction, report)
        swapped = calls.exchanged(transaction, kind="swap", paid=paid, received=received, report=report)
        swapped += Deed(results={"spent": str(paid.units), "received": str(received.units)})
        return swapped + calls.hold_at_address(transaction, received, "result") + onchain.gas(report)

    def complete(self, *, transaction: Transaction, report: Report | None) -> Deed:
        """What the swap brought is pooled with what else the customer has of it."""
        amount = self.to_move(transaction=transaction, leg=legs.HOME)
        entry = onchain.custody_in(
            key=f"{transaction.id}:custody_in", customer_id=transaction.customer_id, amount=amount
        )
        cost = onchain.gas(report)
        return Deed(entries=(entry,)) + calls.spend_hold(transaction, amount.units) + cost
