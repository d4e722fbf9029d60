"""The whole path: HTTP in, worker, provider over HTTP, signed webhook back, ledger posted, everybody told."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import psycopg

from bench import load
from bench.installation import Installation

PEOPLE = 200
WRITERS = 16
PATIENCE_S = 120.0
# Done is done: nothing unsettled, and no webhook that waits.
_OPEN = """
SELECT (SELECT count(*) FROM orchestration_transaction
         WHERE state NOT IN ('COMPLETED', 'FAILED', 'EXPIRED', 'COMPENSATED'))
     + (SELECT count(*) FROM webhooks_webhookevent WHERE due_at IS NOT NULL)
"""
_DONE = "SELECT count(*) FROM orchestration_transaction WHERE state = 'COMPLETED' AND kind = 'deposit'"
_HEARD = "SELECT count(*) FROM webhooks_webhookevent WHERE status = 'processed'"
_TIMES = """
SELECT extract(epoch FROM completed_at - created_at)::float8 * 1000 FROM orchestration_transaction
WHERE state = 'COMPLETED' AND created_at > %s ORDER BY 1
"""


class NotDone(RuntimeError):
    """The platform did not finish what it was given, or refused some of it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Round:
    """One round of load: lifecycles per second until the last was settled, and milliseconds of CPU per lifecycle."""

    rate: float
    webhooks: int
    cpu_ms: dict[str, float]


def create_people(place: Installation) -> list[dict[str, Any]]:
    """Create the customers that the load is spread over."""
    done = subprocess.run(
        [sys.executable, "-m", "bench.people", str(PEOPLE)], env=place.env, capture_output=True, text=True, check=False
    )
    if done.returncode:
        raise NotDone(done.stderr[-2000:])
    people: list[dict[str, Any]] = json.loads(done.stdout.splitlines()[-1])
    return people


def throughput(*, place: Installation, people: Sequence[dict[str, Any]], seconds: float) -> Round:
    """Post deposits for ``seconds`` and wait for the last; the rate counts the waiting too."""
    with psycopg.connect(place.url, autocommit=True) as connection:
        before, heard, spent = _one(connection, _DONE), _one(connection, _HEARD), place.cpu_s()
        own, started = time.process_time(), time.monotonic()
        tally = load.closed(base_url=place.base_url, people=people, seconds=seconds, writers=WRITERS)
        if tally.refused:
            raise NotDone(f"refused: {tally.refused}")
        _await_end(connection)
        elapsed = time.monotonic() - started
        done = _one(connection, _DONE) - before
        if done != tally.accepted:
            raise NotDone(f"{tally.accepted} were accepted, {done} completed")
        used = {name: used - spent.get(name, 0.0) for name, used in place.cpu_s().items()}
        used["client"] = time.process_time() - own
        return Round(
            rate=done / elapsed,
            webhooks=_one(connection, _HEARD) - heard,
            cpu_ms={name: value * 1000 / done for name, value in used.items()},
        )


def latency(*, place: Installation, people: Sequence[dict[str, Any]], seconds: float, per_second: float) -> list[float]:
    """Return the milliseconds from created to settled of each transaction at a steady rate, sorted."""
    with psycopg.connect(place.url, autocommit=True) as connection:
        (since,) = connection.execute("SELECT clock_timestamp()").fetchone() or (None,)
        tally = load.opened(base_url=place.base_url, people=people, seconds=seconds, per_second=per_second)
        _await_end(connection)
        times = [row[0] for row in connection.execute(_TIMES, [since]).fetchall()]
    if tally.refused or len(times) != tally.accepted:
        raise NotDone(f"{tally.accepted} accepted, {len(times)} completed, refused: {tally.refused}")
    return times


def _await_end(connection: psycopg.Connection[Any]) -> None:
    deadline = time.monotonic() + PATIENCE_S
    while _one(connection, _OPEN):
        if time.monotonic() > deadline:
            raise NotDone(f"not settled after {PATIENCE_S:.0f} s: {_one(connection, _OPEN)}")
        time.sleep(0.02)


def _one(connection: psycopg.Connection[Any], query: str) -> int:
    row = connection.execute(query).fetchone()
    return int(row[0]) if row else 0
