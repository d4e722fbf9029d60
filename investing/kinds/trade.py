"""Trade: coins for money or money for coins, at market, on an exchange. Buying and selling differ in data only."""

from __future__ import annotations

from datetime import timedelta
from fractions import Fraction
from uuid import UUID, uuid5

from core.fees.sheets import FeeSheet
from core.kernel import assets, errors
from core.kernel.money import Money
from core.ledger.movements import CaptureHold, Operation, PinHold, PlaceHold, ReleaseHold
from core.orchestration import kinds
from core.orchestration.kinds import Deed, Leg
from core.orchestration.models import Transaction
from core.orchestration.parts import reservations
from core.orchestration.parts.roles import ByLegs
from core.orchestration.states import ADMISSION, State
from core.providers import contract
from core.providers.contract import Report, Stage
from investing import postings
from investing.analysis import costs, execution
from investing.analysis.execution import Plan, Share, Tally
from investing.kinds.notes import Executed

METHOD = "spot"
PARTLY = "partially_filled"
PATH = (
    *ADMISSION,
    State.SENT_TO_PROVIDER,
    State.MARKET_ORDER_PLACED,
    State.ORDER_FILLED,
    State.SETTLEMENT_PENDING,
    State.COMPLETED,
)
WAYPOINTS = {
    Stage.ACCEPTED: State.MARKET_ORDER_PLACED,
    Stage.SUBMITTED: State.MARKET_ORDER_PLACED,
    Stage.EXECUTED: State.ORDER_FILLED,
    Stage.SETTLED: State.SETTLEMENT_PENDING,
}
# A market order is executed at once or hardly ever: what has stalled is canceled, and what was executed stays.
TIME_IN_FORCE = timedelta(seconds=60)
# Nothing more comes of the order after these.
_LAST = frozenset({Stage.SETTLED, Stage.DECLINED, Stage.CANCELED})


class Trade(ByLegs):
    """The debit is held; each fill takes its part of the hold and of our fees; the end gives back what is left."""

    domain = "investing"
    legs = (
        Leg(
            name="order",
            operation=contract.Operation.ORDER,
            method=METHOD,
            waypoints=WAYPOINTS,
            cancel_after=TIME_IN_FORCE,
        ),
    )

    def __init__(self, *, name: str, rules: kinds.Rules) -> None:
        self.name = name
        self.rules = rules

    def to_move(self, *, transaction: Transaction, leg: Leg) -> Money:
        """The exchange is given the debit less what we keep; its own fee is inside."""
        return _plan(transaction).given

    def reserve(self, *, transaction: Transaction, lifetime: timedelta | None) -> Deed:
        return reservations.hold(transaction=transaction, lifetime=lifetime, leaves=False)

    def block(self, *, transaction: Transaction) -> Deed:
        return reservations.hold(transaction=transaction, lifetime=None, kind=reservations.LEGAL, leaves=False)

    def send(self, *, transaction: Transaction) -> Deed:
        return Deed(operations=(PinHold(hold_id=reservations.reservation_of(transaction)),))

    def progressed(self, *, transaction: Transaction, report: Report) -> Deed:
        """Post each fill that is new, and hold what is left of the debit for those that may come.

        Raises: ProcessingFault (``fill_mismatch``) if a fill is not of what was ordered.
        """
        tally = Tally.of(transaction.results)
        shares, after = execution.tell(plan=_plan(transaction), tally=tally, fills=report.fills)
        if not shares:
            return kinds.NOTHING
        _check(transaction, shares)
        spent = after.spent - tally.spent
        deed = _hold_again(transaction, tally, spent, is_last=report.stage in _LAST)
        return deed + Deed(
            entries=tuple(
                postings.fill(
                    key=f"{transaction.id}:fill:{share.fill.trade_id}",
                    kind=f"{self.name}_fill",
                    customer_id=transaction.customer_id,
                    provider=transaction.provider,
                    share=share,
                )
                for share in shares
            ),
            results={**after.results(), **deed.results, "order_id": report.provider_ref},
            notes=tuple(_note(transaction, share) for share in shares),
        )

    def complete(self, *, transaction: Transaction, report: Report | None) -> Deed:
        """Give back what the market did not take, and say what came of it.

        Raises: ProcessingFault (``settled_without_fills``) if no fill was ever told.
        """
        tally = Tally.of(transaction.results)
        debit = transaction.debit
        if not tally.trades or debit is None:
            raise errors.ProcessingFault(
                code="settled_without_fills", detail=f"{transaction.public_id} is said to be done without a fill."
            )
        operations: tuple[Operation, ...] = ()
        if tally.held:
            operations = (ReleaseHold(hold_id=reservations.reservation_of(transaction)),)
        results = {"held": "0", "given_back": str(debit.units - tally.spent)}
        if report is not None and (report.reason == PARTLY or report.stage is not Stage.SETTLED):
            results["reason"] = PARTLY
        return Deed(operations=operations, results=results)

    def release(self, *, transaction: Transaction, expired: bool) -> Deed:
        return reservations.free(transaction=transaction, expired=expired)

    def reverse(self, *, child: Transaction, parent: Transaction) -> Deed:
        """Post an order that was executed after we had given it up, without any fee of ours.

        Raises: SystemFault (``not_reversible``) for any other news, and where the exchange does not say what moved: a
            person has to look at it.
        """
        spent, received = _moved(child, "spent"), _moved(child, "received")
        if child.security.get("news") != "late" or spent is None or received is None:
            raise errors.SystemFault(code="not_reversible", detail="A trade is not taken back by its exchange.")
        covered = Money(min(int(child.receive_units or 0), spent.units), spent.asset)
        entry = postings.late(
            key=f"{child.id}:reversal",
            customer_id=child.customer_id,
            provider=child.provider,
            paid=spent,
            covered=covered,
            received=received,
        )
        given = spent if parent.kind == "buy" else covered
        note = Executed.late(child=child, parent=parent, spent=given, received=received)
        return Deed(entries=(entry,), notes=(note,))


