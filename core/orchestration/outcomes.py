"""The single door through which every outcome enters: a provider's answer, a webhook, a poll."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from django.db import connection, transaction

from core.orchestration import kinds
from core.orchestration.engine import claims
from core.orchestration.judging import news
from core.orchestration.judging.results import Result
from core.orchestration.models import Attempt, AttemptState, Category, DeadLetter, DeadLetterState
from core.orchestration.models import Transaction as TransactionRow
from core.orchestration.steps import changes, writing
from core.orchestration.steps.changes import Change
from core.providers import states
from core.providers.contract import Report
from core.resilience import wakeups

__all__ = ["Reported", "Result", "apply", "ask_now", "settled", "trip_liars", "vanished", "wake"]

_FIND_BY_KEY = "SELECT a.transaction_id FROM orchestration_attempt a WHERE a.key = ANY(%s)"
_FIND_BY_REF = (
    "SELECT a.transaction_id FROM orchestration_attempt a WHERE a.provider_ref = ANY(%s) AND a.provider_ref <> ''"
)
# A worker that has the row claimed looks again when its lease is over or its write is done: nothing is lost.
_DUE = """
    UPDATE orchestration_transaction t SET due_at = clock_timestamp()
    WHERE t.id = ANY (ARRAY(SELECT a.transaction_id FROM orchestration_attempt a WHERE a.key = ANY(%s)))
      AND t.due_at > clock_timestamp()
    RETURNING t.domain
