"""The calls to providers: made outside any database transaction, side by side, and judged afterwards."""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

from core.kernel import errors
from core.orchestration import kinds
from core.orchestration.judging import endings, legs, news
from core.orchestration.judging.results import Result
from core.orchestration.models import Attempt, AttemptState, Category, Transaction
from core.orchestration.steps import changes
from core.orchestration.steps.changes import Change
from core.providers import calls, fanout, guard, registry
from core.providers.contract import (
    Adapter,
    Operation,
    Order,
    OutcomeUnknown,
    Query,
    RateLimited,
    Rejected,
    Report,
    Unavailable,
)
from core.resilience import retry

Answer = Report | None | Exception
RNG = random.SystemRandom()
_ASK_AGAIN_S = (1.0, 2.0, 4.0, 8.0, 15.0, 30.0, 60.0, 120.0, 300.0)
_PARK_AFTER_ASKS = 12
_ASKS_ANSWERED = 6
_KEY_MARGIN_S = 3600.0
_ASK_PARKED_S = 900.0
# What has taken so many times as long as its provider takes, and so many seconds, should be looked at.
_LATE_TIMES = 5
_LATE_S = 3600.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """One call that is to be made for a transaction: ``submit``, ``status`` or ``cancel``."""

    verb: str
    transaction: Transaction
    attempt: Attempt


def make(batch: Sequence[Call], instruments: Mapping[UUID, kinds.Instrument]) -> list[tuple[Call, Answer]]:
    """Make all calls side by side and return what each brought: a report, None for proven absence, or the error.

    Needs: no open database transaction.
    """
    with calls.collect():
        answers = fanout.run([_job(call, instruments) for call in batch])
    return list(zip(batch, answers, strict=True))


def judge(call: Call, answer: Answer) -> Change:
    """Return the change that an answer means for its transaction."""
    change = changes.begin(call.transaction)
    actor = f"provider:{call.attempt.provider}"
    call.attempt.tries += call.verb == "submit"
    change.attempts[call.attempt.id] = call.attempt
    if isinstance(answer, Report):
        _heard(change, call, answer, actor)
    elif answer is None:
        _absent(change, call, actor)
    elif isinstance(answer, Rejected):
        _rejected(change, call, answer, actor)
    elif isinstance(answer, Unavailable) and call.verb == "submit":
        _not_sent(change, call, answer, actor)
    elif isinstance(answer, errors.DiboasError):
        _unknown(change, call, answer, actor)
    else:
        _unknown(change, call, OutcomeUnknown(code="unexpected_error", detail=repr(answer)), actor)
    return change


def _job(call: Call, instruments: Mapping[UUID, kinds.Instrument]) -> Callable[[], Report | None]:
    adapter = registry.get(call.attempt.provider)
    if call.verb == "submit":
        order = _order(call, instruments)
        return lambda: guard.guarded(
            adapter=adapter, operation=call.attempt.operation, fn=lambda: adapter.submit(order)
        )
    query = _query(call, instruments)
    return lambda: guard.guarded(adapter=adapter, operation=call.verb, fn=lambda: _ask(adapter, call.verb, query))


def _ask(adapter: Adapter, verb: str, query: Query) -> Report | None:
    return adapter.cancel(query) if verb == "cancel" else adapter.status(query)


def _order(call: Call, instruments: Mapping[UUID, kinds.Instrument]) -> Order:
    txn = call.transaction
    instrument = instruments.get(txn.instrument_id) if txn.instrument_id else None
    return kinds.of(txn).order(transaction=txn, attempt=call.attempt, instrument=instrument)


def _query(call: Call, instruments: Mapping[UUID, kinds.Instrument]) -> Query:
    """Ask by the provider's own id where we have it; without one the order goes along, as it was sent.

    Not past the life of the key: the provider would take it for a new order and execute it again.
    """
    attempt = call.attempt
    capability = registry.capability(
        code=attempt.provider, operation=Operation(attempt.operation), method=attempt.method
    )
    is_remembered = attempt.known_for_s < capability.key_lifetime.total_seconds() - _KEY_MARGIN_S
    return Query(
        operation=Operation(attempt.operation),
        key=attempt.key,
        reference=call.transaction.public_id,
        provider_ref=attempt.provider_ref,
        amount=attempt.amount,
        order=_order(call, instruments) if is_remembered and not attempt.provider_ref else None,
    )


def _heard(change: Change, call: Call, report: Report, actor: str) -> None:
    result = news.hear(change=change, attempt=call.attempt, report=report, actor=actor)
    if result in (Result.DUPLICATE, Result.STALE):
        # It answers: that lengthens the pauses, but only questions without an answer lead to a person.
        call.attempt.asks = min(call.attempt.asks + 1, _ASKS_ANSWERED)
        _tell_if_late(change, call.attempt)
        news.await_news(change, call.attempt)


