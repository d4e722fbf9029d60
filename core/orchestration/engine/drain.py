"""The engine's unit of work: claim what is due, and take each transaction as far as it will go now."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping, Sequence
from typing import TypeVar
from uuid import UUID

import structlog

from core.kernel import errors
from core.orchestration import kinds, outcomes
from core.orchestration.engine import admission, calls, claims, compensation, dispatch
from core.orchestration.engine.calls import Call
from core.orchestration.judging import legs
from core.orchestration.kinds import Instrument
from core.orchestration.models import Attempt, AttemptState, Category, Transaction
from core.orchestration.states import AT_PROVIDER, BEFORE_RESERVATION, SETTLED, State
from core.orchestration.steps import changes, writing
from core.providers import fanout
from core.providers.contract import Report
from core.resilience import retry

BUDGET_S = 12.0
# A set of calls takes at most a provider's whole time-out, some 10 s; two of them stay below the lease.
CALLING_S = 8.0
SIDE_BY_SIDE = 2 * fanout.WIDTH
T = TypeVar("T")
_FAULTS_AT_MOST = 5
_log = structlog.get_logger(__name__)


def drain(*, domain: str, budget_s: float = BUDGET_S) -> int:
    """Work until nothing of the domain is due or the time is up; return how many transactions were taken.

    Safe to run any number of times side by side and to kill at any point: what is unfinished becomes due again.
    """
    until = time.monotonic() + budget_s
    taken = 0
    while time.monotonic() < until:
        claimed = claims.claim(domain=domain)
        if not claimed:
            return taken
        taken += len(claimed)
        advance(claimed)
    outcomes.wake([domain])
    return taken


def advance(claimed: Sequence[Transaction]) -> None:
    """Advance a claimed set. If the set fails as a whole, each is tried alone, and the one at fault is set aside."""
    try:
        _advance(claimed)
    except Exception as error:  # noqa: BLE001 - one bad transaction must not stop the others, whatever is wrong with it
        if len(claimed) == 1:
            _set_aside(claimed[0], error)
            return
        _log.warning("drain.set_failed", size=len(claimed), error=repr(error))
        for txn in claims.load([one.id for one in claimed]):
            if txn.fence == next(one.fence for one in claimed if one.id == txn.id):
                advance([txn])


def _advance(claimed: Sequence[Transaction]) -> None:
    instruments = _instruments(claimed)
    attempts = claims.attempts_of([txn for txn in claimed if txn.state not in BEFORE_RESERVATION])
    fresh = [txn for txn in claimed if txn.state in BEFORE_RESERVATION]
    ready = [txn for txn in claimed if txn.state == State.BALANCE_RESERVED]
    at_provider = [txn for txn in claimed if txn.state in AT_PROVIDER]
    undoing = [txn for txn in claimed if txn.state == State.COMPENSATING]
    settled = [txn for txn in claimed if txn.state in SETTLED]
    batch, elsewhere = _resume(at_provider, attempts)
    unsent = [*ready, *elsewhere, *(call.transaction for call in batch if call.verb == "submit")]
    barred = admission.barred(unsent)
    dispatch.stop([txn for txn in unsent if txn.id in barred], attempts, barred)
    ready, elsewhere = ([txn for txn in part if txn.id not in barred] for part in (ready, elsewhere))
    batch = [call for call in batch if call.transaction.id not in barred]
    if fresh:
        ready += admission.admit(fresh, instruments)
    until = time.monotonic() + CALLING_S
    for part in _parts(batch, until):
        _hear_answers(calls.make(dispatch.arm(part), instruments))
    for chosen in _parts([*ready, *elsewhere], until):
        sent = dispatch.dispatch(chosen, attempts, _parents(chosen), instruments)
        if sent:
            _hear_answers(calls.make(sent, instruments))
    undone = [compensation.compensate(txn, attempts[txn.id]) for txn in undoing]
    for part in _parts([call for call in undone if call is not None], until):
        _hear_answers(calls.make(dispatch.arm(part), instruments))
    for txn in settled:
        _unschedule(txn)


def _parts(items: Sequence[T], until: float) -> Iterator[Sequence[T]]:
    """Cut a set into what can be called side by side, and stop in time when providers are slow.

    What is left over has not been sent; its lease runs out and it is taken again.
    """
    for start in range(0, len(items), SIDE_BY_SIDE):
        if start and time.monotonic() > until:
            return
        yield items[start : start + SIDE_BY_SIDE]


def _resume(
    transactions: Sequence[Transaction], attempts: Mapping[UUID, list[Attempt]]
) -> tuple[list[Call], list[Transaction]]:
    """Say what each that is at a provider needs: to be sent, asked about, cancelled, or sent elsewhere."""
    batch: list[Call] = []
    elsewhere: list[Transaction] = []
    for txn in transactions:
        attempt = attempts[txn.id][-1] if attempts[txn.id] else None
        if attempt is None or legs.is_given_up(attempt) or _is_done(txn, attempt):
            elsewhere.append(txn)
        else:
            batch.append(Call(verb=_verb(txn, attempt), transaction=txn, attempt=attempt))
    return batch, elsewhere


def _is_done(txn: Transaction, attempt: Attempt) -> bool:
    """The last attempt was of a leg that succeeded, and the next one has not been sent."""
    return bool(txn.leg) and attempt.leg != txn.leg


def _verb(txn: Transaction, attempt: Attempt) -> str:
    if attempt.state == AttemptState.PREPARED:
        return "submit"
    ends = txn.is_overdue or txn.security.get("cancel_requested")
    return "cancel" if ends and attempt.provider_ref and legs.may_be_cancelled(txn) else "status"


def _hear_answers(answered: Sequence[tuple[Call, calls.Answer]]) -> None:
    """Write what the providers answered. Where somebody else was faster, the answer goes through the common door."""
    pending = [(call, answer, calls.judge(call, answer)) for call, answer in answered]
    written = [change for _, _, change in pending]
    refused = writing.write(written)
    outcomes.trip_liars(written)
    late = [
        outcomes.Reported(provider=call.attempt.provider, source="answer", report=answer)
        for call, answer, change in pending
        if refused.get(change.transaction.id) == "stale" and isinstance(answer, Report)
    ]
    if late:
        outcomes.apply(late)
    for call, _, change in pending:
        verdict = refused.get(change.transaction.id)
        if verdict not in (None, "stale"):
            _set_aside(call.transaction, errors.ProcessingFault(code=verdict, detail="The ledger refused the outcome."))


def _instruments(transactions: Sequence[Transaction]) -> dict[UUID, Instrument]:
    found: dict[UUID, Instrument] = {}
    for domain in kinds.domains():
        wanted = {txn.instrument_id for txn in transactions if txn.domain == domain.code and txn.instrument_id}
        if wanted:
            found |= domain.instruments.load(instrument_ids=wanted)
    return found


def _parents(transactions: Sequence[Transaction]) -> dict[UUID, Transaction]:
    wanted = {txn.parent_id for txn in transactions if txn.parent_id}
    return {parent.id: parent for parent in claims.load(wanted)} if wanted else {}


def _unschedule(txn: Transaction) -> None:
    """A settled transaction has nothing due any more."""
    writing.write([changes.begin(txn)])


def _set_aside(txn: Transaction, error: Exception) -> None:
    """Work on one transaction failed on our side: again after a pause, and after some tries before a person.

    Nothing is given back: what is held stays held until somebody knows what happened.
    """
    _log.exception("drain.transaction_failed", transaction=txn.public_id, exc_info=error)
    fresh = claims.get(txn.id)
    if fresh.fence != txn.fence or fresh.state in SETTLED:
        return
    change = changes.begin(fresh)
    fresh.tries += 1
    code = error.code if isinstance(error, errors.DiboasError) else type(error).__name__
    if fresh.tries < _FAULTS_AT_MOST:
        change.log("transaction.fault", actor="system:engine", reason=code[:60])
        change.due_in = retry.delay_s(tries=fresh.tries, rng=calls.RNG)
    else:
        change.park(
            source="advance",
            category=Category.PERMANENT,
            error=code[:60],
            detail=repr(error),
            actor="system:engine",
        )
    writing.write([change])
