"""Process due webhooks in sets: read them again, ask where they are thin, hand the reports in, write down the results.

Every step may be repeated: outcomes know duplicates and old news, so a worker that dies in between costs nothing.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import structlog
from django.db import DatabaseError

from core.encryption import cipher
from core.kernel import errors
from core.orchestration import outcomes
from core.providers import calls, fanout, guard, registry
from core.providers.contract import Delivery, News, Query, RateLimited, Report
from core.webhooks import inbox, rows
from core.webhooks.models import Status

LIMIT = 100
BUDGET_S = 20.0
# How long to wait after each try: short at first, since our own answer may be a moment behind; 2 hours in all.
AGAIN_S = (0.2, 0.5, 1.0, 2.0, 5.0, 15.0, 60.0, 300.0, 900.0, 1800.0, 3600.0)
_log = structlog.get_logger(__name__)


@dataclass(slots=True)
class _Event:
    """One event on its way through a set. ``failure`` ends the way; ``settling`` is asked unless that is settled."""

    row: rows.Claimed
    reports: list[Report] = field(default_factory=list)
    questions: list[Query] = field(default_factory=list)
    settling: list[Query] = field(default_factory=list)
    results: list[outcomes.Result] = field(default_factory=list)
    failure: Exception | None = None


def run() -> int:
    """Process sets until nothing is due or the time of a task is used up; return how many events it were."""
    ends, total = time.monotonic() + BUDGET_S, 0
    while time.monotonic() < ends:
        done = process(limit=LIMIT)
        total += done
        if done < LIMIT:
            break
    return total


def process(*, limit: int) -> int:
    """Process one set of due events and return how many were taken.

    Needs: no open transaction: providers may be asked.
    """
    events = [_Event(row=row) for row in rows.claim(limit=limit)]
    if not events:
        return 0
    for event in events:
        _read(event)
    _leave_out_known(events)
    with calls.collect():
        _ask(events)
    _hand_in(events)
    rows.finish([_finished(event) for event in events])
    return len(events)


def _read(event: _Event) -> None:
    """Find the news in an event. One that cannot be read must not take the rest of its set along."""
    try:
        body = cipher.decrypt_bytes(event.row.sealed, context=inbox.BODY_CONTEXT)
        delivery = Delivery(body=body, headers=event.row.headers, verified=True)
        news: Sequence[News] = registry.get(event.row.provider).parse_webhook(delivery)
    except Exception as error:  # noqa: BLE001 whatever it is, it is this event's own failure
        event.failure = error
        return
    event.reports = [item.report for item in news if item.report is not None]
    thin = [item for item in news if item.report is None and item.query is not None]
    event.questions = [item.query for item in thin if item.query is not None and not item.only_settles]
    event.settling = [item.query for item in thin if item.query is not None and item.only_settles]


def _leave_out_known(events: Sequence[_Event]) -> None:
    """Ask how something was settled only where that is not known: our own answer has mostly told us already."""
    keys = {query.key for event in events for query in event.settling}
    known = outcomes.settled(sorted(keys)) if keys else set()
    for event in events:
        event.questions += [query for query in event.settling if query.key not in known]
        event.results += [outcomes.Result.DUPLICATE for query in event.settling if query.key in known]


def _ask(events: Sequence[_Event]) -> None:
    """Fetch what thin events are about, each object once, side by side."""
    wanted = list(dict.fromkeys((event.row.provider, query) for event in events for query in event.questions))
    answers = dict(zip(wanted, fanout.run([_question(*asked) for asked in wanted]), strict=True)) if wanted else {}
    for event in events:
        for query in event.questions:
            answer = answers[event.row.provider, query]
            if isinstance(answer, Exception):
                event.failure = answer
            elif answer is not None:
                event.reports.append(answer)


def _question(provider: str, query: Query) -> Callable[[], Report | None]:
    adapter = registry.get(provider)
    return lambda: guard.guarded(adapter=adapter, operation="status", fn=lambda: adapter.status(query))


def _hand_in(events: Sequence[_Event]) -> None:
    """Apply all reports at once; if that fails, one event at a time, so that only the guilty one stays behind."""
    sound = [event for event in events if event.failure is None and event.reports]
    try:
        _apply(sound)
    except Exception:  # noqa: BLE001 the events are tried singly below, where each failure is kept
        _log.exception("webhooks.set_failed", events=len(sound))
        for event in sound:
            try:
                _apply([event])
            except Exception as error:  # noqa: BLE001 kept with its event, logged with it
                event.failure = error


def _apply(events: Sequence[_Event]) -> None:
    """Hand in each distinct report once; events with the same news share its result."""
    distinct: dict[int, outcomes.Reported] = {}
    places: list[tuple[_Event, int]] = []
    seen: dict[tuple[str, str], int] = {}
    for event in events:
        for report in event.reports:
            same = (event.row.provider, repr(report))
            place = seen.setdefault(same, len(seen))
            distinct.setdefault(place, _reported(event, report))
            places.append((event, place))
    if not distinct:
        return
    results = outcomes.apply([distinct[place] for place in range(len(distinct))])
    for event in events:
        event.results += [results[place] for owner, place in places if owner is event]


def _reported(event: _Event, report: Report) -> outcomes.Reported:
    return outcomes.Reported(provider=event.row.provider, source="webhook", report=report, event_ref=event.row.id)


def _finished(event: _Event) -> rows.Finished:
    if event.failure is not None:
        return _failed(event, event.failure)
    if not event.results:
        return _parked(event, "the provider does not know it") if event.questions else _ended(event, Status.IGNORED)
    if outcomes.Result.UNKNOWN_OPERATION in event.results:
        return _parked(event, "no operation of ours is known by this id")
    return _ended(event, Status.PROCESSED)


def _ended(event: _Event, status: Status) -> rows.Finished:
    result = ",".join(dict.fromkeys(result.value for result in event.results))
    return rows.Finished(id=event.row.id, fence=event.row.fence, status=status, result=result)


def _parked(event: _Event, error: str) -> rows.Finished:
    """Come back later; after the last time it stays parked, for a person to see."""
    return rows.Finished(
        id=event.row.id,
        fence=event.row.fence,
        status=Status.PARKED,
        result=",".join(dict.fromkeys(result.value for result in event.results)),
        error=error,
        again_s=_again_s(event),
    )


def _failed(event: _Event, failure: Exception) -> rows.Finished:
    """What may pass by itself, such as a silent provider, is tried again; a defect waits for a person."""
    passes = isinstance(failure, DatabaseError) or (isinstance(failure, errors.DiboasError) and failure.retryable)
    again_s = _again_s(event) if passes else None
    if isinstance(failure, RateLimited) and again_s is not None:
        again_s = max(again_s, failure.retry_after_s)
    if again_s is None:
        _log.error("webhooks.failed", event_id=event.row.event_id, provider=event.row.provider, exc_info=failure)
    return rows.Finished(
        id=event.row.id,
        fence=event.row.fence,
        status=Status.FAILED if again_s is None else Status.RECEIVED,
        error=f"{type(failure).__name__}: {failure}"[:500].replace("\0", ""),
        again_s=again_s,
    )


def _again_s(event: _Event) -> float | None:
    return AGAIN_S[event.row.tries - 1] if event.row.tries <= len(AGAIN_S) else None
