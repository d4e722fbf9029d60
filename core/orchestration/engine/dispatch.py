"""From reserved to sent: the provider chosen and the attempt written; or, without a provider, straight to the end."""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from datetime import timedelta
from uuid import UUID

from core.kernel import assets, clock, errors
from core.ledger import queries
from core.ledger.movements import Ruling
from core.orchestration import kinds, offers
from core.orchestration.engine import attempting, claims
from core.orchestration.engine.admission import written
from core.orchestration.engine.calls import Call
from core.orchestration.judging import endings, legs
from core.orchestration.kinds import Instrument, Leg
from core.orchestration.models import Attempt, AttemptState, Category, Transaction
from core.orchestration.states import AT_PROVIDER, State
from core.orchestration.steps import changes, writing
from core.orchestration.steps.changes import Change
from core.resilience import retry
from core.routing import decisions

ACTOR = "system:engine"
PROVIDERS_AT_MOST = 3
_LOOK_AGAIN_S = 0.2
_LOOK_AGAIN_LATER_S = 2.0
_rng = random.SystemRandom()


def dispatch(
    transactions: Sequence[Transaction],
    attempts: Mapping[UUID, list[Attempt]],
    parents: Mapping[UUID, Transaction],
    instruments: Mapping[UUID, Instrument],
) -> list[Call]:
    """Write the intention for each of a set that is reserved, and return the calls that are to be made now."""
    pending = [_decide(txn, attempts.get(txn.id, []), parents, instruments) for txn in transactions]
    refused = writing.write(pending)
    calls = []
    for change in pending:
        txn = change.transaction
        if txn.id in refused:
            if refused[txn.id] != "stale":
                _park_refused(txn.id, refused[txn.id])
        elif change.attempts and txn.state in AT_PROVIDER:
            (attempt,) = change.attempts.values()
            calls.append(Call(verb="submit", transaction=written(txn), attempt=attempt))
    return calls


def arm(resumed: Sequence[Call]) -> list[Call]:
    """Note that what was certainly not executed may be from now on, before it is sent again; return what may be called.

    Without this a crash after the provider's acceptance would leave an attempt that says it was never sent.
    """
    again = [call for call in resumed if call.verb == "submit" and call.attempt.state == AttemptState.PREPARED]
    pending = []
    for call in again:
        change = changes.begin(call.transaction)
        call.attempt.state = AttemptState.SENT
        change.attempts[call.attempt.id] = call.attempt
        change.due_in = 0
        change.keep_lease = True
        pending.append(change)
    refused = writing.write(pending)
    for call in again:
        written(call.transaction)
    return [call for call in resumed if call not in again or call.transaction.id not in refused]


def stop(
    transactions: Sequence[Transaction], attempts: Mapping[UUID, list[Attempt]], reasons: Mapping[UUID, str]
) -> None:
    """End what is certainly not executed and may not be sent any more."""
    pending = []
    for txn in transactions:
        change = changes.begin(txn)
        for attempt in attempts.get(txn.id, []):
            if attempt.state == AttemptState.PREPARED:
                attempt.state = AttemptState.NOT_EXECUTED
                change.attempts[attempt.id] = attempt
        reason = reasons[txn.id]
        endings.end(change=change, reason=reason, actor=ACTOR, expired=reason == endings.DEADLINE_PASSED)
        pending.append(change)
    for transaction_id, verdict in writing.write(pending).items():
        if verdict != "stale":
            _park_refused(transaction_id, verdict)


def _decide(
    txn: Transaction,
    past: Sequence[Attempt],
    parents: Mapping[UUID, Transaction],
    instruments: Mapping[UUID, Instrument],
) -> Change:
    change = changes.begin(txn)
    if txn.parent_id is not None and kinds.of(txn).rules.is_forced:
        _post_reversal(change, parents)
    elif txn.is_overdue and txn.state == State.BALANCE_RESERVED:
        endings.end(change=change, reason=endings.DEADLINE_PASSED, actor=ACTOR, expired=True)
    elif not kinds.of(txn).legs:
        endings.complete(change=change, report=None, actor=ACTOR)
    else:
        _choose(change, past, instruments)
    return change


