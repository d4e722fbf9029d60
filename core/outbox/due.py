"""What the relay asks the database every 50 ms: is something due that no worker was woken for?"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True, kw_only=True)
class Probe:
    """One cheap question (a condition in SQL) and the task to wake when its answer is yes."""

    name: str
    sql_exists: str
    task: str
    queue: str
    key: str
    params: Callable[[], Sequence[Any]] | None = None


_probes: dict[str, Probe] = {}


def register(
    name: str, sql_exists: str, *, task: str, queue: str, key: str, params: Callable[[], Sequence[Any]] | None = None
) -> None:
    """Add a probe, from an ``AppConfig.ready()``.

    ``sql_exists`` is a condition such as ``EXISTS (SELECT FROM t WHERE due_at <= (SELECT clock_timestamp()))`` that
    an index answers; ``params`` gives the values of its placeholders at each look. Without it a percent sign is plain
    text.
    """
    sql = sql_exists if params else sql_exists.replace("%", "%%")
    _probes[name] = Probe(name=name, sql_exists=sql, task=task, queue=queue, key=key, params=params)


def probes() -> list[Probe]:
    """Return every probe, by name."""
    return [_probes[name] for name in sorted(_probes)]


def question(*, of: Sequence[Probe]) -> tuple[str, list[Any]]:
    """Return one statement that answers all probes, a boolean column for each, in their order, and its values."""
    columns = ", ".join(f"({probe.sql_exists})" for probe in of)
    values = [value for probe in of if probe.params for value in probe.params()]
    return f"SELECT {columns}", values