"""
_SUCCEEDED = "SELECT DISTINCT a.transaction_id FROM orchestration_attempt a WHERE a.key = ANY(%s) AND a.state = %s"
_KEYS_THAT_SUCCEEDED = "SELECT a.key FROM orchestration_attempt a WHERE a.key = ANY(%s) AND a.state = %s"
_LOCK = "SELECT 1 FROM orchestration_transaction WHERE id = ANY(%s) ORDER BY id FOR NO KEY UPDATE"


VANISHED = "vanished_after_completion"


@dataclass(frozen=True, slots=True, kw_only=True)
class Reported:
    """A report and where it came from: ``answer``, ``webhook`` or ``poll``. ``event_ref`` is the inbox row, if any."""

    provider: str
    source: str
    report: Report
    event_ref: UUID | None = None


def apply(reports: Sequence[Reported]) -> list[Result]:
    """Apply reports in their order, under the locks of their transactions, and say what became of each.

    Several reports of one transaction are applied one after another in rounds, so that each sees what the one before it
    wrote. ``unknown_operation``: we know no such attempt (yet). ``break``: parked for a person, nothing dropped.
    Raises: OperationalError when the database is away; nothing is applied then, and the caller comes again.
    """
    results: list[Result | None] = [None] * len(reports)
    waiting = list(range(len(reports)))
    while waiting:
        done = _round(reports, waiting, results)
        waiting = [place for place in waiting if place not in done]
    return [result or Result.UNKNOWN_OPERATION for result in results]


def settled(keys: Sequence[str]) -> set[str]:
    """Return those of our keys under which we know that a provider did what it was asked."""
    with connection.cursor() as cursor:
        cursor.execute(_KEYS_THAT_SUCCEEDED, [list(keys), AttemptState.SUCCEEDED.value])
        return {row[0] for row in cursor.fetchall()}


def trip_liars(written: Sequence[Change]) -> None:
    """Take providers out of use whose reports differ from what they were asked."""
    for provider in {
        attempt.provider
        for change in written
        if any(row["source"] == "integrity" for row in change.dead)
        for attempt in change.attempts.values()
    }:
        states.trip(provider=provider, reason="A report differed from what was asked.")


def wake(domains: Sequence[str]) -> None:
    """Tell workers that something of these domains may be due."""
    for code in domains:
        domain = kinds.domain(code)
        wakeups.wake(task=domain.task, queue=domain.queue, key=f"drain:{code}")


def ask_now(keys: Sequence[str]) -> None:
    """Something happened to what was sent under these keys: let the engine ask about it at once instead of later.

    Only a hint, for providers whose news can be read but does not say what it means; losing it costs a little time.
    """
    with connection.cursor() as cursor:
        cursor.execute(_DUE, [list(keys)])
        domains = sorted({row[0] for row in cursor.fetchall()})
    wake(domains)


def vanished(keys: Sequence[str]) -> int:
    """What was final has vanished again (a chain was reorganised deeper than we wait): tell a person of each once.

    It is sent again as it was, and most likely becomes what it had been; but what was posted relied on it, and only a
    person can say what to do if it does not. Returns how many were parked.
    """
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute(_SUCCEEDED, [list(keys), AttemptState.SUCCEEDED.value])
            found = [row[0] for row in cursor.fetchall()]
            cursor.execute(_LOCK, [found])
        known = set(
            DeadLetter.objects.filter(transaction_id__in=found, error=VANISHED, state=DeadLetterState.OPEN).values_list(
                "transaction_id", flat=True
            )
        )
        parked = [_park_vanished(row) for row in claims.load(found) if row.id not in known]
        writing.write(parked)
    return len(parked)


def _park_vanished(row: TransactionRow) -> Change:
    change = changes.begin(row)
    change.park(
        source="outcome",
        category=Category.RECOVERABLE,
        error=VANISHED,
        detail="The block that held it fell out of the chain after it was final for us. It has been sent again.",
        actor="system:chain",
    )
    change.due_in = None if change.is_settled else 0
    return change


def _round(reports: Sequence[Reported], waiting: list[int], results: list[Result | None]) -> set[int]:
    """Apply at most one report per transaction; return the places that are done."""
    with transaction.atomic():
        rows = _locked([reports[place] for place in waiting])
        attempts = claims.attempts_of(rows)
        by_attempt = [(attempt, row) for row in rows for attempt in attempts[row.id]]
        pending: dict[UUID, tuple[int, Change]] = {}
        done: set[int] = set()
        for place in waiting:
            found = _match(reports[place], by_attempt)
            if found is None:
                done.add(place)
                results[place] = Result.UNKNOWN_OPERATION
            elif found[1].id not in pending:
                done.add(place)
                change = changes.begin(found[1])
                results[place] = _hear(change, found[0], reports[place])
                pending[found[1].id] = (place, change)
        written = [change for _, change in pending.values() if change.events or change.attempts]
        refused = writing.write(written)
        for transaction_id, (place, change) in pending.items():
            if transaction_id in refused:
                results[place] = _refused(change, reports[place], refused[transaction_id])
        wake(sorted({change.transaction.domain for change in written if change.due_in == 0 or change.children}))
    trip_liars(written)
    return done


def _hear(change: Change, attempt: Attempt, reported: Reported) -> Result:
    """Judge a report; what changes nothing keeps the schedule as it was by not being written."""
    actor = f"provider:{reported.provider}"
    return news.hear(change=change, attempt=attempt, report=reported.report, actor=actor)


def _refused(change: Change, reported: Reported, verdict: str) -> Result:
    """The ledger would not post a true report: hand it to a person, in the same database transaction."""
    again = changes.begin(claims.get(change.transaction.id))
    again.park(
        source="outcome",
        category=Category.RECOVERABLE,
        error=verdict[:60],
        detail=f"{reported.provider} reports {reported.report.stage} for {reported.report.provider_ref}.",
        actor=f"provider:{reported.provider}",
    )
    writing.write([again])
    return Result.BREAK


def _locked(reports: Sequence[Reported]) -> list[TransactionRow]:
    """Lock the transactions that these reports are about, in the order of their ids, and read them after that."""
    keys = [item.report.key for item in reports if item.report.key]
    refs = [item.report.provider_ref for item in reports if item.report.provider_ref]
    with connection.cursor() as cursor:
        cursor.execute(f"{_FIND_BY_KEY} UNION {_FIND_BY_REF}", [keys, refs])
        found = [row[0] for row in cursor.fetchall()]
        if not found:
            return []
        cursor.execute(_LOCK, [found])
    return claims.load(found)


def _match(
    reported: Reported, by_attempt: Sequence[tuple[Attempt, TransactionRow]]
) -> tuple[Attempt, TransactionRow] | None:
    """Find the attempt of a report, at the provider that sent it."""
    for attempt, row in by_attempt:
        if attempt.provider == reported.provider and news.find([attempt], reported.report) is not None:
            return attempt, row
    return None