def _tell_if_late(change: Change, attempt: Attempt) -> None:
    """Tell a person once of what takes a provider much longer than it should. It is asked about all the same."""
    capability = registry.capability(
        code=attempt.provider, operation=Operation(attempt.operation), method=attempt.method
    )
    known = change.transaction.security.get("late", ())
    if attempt.known_for_s < max(_LATE_TIMES * capability.eta_seconds, _LATE_S) or attempt.number in known:
        return
    change.transaction.security = {**change.transaction.security, "late": [*known, attempt.number]}
    change.park(
        source="outcome",
        category=Category.RECOVERABLE,
        error="late_at_provider",
        detail=f"{attempt.provider} still says {attempt.stage!r} of {attempt.key}.",
        actor="system:engine",
    )


def _absent(change: Change, call: Call, actor: str) -> None:
    """The provider has no such operation. Believed only once a late request can no longer be on its way."""
    attempt = call.attempt
    attempt.asks += 1
    capability = registry.capability(
        code=attempt.provider, operation=Operation(attempt.operation), method=attempt.method
    )
    if attempt.sent_for_s < capability.proof_after_s:
        change.due_in = min(_patience(attempt), max(capability.proof_after_s - attempt.sent_for_s, 0.1))
        return
    change.log("attempt.proven_absent", actor=actor, data={"attempt": attempt.number})
    if attempt.tries < retry.MAX_TRIES:
        attempt.state = AttemptState.PREPARED
        attempt.asks = 0
        change.due_in = 0
    else:
        _give_up_on_provider(change, attempt, "outcome_absent", actor)


def _rejected(change: Change, call: Call, error: Rejected, actor: str) -> None:
    """A decision. To a question about an operation it is no answer, so the question stays open."""
    if call.verb == "submit":
        endings.decline(change=change, attempt=call.attempt, reason=error.code, actor=actor)
    else:
        _unknown(change, call, error, actor)


def _not_sent(change: Change, call: Call, error: Unavailable, actor: str) -> None:
    """Certainly not executed: again after a pause, then another provider."""
    attempt = call.attempt
    attempt.error = error.code[:60]
    attempt.state = AttemptState.PREPARED
    change.log("attempt.not_sent", actor=actor, reason=error.code, data={"try": attempt.tries})
    if isinstance(error, RateLimited):
        change.due_in = max(error.retry_after_s, 0.1)
    if attempt.tries >= retry.MAX_TRIES:
        _give_up_on_provider(change, attempt, error.code, actor)
    elif change.due_in is None:
        change.due_in = retry.delay_s(tries=attempt.tries, rng=RNG)


def _unknown(change: Change, call: Call, error: errors.DiboasError, actor: str) -> None:
    """Sent, or asked about, and no usable answer. The money stays where it is and we ask again; later a person does."""
    attempt = call.attempt
    first = attempt.state != AttemptState.UNKNOWN
    attempt.asks += 1
    attempt.error = error.code[:60]
    if call.verb == "submit" or (not attempt.stage and attempt.state == AttemptState.SENT):
        attempt.state = AttemptState.UNKNOWN
    if first:
        change.log("attempt.outcome_unknown", actor=actor, reason=error.code)
    if attempt.asks == _PARK_AFTER_ASKS:
        change.park(
            source="outcome",
            category=Category.RECOVERABLE,
            error="outcome_unknown",
            detail=f"{attempt.provider} has not said for {attempt.asks} questions what became of {attempt.key}.",
            actor="system:engine",
        )
    change.due_in = _ASK_PARKED_S if attempt.asks >= _PARK_AFTER_ASKS else _patience(attempt)
    if isinstance(error, RateLimited):
        change.due_in = max(change.due_in, error.retry_after_s)


def _give_up_on_provider(change: Change, attempt: Attempt, reason: str, actor: str) -> None:
    """Leave this provider for good; the dispatch looks for another, and ends the transaction if there is none."""
    attempt.state = AttemptState.NOT_EXECUTED
    change.log("attempt.given_up", actor=actor, reason=reason, data={"provider": attempt.provider})
    change.due_in = 0
    if legs.is_undo(attempt) or legs.named(change.transaction, attempt.leg).must_succeed:
        endings.insist(change, attempt, reason, actor)


def _patience(attempt: Attempt) -> float:
    return _ASK_AGAIN_S[min(max(attempt.asks - 1, 0), len(_ASK_AGAIN_S) - 1)]
