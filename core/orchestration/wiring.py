"""Plugs the engine into what lies below it: due work, feeds, the story of a transaction, the books, health."""

from __future__ import annotations

from core.api import explain
from core.audit import books
from core.chains import watch as chains
from core.orchestration import kinds, outcomes
from core.orchestration.reading import checks, feed, queries, stories
from core.outbox import due, snapshots

_DUE = (
    "EXISTS (SELECT FROM orchestration_transaction WHERE due_at <= (SELECT clock_timestamp()) AND domain = '{domain}'"
    " AND (lease_until IS NULL OR lease_until < clock_timestamp()))"
)


def connect() -> None:
    """Register what this package brings. Called once, when Django starts."""
    snapshots.register(feed.TRANSACTIONS, queries.snapshot, complete=feed.completed)
    books.register("orchestration", checks.breaks)
    for name, part in stories.PARTS.items():
        explain.register(name, part)
    chains.on_operation(outcomes.ask_now)
    chains.on_reorged(outcomes.vanished)


def join(domain: kinds.Domain) -> None:
    """Make a domain known, and have the relay look every moment for due work of it: the net under lost wake-ups."""
    kinds.register(domain)
    due.register(
        f"{domain.code}.due",
        _DUE.format(domain=domain.code),
        task=domain.task,
        queue=domain.queue,
        key=f"drain:{domain.code}",
    )