def _plan(transaction: Transaction) -> Plan:
    return Plan.of(FeeSheet.from_json(transaction.fees or {}))


def _check(transaction: Transaction, shares: list[Share]) -> None:
    for share in shares:
        paid, received = share.fill.paid, share.fill.received
        assets_differ = paid.asset.code != transaction.asset or received.asset.code != transaction.target_asset
        if assets_differ or paid.units < 0 or received.units < 0:
            raise errors.ProcessingFault(
                code="fill_mismatch", detail=f"{transaction.public_id}: fill {share.fill.trade_id} is of other assets."
            )


def _hold_again(transaction: Transaction, tally: Tally, spent: int, *, is_last: bool) -> Deed:
    """Spend from the open hold and set what is left of it aside again, for a hold is spent only once."""
    debit = transaction.debit
    if debit is None:
        raise errors.ProcessingFault(code="not_priced", detail=f"{transaction.public_id} has no price.")
    held = debit.units if tally.held is None else tally.held
    if not spent:
        return Deed(results={"held": str(held)})
    capture = CaptureHold(hold_id=reservations.reservation_of(transaction), units=spent)
    rest = held - spent
    if is_last or not rest:
        return Deed(operations=(capture,), results={"held": "0"})
    number = tally.holds + 1
    again = PlaceHold(
        hold_id=hold_id(transaction_id=transaction.id, number=number),
        account=reservations.account_of(transaction),
        units=rest,
        lifetime=None,
    )
    return Deed(
        operations=(capture, again),
        results={"held": str(rest), "holds": str(number)},
        reservation_id=again.hold_id,
    )


def hold_id(*, transaction_id: UUID, number: int) -> UUID:
    """Return the id of the hold that takes the place of the one before it: the same however often it is asked for."""
    return uuid5(transaction_id, f"hold:{number}")


def _note(transaction: Transaction, share: Share) -> Executed:
    rate = Fraction(str(transaction.terms["usd_rate"]))
    is_buy = transaction.terms["side"] == "buy"
    before = share.spent_before if is_buy else share.received_before
    after = before + (share.spent if is_buy else share.fill.received)
    return Executed(
        trade_id=share.fill.trade_id,
        side=str(transaction.terms["side"]),
        spent=share.spent,
        received=share.fill.received,
        paid=share.fill.paid,
        exchange_fee=share.fill.fee,
        our_fee=share.fee,
        price=share.fill.price,
        worth_cents=costs.worth(before=before, after=after, rate=rate),
        occurred_at=share.fill.occurred_at,
    )


def _moved(child: Transaction, name: str) -> Money | None:
    given = child.security.get(name)
    return None if given is None else Money(int(given[1]), assets.get(given[0]))
