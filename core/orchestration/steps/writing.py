"""The one write of the engine: a set of changes, one statement, a verdict for each."""

from __future__ import annotations

import random
import time
from collections.abc import Iterable, Sequence
from typing import Any
from uuid import UUID

import orjson
from django.db import OperationalError, connection

from core.kernel.money import Money
from core.ledger import posting
from core.ledger.accounts import AccountRef
from core.ledger.movements import Entry, Expect, Movement, OpenLot, PlaceHold, Ruling
from core.ledger.wire import encoding
from core.orchestration import gates
from core.orchestration.models import Attempt
from core.orchestration.parts import reservations
from core.orchestration.reading import feed
from core.orchestration.steps import debts, projecting
from core.orchestration.steps.changes import Change
from core.resilience import retry, statements

_TRIES = 5
_rng = random.SystemRandom()
_ITEMS = "%s::jsonb, %s::uuid[], %s::int[], %s::int[], %s::text[]"
_WRITE = f"SELECT ref, verdict FROM orchestration_commit({_ITEMS}, {encoding.ARGUMENTS})"  # noqa: S608 - names of types


def write(changes: Sequence[Change]) -> dict[UUID, str]:
    """Write each change whole or not at all and return what was refused, by transaction.

    Shape: ``stale`` when somebody else moved the transaction first, else the word of the limits or the ledger, such as
        ``insufficient_funds``. What is not in the answer is written.
    Raises: OperationalError after bounded retries of deadlocks and lock timeouts.
    """
    if not changes:
        return {}
    if projecting.concerns(changes):
        return projecting.write(changes, _write_all)
    return _write_all(changes)


def _write_all(changes: Sequence[Change]) -> dict[UUID, str]:
    if not changes:
        return {}
    refused = _write(changes)
    for _ in range(_TRIES):
        again = [change for change in changes if refused.get(change.transaction.id) == Ruling.DEBT_EXCEEDED]
        if not again:
            break
        # Somebody repaid the debt since we looked; the inflow itself is as right as before.
        refused = {ref: verdict for ref, verdict in refused.items() if verdict != Ruling.DEBT_EXCEEDED} | _write(again)
    return refused


def _write(changes: Sequence[Change]) -> dict[UUID, str]:
    arguments = _arguments(changes)
    for tries in range(1, _TRIES):
        try:
            return dict(statements.fetch(_WRITE, arguments))
        except OperationalError as error:
            # Inside somebody's transaction the whole of it has to be repeated, which is for its owner to do.
            if connection.in_atomic_block or not retry.lost_race(error=error):
                raise
            time.sleep(_rng.uniform(0, 0.01 * 2**tries))
    return dict(statements.fetch(_WRITE, arguments))


def _arguments(changes: Sequence[Change]) -> tuple[str, ...]:
    """Return what ``orchestration_commit`` takes: the rows as JSON, what was read of them, and the ledger's arrays."""
    repaid = debts.repayments(changes)
    moves = [_movement(change, repaid.get(change.transaction.id, ())) for change in changes if change.deed]
    return (
        orjson.dumps(_payload(changes), default=_plain).decode(),
        _array(change.transaction.id.hex for change in changes),
        _array(str(change.transaction.version) for change in changes),
        _array(str(change.transaction.fence) for change in changes),
        _array(change.was.value for change in changes),
        *(posting.encode(movements=moves) if moves else encoding.NOTHING),
    )


def _array(values: Iterable[str]) -> str:
    return "{" + ",".join(values) + "}"


def _payload(changes: Sequence[Change]) -> dict[str, Any]:
    """Return the rows to write, by table; a table without rows is left out."""
    limits = [_use(change, change.consumes) for change in changes if change.consumes]
    rows: dict[str, Any] = {
        "consumer": gates.consumer() if limits else None,
        "items": [_item(change) for change in changes],
        "limits": limits,
        "events": [row for change in changes for row in _events(change)],
        "attempts": [_attempt(attempt) for change in changes for attempt in change.attempts.values()],
        "decisions": [change.decision for change in changes if change.decision is not None],
        "dead": [{**row, "t": change.transaction.id} for change in changes for row in change.dead],
        "children": [row for change in changes for row in change.children],
        "streams": [row for change in changes for row in (*_streams(change), *map(feed.opened_row, change.children))],
        "effects": [row for change in changes for row in _effects(change)],
    }
    return {name: part for name, part in rows.items() if part}


