"""What harvest and stop have in common: units of a position are redeemed, and what they bring comes home."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from fractions import Fraction

from core.fees.models import Tier
from core.fees.sheets import NETWORK_ESTIMATE, FeeLine, FeeSheet
from core.kernel import assets
from core.kernel.money import Money
from core.ledger.movements import PlaceHold
from core.orchestration import kinds
from core.orchestration.kinds import Deed, Leg
from core.orchestration.models import Transaction
from core.orchestration.parts import onchain, reservations
from core.orchestration.states import State
from core.providers.contract import Operation, Report
from defi.analysis import strategy_fees
from defi.kinds import calls, legs, tellings

REDEEM = legs.call("redeem", Operation.REDEEM)
RULES = kinds.Rules(
    path=(*legs.PATH_HOME, State.COMPLETED),
    waypoints={},
    minimum_units={"AUSDC:ethereum": 1},
    methods=frozenset(),
    needs_counterparty=False,
    leaves=False,
    window=timedelta(minutes=30),
    extras=frozenset({"position_id"}),
    needs_amount=False,
    gives=False,
    consumes_limits=False,
)


class Homeward(calls.OnChain):
    """The position's units are held; what they bring is held, too, until it is pooled again, less what we take."""

    legs = (REDEEM, legs.HOME)

    def to_move(self, *, transaction: Transaction, leg: Leg) -> Money:
        if leg == legs.HOME:
            return Money.of(int(transaction.results["redeemed"]), transaction.target_asset)
        return calls.sheet_of(transaction).debit

    def reserve(self, *, transaction: Transaction, lifetime: timedelta | None) -> Deed:
        return self._hold(transaction, lifetime, "reservation")

    def block(self, *, transaction: Transaction) -> Deed:
        return self._hold(transaction, None, reservations.LEGAL)

    def release(self, *, transaction: Transaction, expired: bool) -> Deed:
        return reservations.free(transaction=transaction, expired=expired) + tellings.kept()

    def redeemed(self, *, transaction: Transaction, units: Money, report: Report) -> Deed:
        """Post that units were burned and what they brought to the customer's address."""
        received = calls.brought(transaction, report)
        burned = calls.exchanged(transaction, kind="redeem", paid=units, received=received, report=report)
        burned += Deed(results={"redeemed": str(received.units)})
        return burned + calls.hold_at_address(transaction, received, "result") + onchain.gas(report)

    def came_home(self, *, transaction: Transaction, earned: Money, report: Report | None) -> Deed:
        """Post that it is pooled again, less the network fee and what we take of the yield and for the time."""
        amount = self.to_move(transaction=transaction, leg=legs.HOME)
        network = min(Money.of(int(transaction.terms["network_fee"]), amount.asset.code), amount)
        taken = strategy_fees.take(
            brought=amount - network,
            earned=earned,
            due=Money.of(int(transaction.terms["management_due"]), amount.asset.code),
            performance_rate=Fraction(transaction.terms["performance_rate"]),
        )
        entry = onchain.custody_in(
            key=f"{transaction.id}:custody_in",
            customer_id=transaction.customer_id,
            amount=amount,
            fees={"platform": taken.total, "network": network},
        )
        results = {
            "received": str((amount - network - taken.total).units),
            "earned": str(earned.units),
            "performance_fee": str(taken.performance.units),
            "management_fee": str(taken.management.units),
            "management_owed": str(taken.owed.units),
            "network_fee": str(network.units),
        }
        charged = Deed(fees=_charged(transaction, amount, network, taken))
        spent = calls.spend_hold(transaction, amount.units)
        return Deed(entries=(entry,), results=results) + charged + spent + onchain.gas(report)

    def _hold(self, transaction: Transaction, lifetime: timedelta | None, kind: str) -> Deed:
        units = calls.sheet_of(transaction).debit
        account = onchain.at_own_address(customer_id=transaction.customer_id, asset=assets.get(transaction.asset))
        hold = PlaceHold(
            hold_id=reservations.reservation_of(transaction),
            account=account,
            units=units.units,
            lifetime=lifetime,
            kind=kind,
        )
        return Deed(operations=(hold,))


def _charged(transaction: Transaction, amount: Money, network: Money, taken: strategy_fees.Taken) -> FeeSheet:
    """Return the fees as the customer reads them: out of what came home, in its asset, known only now."""
    rate = Fraction(transaction.terms["performance_rate"]) * 100
    lines = (
        FeeLine(tier=Tier.PLATFORM.value, code="management", rate="pro rata of a year", amount=taken.management),
        FeeLine(
            tier=Tier.PLATFORM.value, code="performance", rate=f"{_plain(rate)}% of yield", amount=taken.performance
        ),
        FeeLine(tier=Tier.NETWORK.value, code=NETWORK_ESTIMATE, rate="estimated", amount=network),
    )
    return FeeSheet(
        schedule_version=calls.sheet_of(transaction).schedule_version,
        debit=amount,
        receive=amount - network - taken.total,
        lines=tuple(line for line in lines if line.amount),
    )


def _plain(rate: Fraction) -> str:
    return f"{Decimal(rate.numerator) / rate.denominator:f}"