def _choose(change: Change, past: Sequence[Attempt], instruments: Mapping[UUID, Instrument]) -> None:
    """Pick the best provider of this leg that has not been tried; wait a little when none is ready; then give up."""
    txn = change.transaction
    leg = legs.at_work(txn)
    before = legs.attempts_of(past, leg.name)
    tried = frozenset() if leg.must_succeed else frozenset(attempt.provider for attempt in before)
    provider = _provider(change, leg, tried) if len(tried) < PROVIDERS_AT_MOST else ""
    if provider:
        instrument = instruments.get(txn.instrument_id) if txn.instrument_id else None
        _send(change, leg, provider, past, instrument)
    elif leg.must_succeed:
        change.due_in = endings.INSIST_AFTER_S if before else _LOOK_AGAIN_LATER_S
    elif tried or txn.tries >= retry.MAX_TRIES:
        endings.end(change=change, reason=before[-1].error if before else "provider_unavailable", actor=ACTOR)
    else:
        txn.tries += 1
        change.log("transaction.waiting_for_provider", actor=ACTOR, data={"try": txn.tries})
        change.due_in = retry.delay_s(tries=txn.tries, rng=_rng)


def _provider(change: Change, leg: Leg, tried: frozenset[str]) -> str:
    """Return who is to do a leg, with the decision stored where there was one to be made; empty if nobody can now."""
    txn = change.transaction
    if not leg.is_priced:
        amount = kinds.of(txn).to_move(transaction=txn, leg=leg)
        return offers.first_ready(
            operation=leg.operation, method=leg.method or txn.method, amount=amount, without=tried
        )
    offer = offers.provider_for(txn, without=tried)
    if offer is None or offer.decision is None:
        return ""
    change.decision = decisions.row(transaction_id=txn.id, decision=offer.decision)
    txn.eta = clock.SYSTEM.now() + timedelta(seconds=offer.eta_seconds)
    return offer.provider


def _send(change: Change, leg: Leg, provider: str, past: Sequence[Attempt], instrument: Instrument | None) -> None:
    """Write the attempt with its key and pin the reservation: from here on it may have been executed."""
    txn = change.transaction
    kind = kinds.of(txn)
    txn.leg = leg.name
    attempt = attempting.prepare(
        transaction=txn, leg=leg, name=leg.name, provider=provider, past=past, destination=_destination(instrument)
    )
    change.attempts[attempt.id] = attempt
    txn.provider = provider
    if not past:
        change.post(kind.send(transaction=txn))
    if not past or leg.cancel_after is not None:
        change.set_deadline(leg.cancel_after)
    if txn.state == State.BALANCE_RESERVED:
        change.walk(State.SENT_TO_PROVIDER, actor=ACTOR, data={"provider": provider})
    elif legs.attempts_of(past, leg.name):
        change.log("attempt.failed_over", actor=ACTOR, data={"provider": provider})
    else:
        change.log("transaction.leg_sent", actor=ACTOR, data={"provider": provider, "leg": leg.name})
    change.due_in = 0
    change.keep_lease = True


def _destination(instrument: Instrument | None) -> str:
    return instrument.destination if instrument else ""


def _post_reversal(change: Change, parents: Mapping[UUID, Transaction]) -> None:
    """Post what happened outside after the end of the parent, as the parent's kind says."""
    child = change.transaction
    parent = parents.get(child.parent_id) if child.parent_id else None
    if parent is None:
        raise errors.SystemFault(code="reversal_without_parent", detail=f"{child.public_id} reverses nothing.")
    if parent.state == State.COMPENSATING:
        # What the parent still holds must be free again before we look at what the customer has.
        change.due_in = _LOOK_AGAIN_LATER_S
        return
    free = queries.available(
        customer_id=child.customer_id, domain=assets.get(child.asset).home_domain, asset=child.asset
    )
    child.receive_units = min(int(child.units), max(free, 0))
    change.post(kinds.of(parent).reverse(child=child, parent=parent))
    gained = _gained(change)
    if gained > 0:
        child.receive_units = gained
    change.walk(State.COMPLETED, actor=ACTOR, reason=child.reason)


def _gained(change: Change) -> int:
    """Return what the owner's balances of what arrives gain by a change, or minus what they lose."""
    lines = (line for entry in change.deed.entries for line in entry.lines)
    txn = change.transaction
    owned = (line for line in lines if line.account.customer_id == txn.customer_id and line.account.domain)
    return sum(line.units for line in owned if line.account.asset == txn.arriving.code)


def _park_refused(transaction_id: UUID, verdict: str) -> None:
    """The ledger would not take what must be possible by now: a person has to see why. What is held stays held."""
    change = changes.begin(claims.get(transaction_id))
    if kinds.of(change.transaction).rules.is_forced and verdict == Ruling.INSUFFICIENT_FUNDS:
        # The balance moved between our look at it and the posting; look again.
        change.due_in = _LOOK_AGAIN_S
    else:
        change.park(source="advance", category=Category.RECOVERABLE, error=verdict, detail=verdict, actor=ACTOR)
    writing.write([change])