def _item(change: Change) -> dict[str, Any]:
    txn = change.transaction
    return {
        "id": txn.id,
        "state": str(txn.state),
        "trail": change.trail or txn.trail,
        "reason": txn.reason,
        "keep_lease": change.keep_lease,
        "due_in": change.due_in,
        "deadline_keep": change.deadline_keep,
        "deadline_in": change.deadline_in,
        "tries": txn.tries,
        "debit_units": txn.debit_units,
        "receive_units": txn.receive_units,
        "reversed_units": txn.reversed_units,
        "fees": txn.fees,
        "provider": txn.provider,
        "reservation_id": txn.reservation_id,
        "undo": txn.undo,
        "cleared": txn.cleared,
        "next_action": txn.next_action,
        "eta": txn.eta,
        "seq": txn.seq,
        "security": txn.security,
        "leg": txn.leg,
        "results": txn.results,
        "completed": change.is_settled,
    }


def _use(change: Change, money: Money) -> dict[str, Any]:
    txn = change.transaction
    return {
        "ref": txn.id,
        "customer": txn.customer_id,
        "kind": txn.kind,
        "asset": money.asset.code,
        "units": str(money.units),
    }


def _movement(change: Change, repaid: tuple[Entry, ...]) -> Movement:
    txn = change.transaction
    entries = (*change.deed.entries, *repaid)
    return Movement(ref=txn.id, transaction_id=txn.id, entries=entries, operations=change.deed.operations)


def _events(change: Change) -> Iterable[dict[str, Any]]:
    for event in change.events:
        yield {
            "id": event.id,
            "t": change.transaction.id,
            "seq": event.seq,
            "type": event.type,
            "f": event.from_state,
            "s": event.to_state,
            "actor": event.actor,
            "reason": event.reason,
            "data": event.data,
        }


def _attempt(attempt: Attempt) -> dict[str, Any]:
    return {
        "id": attempt.id,
        "t": attempt.transaction_id,
        "number": attempt.number,
        "leg": attempt.leg,
        "provider": attempt.provider,
        "operation": attempt.operation,
        "method": attempt.method,
        "state": str(attempt.state),
        "key": attempt.key,
        "provider_ref": attempt.provider_ref,
        "stage": attempt.stage,
        "rank": attempt.rank,
        "units": attempt.units,
        "asset": attempt.asset,
        "destination": attempt.destination,
        "tries": attempt.tries,
        "asks": attempt.asks,
        "error": attempt.error,
    }


def _streams(change: Change) -> Iterable[dict[str, Any]]:
    txn = change.transaction
    for event in change.events:
        yield feed.event_row(transaction_id=txn.id, customer_id=txn.customer_id, event_id=event.id, type_=event.type)
    if change.events and txn.counterparty_id is not None and feed.is_shown_to_recipient(str(txn.state)):
        last = change.events[-1]
        yield feed.event_row(transaction_id=txn.id, customer_id=txn.counterparty_id, event_id=last.id, type_=last.type)
    for account in sorted(_touched(change), key=lambda ref: (ref.code, ref.asset)):
        event_id = change.events[-1].id if change.events else txn.id
        yield feed.balance_row(transaction=txn, account=account, event_id=event_id)


def _touched(change: Change) -> set[AccountRef]:
    """Every customer account whose figures this change moves."""
    refs = {line.account for entry in change.deed.entries for line in entry.lines}
    for operation in change.deed.operations:
        if isinstance(operation, PlaceHold | Expect | OpenLot):
            refs.add(operation.account)
        else:
            refs.add(reservations.account_of(change.transaction))
    return {ref for ref in refs if ref.customer_id is not None and ref.domain}


def _effects(change: Change) -> Iterable[dict[str, Any]]:
    txn = change.transaction
    if not change.events or txn.status == change.status_was:
        return
    event_id = change.events[-1].id
    yield feed.status_effect(transaction=txn, event_id=event_id, customer_id=txn.customer_id, role="owner")
    if txn.counterparty_id is not None and feed.is_shown_to_recipient(str(txn.state)):
        yield feed.status_effect(transaction=txn, event_id=event_id, customer_id=txn.counterparty_id, role="recipient")


def _plain(value: Any) -> Any:
    """Render what orjson does not know: Decimal counts of units, exactly."""
    return str(value)
