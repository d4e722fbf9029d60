"""The engine's parts of a transaction's page: the way, the timeline, fees, ledger, attempts, the decision, audit."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any
from uuid import UUID

from core.console import cells
from core.console.cells import Cell, Tone
from core.console.screens.customers import records
from core.console.sections import Facts, Moment, Section, Step, Stepper, Table, Timeline
from core.fees.sheets import FeeSheet
from core.identity import customers
from core.kernel import ids
from core.ledger import queries as ledger
from core.orchestration import kinds
from core.orchestration.console import words
from core.orchestration.models import Attempt, Event, Transaction
from core.orchestration.states import SETTLED
from core.providers import calls
from core.routing import decisions

SUBJECT = "transaction"
_STEP_ICONS = {"done": "check", "now": "sync", "failed": "close", "ahead": "more_horiz"}


def head(transaction_id: UUID) -> Iterable[Section]:
    """Tell where it stands: the way it goes, the facts, the timeline."""
    row = Transaction.objects.get(id=transaction_id)
    yield stepper(row)
    yield _facts(row)
    yield timeline(transaction_id)


def money(transaction_id: UUID) -> Iterable[Section]:
    """Tell what it cost and what was posted."""
    row = Transaction.objects.get(id=transaction_id)
    if row.fees:
        yield _fees(FeeSheet.from_json(row.fees))
    yield _entries(transaction_id)
    yield _holds(transaction_id)


def providers(transaction_id: UUID) -> Iterable[Section]:
    """Tell what was asked of whom, why of him, and every call on the wire."""
    attempts = list(Attempt.objects.filter(transaction_id=transaction_id).order_by("number"))
    yield _attempts(attempts)
    yield _calls(attempts)
    for decision in decisions.for_transaction(transaction_id):
        yield _decision(decision)


def trail(transaction_id: UUID) -> Iterable[Section]:
    """Tell what people changed."""
    yield records(ids.render(ids.Prefix.TRANSACTION, transaction_id))


def stepper(row: Transaction) -> Stepper:
    """Return the way of its kind, and how far it has come; an ending off the way takes the place of the rest."""
    path = [str(state) for state in kinds.of(row).rules.path]
    steps = _on_the_way(row, path) if row.state in path else _off_the_way(row, path)
    return Stepper(title="Where it stands", steps=steps)


def _on_the_way(row: Transaction, path: list[str]) -> list[Step]:
    at = path.index(row.state)
    is_done = row.state in SETTLED
    stands = ["done" if place < at or is_done else "now" if place == at else "ahead" for place in range(len(path))]
    return [_step(state, stand) for state, stand in zip(path, stands, strict=True)]


def _off_the_way(row: Transaction, path: list[str]) -> list[Step]:
    seen = set(Event.objects.filter(transaction_id=row.id).exclude(to_state="").values_list("to_state", flat=True))
    walked = [_step(state, "done") for state in path if state in seen]
    return [*walked, _step(row.state, "failed" if row.state in SETTLED else "now")]


def _step(state: str, stand: str) -> Step:
    word = {"done": "done", "now": "now", "failed": "ended here", "ahead": "to come"}[stand]
    return Step(label=words.word(state), stand=stand, word=word, icon=_STEP_ICONS[stand])


def _facts(row: Transaction) -> Facts:
    known = customers.get_many([each for each in (row.customer_id, row.counterparty_id) if each is not None])
    people = {who: words.customer(who, view.handle) for who, view in known.items()}
    return Facts(
        title="Facts",
        facts=[
            ("State", words.state(row.state)),
            ("Reason", cells.text(words.word(row.reason))),
            ("Id", cells.mono(row.public_id)),
            ("Domain", words.domain(row.domain)),
            ("Customer", people.get(row.customer_id, cells.NOTHING)),
            ("Counterparty", people.get(row.counterparty_id or row.id, cells.NOTHING)),
            ("Asked for", cells.amount(row.money)),
            ("Debited", cells.amount(row.debit)),
            ("Received", cells.amount(row.receive)),
            ("Provider", cells.text(row.provider)),
            ("Client reference", cells.mono(row.client_reference)),
            ("Correlation", cells.mono(row.correlation_id)),
            ("Created", cells.time(row.created_at)),
            ("Due next", cells.time(row.due_at)),
            ("Deadline", cells.time(row.deadline_at)),
            ("Completed", cells.time(row.completed_at)),
            ("Reverses", words.link(row.parent_id)),
            ("Security context", cells.data(row.security)),
        ],
    )


def timeline(transaction_id: UUID) -> Timeline:
    """Return the numbered events of a transaction."""
    events = Event.objects.filter(transaction_id=transaction_id).order_by("seq")
    return Timeline(title="Timeline", moments=[_moment(event) for event in events])


def _moment(event: Event) -> Moment:
    shown: Cell | None = words.state(event.to_state) if event.to_state else None
    return Moment(
        number=event.seq,
        at=event.created_at,
        title=shown.text if shown else event.type.partition(".")[2].replace("_", " "),
        tone=shown.tone if shown else Tone.NEUTRAL,
        icon=shown.icon if shown else "notes",
        actor=event.actor,
        text=event.reason,
        data=cells.data(event.data) if event.data else None,
    )


def _fees(sheet: FeeSheet) -> Table:
    lines = [
        (cells.text(line.tier), cells.text(line.code), cells.text(line.rate), cells.amount(line.amount))
        for line in sheet.lines
    ]
    tiers = ", ".join(f"{tier} {cells.plain(amount)}" for tier, amount in sheet.by_tier.items() if amount)
    return Table(
        title="Fees",
        icon="sell",
        columns=("Tier", "Fee", "Rate", "Amount"),
        rows=[*lines, (cells.text("total"), cells.NOTHING, cells.NOTHING, cells.amount(sheet.total))],
        numeric=frozenset({3}),
        note=f"Schedule {sheet.schedule_version}. {tiers or 'Free of charge.'}",
    )


def _entries(transaction_id: UUID) -> Table:
    rows = [
        (
            cells.time(entry.posted_at),
            cells.text(entry.kind),
            cells.mono(line.account),
            cells.amount(line.amount, signed=True),
        )
        for entry in ledger.entries_for(transaction_ids=[transaction_id])
        for line in entry.lines
    ]
    return Table(
        title="Ledger lines",
        icon="menu_book",
        columns=("Posted", "Entry", "Account", "Units, credit positive"),
        rows=rows,
        numeric=frozenset({3}),
        empty="Nothing was posted.",
    )


def _holds(transaction_id: UUID) -> Table:
    rows = [
        (
            cells.mono(f"{ids.render(ids.Prefix.HOLD, hold.id)[:14]}…"),
            cells.mono(hold.account),
            cells.amount(hold.amount),
            cells.amount(hold.captured),
            _outcome(hold.outcome),
            cells.time(hold.placed_at),
            cells.time(hold.deadline),
        )
        for hold in ledger.holds_for(transaction_ids=[transaction_id])
    ]
    return Table(
        title="Holds",
        icon="lock",
        columns=("Hold", "Account", "Amount", "Captured", "Outcome", "Placed", "Deadline"),
        rows=rows,
        numeric=frozenset({2, 3}),
        empty="No money was held for it.",
    )


def _outcome(outcome: str) -> Cell:
    if not outcome:
        return cells.badge("open", Tone.INFO, icon="lock")
    return cells.badge(outcome, Tone.SUCCESS if outcome == "captured" else Tone.NEUTRAL)


def _attempts(attempts: list[Attempt]) -> Table:
    rows = [
        (
            cells.text(str(each.number)),
            cells.text(f"{each.provider} {each.operation}"),
            words.attempt_state(each.state),
            cells.amount(each.amount),
            cells.mono(each.provider_ref),
            cells.text(f"{each.tries} sent, {each.asks} asked"),
            cells.text(each.error),
            cells.time(each.sent_at),
            cells.mono(each.key),
        )
        for each in attempts
    ]
    return Table(
        title="Attempts",
        icon="send",
        columns=("No.", "Asked of", "State", "Amount", "Reference", "Tries", "Error", "Sent", "Idempotency key"),
        rows=rows,
        numeric=frozenset({3}),
        empty="No provider was asked.",
    )


def _calls(attempts: list[Attempt]) -> Table:
    rows = [
        (
            cells.time(call.at),
            cells.text(f"{call.provider} {call.operation}"),
            cells.mono(f"{call.method} {call.path}"),
            cells.badge(*_call_word(call)),
            cells.text(f"{call.duration_ms:.0f} ms"),
            cells.data(call.request),
            cells.data(call.response),
        )
        for call in calls.of_attempts(keys=[each.key for each in attempts])
    ]
    return Table(
        title="Provider calls",
        icon="swap_calls",
        columns=("At", "Provider", "Call", "Answer", "Took", "Request", "Response"),
        rows=rows,
        numeric=frozenset({4}),
        empty="Nothing went over the wire.",
        note="Secrets and personal data are redacted before they are written.",
    )


def _call_word(call: Any) -> tuple[str, Tone]:
    word = f"{call.status or ''} {words.word(call.outcome)}".strip()
    if call.outcome == "answered":
        return word, Tone.SUCCESS if (call.status or 0) < 400 else Tone.WARNING
    return word, Tone.DANGER


def _decision(decision: decisions.DecisionView) -> Table:
    return Table(
        title="Choice of provider",
        icon="alt_route",
        columns=("Provider", "Score", "Health", "Cost", "Speed", "Fees", "Time", "Measured", "Why not"),
        rows=[_candidate(each, chosen=decision.chosen) for each in decision.candidates],
        numeric=frozenset({1, 2, 3, 4, 5, 6, 7}),
        empty="There was no candidate.",
        note=f"Weights version {decision.weights_version}, decided {decision.created_at:%H:%M:%S} UTC",
    )


def _time(seconds: int) -> str:
    if seconds < 120:
        return f"{seconds} s"
    return f"{seconds // 60} min" if seconds < 7200 else f"{seconds // 3600} h"


def _candidate(data: Mapping[str, Any], *, chosen: str) -> tuple[Cell, ...]:
    name = str(data["provider"])
    fees = data["fees_total"]
    return (
        cells.badge(f"{name}, chosen", Tone.SUCCESS) if name == chosen else cells.text(name),
        *(cells.text(data[part]) for part in ("score", "health", "cost", "speed")),
        cells.text(f"{fees['amount']} {fees['asset']}"),
        cells.text(_time(int(data["eta_seconds"]))),
        cells.text(data["measured_health"]),
        cells.text(data["why"]),
    )
