"""Gauges for Prometheus, read from the database when they are asked for, so that every process tells the same.

Each group of gauges fails alone: what cannot be read is missing, and ``diboas_scrape_errors`` counts it. Only what an
index holds few of is counted: transactions that are not settled, and those that were begun in the last hour.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from typing import Any
from uuid import UUID

from django.db import Error as DatabaseError
from django.db import connection, transaction
from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector

from core.health import components, results
from core.orchestration.states import SETTLED_SQL

Gauges = Iterator[GaugeMetricFamily]
_STATEMENT_MS = 1500
_HOUR_S = 3600
_UNSETTLED = f"""
    SELECT domain, kind, state, count(*) FROM orchestration_transaction
    WHERE state NOT IN ({SETTLED_SQL}) GROUP BY 1, 2, 3 ORDER BY 1, 2, 3"""  # noqa: S608 - the states are constants of ours
_SETTLED = f"""
    SELECT domain, kind, state, count(*) FROM orchestration_transaction
    WHERE id >= %s AND state IN ({SETTLED_SQL}) GROUP BY 1, 2, 3 ORDER BY 1, 2, 3"""  # noqa: S608 - the states are constants of ours
_HOLDS = """
    SELECT a.asset, h.kind, count(*) FROM ledger_hold h JOIN ledger_account a ON a.id = h.account_id
    WHERE h.outcome = '' GROUP BY 1, 2 ORDER BY 1, 2"""
_BREAKERS = "SELECT name, state, mode, count(*) FROM resilience_breakerstate GROUP BY 1, 2, 3 ORDER BY 1"
_EMAILS = "SELECT state, count(*) FROM notifications_email WHERE state IN ('queued', 'failed') GROUP BY 1 ORDER BY 1"
_HEARTBEATS = "SELECT name, extract(epoch FROM clock_timestamp() - at) FROM resilience_heartbeat ORDER BY name"
_CHAIN_LAG = "SELECT chain, greatest(node_number - number, 0) FROM chains_cursor ORDER BY chain"
_CHAIN_AGE = "SELECT chain, extract(epoch FROM clock_timestamp() - checked_at) FROM chains_cursor ORDER BY chain"
_CHAIN_OPEN = """
    SELECT chain, state, count(*) FROM chains_operation
    WHERE state IN ('pending', 'mined', 'reverting') GROUP BY 1, 2 ORDER BY 1, 2"""
_DEAD = "SELECT category, count(*) FROM orchestration_deadletter WHERE state = 'OPEN' GROUP BY 1 ORDER BY 1"


def render() -> bytes:
    """Return all gauges in Prometheus' text format."""
    registry = CollectorRegistry()
    registry.register(_Platform())
    return generate_latest(registry)


class _Platform(Collector):
    """Everything about the platform, group by group."""

    def collect(self) -> Gauges:
        failed = 0
        for group in _GROUPS:
            try:
                with transaction.atomic(), connection.cursor() as cursor:
                    cursor.execute(f"SET LOCAL statement_timeout = {_STATEMENT_MS}")
                    found = list(group())
            except DatabaseError:
                failed += 1
                continue
            yield from found
        yield _gauge("scrape_errors", "Groups of gauges that could not be read.", [], [((), failed)])


def _transactions() -> Gauges:
    labels = ["domain", "kind", "state"]
    floor = UUID(int=int((time.time() - _HOUR_S) * 1000) << 80)
    yield _gauge("transactions_open", "Transactions that are not settled.", labels, _labelled(_UNSETTLED))
    about = "Settled transactions begun in the last hour."
    yield _gauge("transactions_settled_hour", about, labels, _labelled(_SETTLED, [floor]))


def _backlog() -> Gauges:
    for name, (age_s, count) in {"outbox": components.oldest_effect(), "work": components.oldest_work()}.items():
        yield _gauge(f"{name}_lag_seconds", f"How long the oldest due {name} has waited.", [], [((), age_s)])
        yield _gauge(f"{name}_due", f"How much {name} is due.", [], [((), count)])


def _holds() -> Gauges:
    yield _gauge("holds_open", "Holds that are not resolved.", ["asset", "kind"], _labelled(_HOLDS))


def _breakers() -> Gauges:
    yield _gauge("breaker", "Always 1; the labels say the state.", ["name", "state", "mode"], _labelled(_BREAKERS))


def _dead_letters() -> Gauges:
    yield _gauge("dead_letters_open", "Dead letters that wait for somebody.", ["category"], _labelled(_DEAD))


def _emails() -> Gauges:
    yield _gauge("emails", "E-mails that wait or were given up.", ["state"], _labelled(_EMAILS))


def _processes() -> Gauges:
    about = "When a long-running process was last heard of."
    yield _gauge("heartbeat_age_seconds", about, ["name"], _labelled(_HEARTBEATS))


def _chains() -> Gauges:
    yield _gauge(
        "chain_blocks_behind", "Blocks that the node has and we have not read.", ["chain"], _labelled(_CHAIN_LAG)
    )
    yield _gauge("chain_look_age_seconds", "When the node was last asked.", ["chain"], _labelled(_CHAIN_AGE))
    about = "Operations on a chain that are not at an end."
    yield _gauge("chain_operations_open", about, ["chain", "state"], _labelled(_CHAIN_OPEN))


def _checks() -> Gauges:
    last = results.all_of()
    up = [((row.name,), float(row.ok)) for row in last]
    yield _gauge("component_up", "1 if the last scheduled check found it well.", ["component"], up)
    breaks = [((), float(row.figure)) for row in last if row.name == "books" and row.figure is not None]
    yield _gauge("books_breaks", "What the last run of verify_books found.", [], breaks)


_GROUPS: tuple[Callable[[], Gauges], ...] = (
    _transactions,
    _backlog,
    _holds,
    _breakers,
    _dead_letters,
    _emails,
    _processes,
    _chains,
    _checks,
)


def _gauge(
    name: str, about: str, labels: Sequence[str], samples: Sequence[tuple[tuple[str, ...], float]]
) -> GaugeMetricFamily:
    gauge = GaugeMetricFamily(f"diboas_{name}", about, labels=labels)
    for values, figure in samples:
        gauge.add_metric(values, figure)
    return gauge


def _labelled(sql: str, params: Sequence[Any] = ()) -> list[tuple[tuple[str, ...], float]]:
    with connection.cursor() as cursor:
        cursor.execute(sql, params or None)
        return [(tuple(map(str, row[:-1])), float(row[-1])) for row in cursor.fetchall()]
